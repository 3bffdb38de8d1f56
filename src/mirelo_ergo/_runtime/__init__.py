"""Code that all services share: I/O, retries, waiting, transfers, limits, redaction. It knows no service."""
