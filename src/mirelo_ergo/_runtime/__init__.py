"""What every service needs and none owns: I/O, retry, waiting, transfer, limits, redaction. Knows no service."""
