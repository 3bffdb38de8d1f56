"""API operations: checking limits, building requests, attempts, retries, reading answers, mapping errors."""
