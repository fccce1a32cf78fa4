"""Settings, wiring, supervision and the command line: the only room that knows every other, and which none knows."""
