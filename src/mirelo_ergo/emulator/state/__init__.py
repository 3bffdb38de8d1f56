"""What the emulator remembers: clock, accounts, jobs, files on disk, rates and signatures."""
