"""The Mirelo API v2: sources, requests, jobs, results, and the two clients."""
