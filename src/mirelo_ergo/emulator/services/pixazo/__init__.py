"""The Pixazo gateway: a queue in front of Mirelo's models, on a port of its own, with the emulator's accounts."""
