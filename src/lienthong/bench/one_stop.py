"""The one-stop of a measure: a past laid down, officers in posts, signed in with their form tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import psycopg

from lienthong.bench.browser import Browser, forms
from lienthong.bench.driver import Country
from lienthong.bench.families import signed_in
from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import load as load_catalogue
from lienthong.config.state import HOME
from lienthong.demo import history_load, history_people
from lienthong.demo.history import Archive
from lienthong.demo.history_forms import People
from lienthong.demo.history_load import Loaded
from lienthong.demo.history_pace import Figures
from lienthong.identity import Account
from lienthong.kit import clock
from lienthong.territory.units import Territory

NODE: Final = "H36"
YEARS: Final = timedelta(days=730)
ABOVE_THE_DEMOS: Final = 5_001  # numbers of a day that the demo's own past does not use
_POST: Final = (
    "INSERT INTO officer (number, name, role, unit, starts) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True)
class Seat:
    """An officer at their desk: a browser signed in, and the token of its forms."""

    number: str
    browser: Browser
    token: str


def archive_of(country: Country) -> Archive:
    """The country's own catalogue, places and posts; its people are made up."""
    catalogue = load_catalogue(HOME / "catalogue", NODE, source_hashes())
    territory = Territory.load(HOME / "catalogue" / "territory")
    posts = history_people.posts(country.conninfo(NODE, "owner"))
    return Archive(catalogue, territory, posts, People(territory, catalogue.terms))


def lay_down(country: Country, rows: int) -> Loaded:
    """So many dossiers of two years, beside those of the demo; the node's own sealer seals them."""
    now = clock.now()
    figures = Figures(rows, (now - YEARS).date(), now, first=ABOVE_THE_DEMOS)
    return history_load.load(country.conninfo(NODE, "owner"), archive_of(country), figures, processes=2)


def appoint(country: Country, number: str, name: str, posts: Sequence[tuple[str, str]]) -> None:
    """Give somebody posts, each (role, unit)."""
    with psycopg.connect(country.conninfo(NODE, "owner")) as link, link.cursor() as cursor:
        cursor.executemany(_POST, [(number, name, role, unit, date(2025, 7, 1)) for role, unit in posts])


def seated(country: Country, people: Sequence[tuple[str, str]]) -> list[Seat]:
    """Sign in officers, each (number, name), and open their queue once for the token of its forms."""
    accounts = [Account(number, name, date(1980, 1, 1), "female", 2) for number, name in people]
    seats = []
    for account, browser in zip(accounts, signed_in(country, NODE, accounts), strict=True):
        page = browser.get(country.url(NODE, "/queue"))
        if page.status != 200:
            raise RuntimeError(f"the queue answered {page.status}")
        form = next(form for form in forms(page.text) if "csrfmiddlewaretoken" in form.fields)
        browser.close()
        seats.append(Seat(account.number, browser, form.fields["csrfmiddlewaretoken"]))
    return seats
