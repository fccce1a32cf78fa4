"""Real time, for what is agreed with systems outside: they know nothing of a demo country's clock."""

import time


def now() -> float:
    """Seconds since 1970: signatures hold for minutes of it, tokens for half an hour."""
    return time.time()


def stamp() -> str:
    """Now in milliseconds, as the national look-up writes it."""
    return str(int(now() * 1000))
