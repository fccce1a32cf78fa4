"""Finding a service by the words people use, with accents or without."""

from collections.abc import Iterable

from lienthong.catalogue.shapes import Service
from lienthong.kit.text import fold


def find(services: Iterable[Service], text: str) -> list[Service]:
    """Services that match, best first. Every word counts; a word may be the beginning of one."""
    words = fold(text).split()
    ranked = [(_rank(service, words), service.slug, service) for service in services] if words else []
    return [service for rank, _, service in sorted(ranked, key=lambda r: (-r[0], r[1])) if rank > 0]


def _rank(service: Service, words: list[str]) -> int:
    """How many of the words a service answers to; its own search words count double, and life events come first."""
    card = service.card
    own = fold(" ".join(card.words)).split()
    told = fold(f"{card.name.vi} {card.name.en} {card.summary.vi} {card.code}").split()
    score = sum(
        2 if any(o.startswith(word) for o in own) else 1 if any(t.startswith(word) for t in told) else -1
        for word in words
    )
    return score + (1 if score > 0 and card.life_event else 0)
