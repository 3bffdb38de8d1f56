"""The Pixazo gateway for Mirelo models: requests, jobs, results, webhooks, the two clients."""
