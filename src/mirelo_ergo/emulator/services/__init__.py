"""The services that the emulator stands in for, one module or folder each."""
