"""How long to rest after a failure: growing while failures go on, never twice the same, gone with the first success."""

import random
from collections.abc import Callable

FIRST, GROWTH, LONGEST = 0.2, 1.5, 30.0


class Pacing:
    """Rests of one lane, in seconds. Each is drawn between half and the whole of what is due, so that many who lost one
    partner do not all come back at the same moment. A rest is at most about half of what the outage lasted already."""

    def __init__(self, draw: Callable[[], float] = random.random) -> None:
        self._draw = draw
        self.failures = 0

    def failed(self) -> float:
        """One more failure in a row; the rest after it."""
        whole = min(LONGEST, FIRST * GROWTH ** min(self.failures, 40))
        self.failures += 1
        return whole * (0.5 + self._draw() / 2)

    def succeeded(self) -> None:
        self.failures = 0
