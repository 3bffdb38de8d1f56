"""The Mirelo API, v2 and v3: requests, results, and the two clients."""
