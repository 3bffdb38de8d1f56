"""HTTP as the emulator speaks it: bodies, refusals, recorded traffic, webhooks and outgoing requests."""
