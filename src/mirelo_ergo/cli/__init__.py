"""The command line: `mirelo-ergo` and `python -m mirelo_ergo` (extra `cli`). It uses the public API only."""
