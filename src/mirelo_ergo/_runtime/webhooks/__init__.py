"""Callbacks of any service: ordering them, reading them, keeping them until somebody waits. Knows no service."""
