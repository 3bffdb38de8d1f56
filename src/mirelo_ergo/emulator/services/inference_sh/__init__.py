"""inference.sh: tasks of two apps, one of them mmaudio, on a port of its own, with the emulator's accounts."""
