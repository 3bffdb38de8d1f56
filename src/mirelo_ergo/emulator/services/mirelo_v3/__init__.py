"""Mirelo's API, v3, on the port of v2 and with its accounts and assets."""
