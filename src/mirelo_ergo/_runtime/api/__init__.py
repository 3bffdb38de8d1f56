"""One API operation from its description to its answer: limits, requests, attempts, retries, error mapping."""
