"""The emulator's HTTP: the server, bodies, recorded requests, webhooks and outgoing requests."""
