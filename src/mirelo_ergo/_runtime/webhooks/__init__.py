"""Webhooks of any service: ordering, verifying and reading them, keeping them until a wait asks. Knows no service."""
