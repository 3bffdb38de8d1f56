"""Jobs of any service: their handles, tokens, results and flows."""
