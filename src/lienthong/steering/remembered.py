"""What is asked of all nodes at once and shown to many: asked anew after a while, by one visitor at a time."""

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class _Place(Generic[T]):
    def __init__(self) -> None:
        self.lock, self.at = Lock(), 0.0
        self.told: T | None = None


class Remembered(Generic[T]):
    """Answers by what they are about, each believed for some seconds. While one visitor asks anew, others see what was
    told before; only before the first answer does anybody wait."""

    def __init__(self, believed: float, most: int = 20) -> None:
        self._believed, self._most = believed, most
        self._places: dict[Hashable, _Place[T]] = {}

    def get(self, about: Hashable, ask: Callable[[], T]) -> T:
        """The answer about something, from `ask` where there is none or it has grown old."""
        if about not in self._places and len(self._places) >= self._most:
            self.forget()
        place = self._places.setdefault(about, _Place())
        if place.told is not None and self._is_fresh(place):
            return place.told
        if not place.lock.acquire(blocking=place.told is None) and place.told is not None:
            return place.told
        try:
            if place.told is None or not self._is_fresh(place):
                place.told, place.at = ask(), time.monotonic()
            return place.told
        finally:
            place.lock.release()

    def forget(self) -> None:
        self._places.clear()

    def _is_fresh(self, place: _Place[T]) -> bool:
        return time.monotonic() - place.at <= self._believed
