"""Finding a service by the words people use, with accents or without: who types them means them."""

import re
import unicodedata
from collections.abc import Callable, Iterable

from lienthong.catalogue.shapes import Service
from lienthong.kit.text import fold


def find(services: Iterable[Service], text: str) -> list[Service]:
    """Services that match, best first. Every word counts; a word may be the beginning of one."""
    plain = _words(text) == fold(text).split()
    cut = (lambda said: fold(said).split()) if plain else _words
    words = cut(text)
    ranked = [(_rank(service, words, cut), service.slug, service) for service in services] if words else []
    return [service for rank, _, service in sorted(ranked, key=lambda r: (-r[0], r[1])) if rank > 0]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text).lower())


def _rank(service: Service, words: list[str], cut: Callable[[str], list[str]]) -> int:
    """How many of the words a service answers to; its own search words count double, and life events come first."""
    card = service.card
    own = cut(" ".join(card.words))
    told = cut(f"{card.name.vi} {card.name.en} {card.summary.vi} {card.code}")
    score = sum(
        2 if any(o.startswith(word) for o in own) else 1 if any(t.startswith(word) for t in told) else -1
        for word in words
    )
    return score + (1 if score > 0 and card.life_event else 0)
