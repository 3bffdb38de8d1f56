"""The boundary between the pure core and the world: the `IO` protocol, deadlines, and what of a request was sent."""
