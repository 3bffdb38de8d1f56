"""What every service's sync and async clients share: options, environment, set-up and the client classes."""
