"""Sound and pictures: reading clips, making placeholder sound, rendering and encoding results."""
