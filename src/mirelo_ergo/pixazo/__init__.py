"""The Pixazo gateway for Mirelo models: requests, results, webhooks, and the two clients."""
