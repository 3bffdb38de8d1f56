"""Checks of requests against the vendored OpenAPI specs and their overlays."""
