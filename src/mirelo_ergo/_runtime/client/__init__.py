"""The base classes of every service's sync and async clients, their options and their set-up."""
