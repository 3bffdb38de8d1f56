"""Webhooks of any service: ordering, verifying, reading and storing them. It knows no service."""
