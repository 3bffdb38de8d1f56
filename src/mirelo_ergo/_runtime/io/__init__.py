"""The boundary between the core and the outside world: the `IO` protocol, deadlines, how much of a request was sent."""
