"""The state of the emulator: accounts, jobs, files, idempotency keys, prices and signatures."""
