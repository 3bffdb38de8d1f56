"""Sound and video: reading clips, making placeholder sounds, rendering and encoding results."""
