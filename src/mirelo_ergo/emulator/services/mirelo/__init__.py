"""Mirelo's API, v2: the emulator's first service, on its main port."""
