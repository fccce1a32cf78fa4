"""Measures of what people wait for: the form's page, and the way from the register to the last effect."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from lienthong.bench import births, families
from lienthong.bench.browser import Browser, Line
from lienthong.bench.driver import Country
from lienthong.bench.families import START, Family, Filled

CONNECTIONS = 16
ROUNDS_WARM = 12  # times each connection opens its form again
PER_SECOND = 20
_ENTERED = """
SELECT dossier, min(recorded_at) AS at FROM (
    SELECT dossier, recorded_at FROM births UNION ALL SELECT dossier, recorded_at FROM births_past) r
WHERE dossier = ANY (%s) GROUP BY dossier
"""
_ENDED = "SELECT code, since AS at FROM dossier WHERE code = ANY (%s)"


def form_pages(country: Country, found: Sequence[Family]) -> tuple[list[float], list[float]]:
    """Seconds of the form's page at 16 connections: cold, when three registers' owners are asked for it, and warm, when
    their answers lie with the draft."""
    browsers = families.signed_in(country, "portal", [family.mother for family in found])
    cold: list[float] = []
    paths: list[tuple[Browser, str]] = []

    def first(browser: Browser) -> None:
        began = time.monotonic()
        page = browser.get(country.url("portal", START))
        cold.append(time.monotonic() - began)
        assert page.status == 200, f"the form answered {page.status}"
        paths.append((browser, page.url))

    with ThreadPoolExecutor(CONNECTIONS) as crew:
        list(crew.map(first, browsers))
    port = country.places["portal"].port
    with ThreadPoolExecutor(CONNECTIONS) as crew:
        taken = list(crew.map(lambda own: _again(port, *own), paths[:CONNECTIONS]))
    for browser in browsers:
        with suppress(OSError):
            browser.close()
    return cold, [one for own in taken for one in own]


def _again(port: int, browser: Browser, url: str) -> list[float]:
    request, line, taken = browser.request("GET", url), Line(port), []
    for _ in range(ROUNDS_WARM):
        began = time.monotonic()
        births.expected(line.send(request), 200)
        taken.append(time.monotonic() - began)
    line.close()
    return taken


def seconds_to_last_effect(
    country: Country, filled: Sequence[Filled], run: Callable[[Sequence[Filled]], Sequence[Any]]
) -> list[float]:
    """Seconds from the entry of each birth in the register to the end of its parent dossier."""
    done = run(filled)
    with country.looking("G15") as tx:
        entered = {row.dossier: row.at for row in tx.all(_ENTERED, ([birth.branch for birth in done],))}
    with country.looking("portal") as tx:
        ended = {row.code: row.at for row in tx.all(_ENDED, ([birth.code for birth in done],))}
    return [(ended[birth.code] - entered[birth.branch]).total_seconds() for birth in done]
