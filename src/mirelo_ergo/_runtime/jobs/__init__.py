"""Jobs of any service: their handles, tokens, results and flows, and what the clients of all services share."""
