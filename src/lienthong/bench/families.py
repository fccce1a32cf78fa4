"""Families with a child to declare, signed in and with the form before them: what a measure finds ready."""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import psycopg
from django.conf import settings

from lienthong.bench.browser import Answer, Browser, Form, forms
from lienthong.bench.driver import Country
from lienthong.config.state import HOME
from lienthong.exchange import evidence
from lienthong.identity import Account, sessions
from lienthong.identity.sessions import SessionStore
from lienthong.identity.signed_in import remember
from lienthong.kit import clock
from lienthong.kit.canonical import canonical
from lienthong.kit.signatures import SigningKey
from lienthong.registers import same_birth
from lienthong.territory.units import Territory

SERVICE = "interlinked/birth-residence-card"
START = f"/services/{SERVICE}/start"
FIRST_OF_OURS = 950_001  # above every number that the population or the hospital's page gives a notice
GIVEN = ("An Nhiên", "Bảo Ngọc", "Minh Khôi", "Gia Hân", "Đức Huy", "Khánh Linh", "Tuấn Kiệt", "Phương Thảo")

# Mothers whose household lets residence follow by itself: she or her husband is the householder.
_MOTHERS = """
SELECT p.number, p.full_name AS name, p.birth_date, h.unit, s.full_name AS father
FROM persons p
JOIN persons s ON s.number = p.spouse AND s.died_on IS NULL
JOIN residences r ON r.person = p.number
JOIN households h ON h.code = r.household AND h.householder IN (p.number, p.spouse)
WHERE p.gender = 'female' AND p.died_on IS NULL AND p.birth_date BETWEEN %s AND %s
ORDER BY p.number
"""
_NOTICE = """
COPY birth_notices (number, facility, mother, mother_name, mother_birth_date, father_name, born_at, gender, weight,
    birth_order, birth_count, attendant, issued_on, seal, valid_from, recorded_at, recorded_by) FROM STDIN
"""
_OFFICERS = "SELECT number, name, role, unit FROM officer WHERE role IN ('civil_status_officer', 'chair')"


@dataclass(frozen=True)
class Family:
    """A mother who can declare, where she lives, and her child's notice."""

    mother: Account
    unit: str
    notice: str
    father: str = ""


@dataclass(frozen=True)
class Filled:
    """A form that stands filled in before its parent: the request that submits it."""

    family: Family
    child: str
    path: str
    request: bytes
    browser: Browser


def with_notices(country: Country, count: int) -> list[Family]:
    """So many families whose child nobody has declared, each with a notice issued now.

    Raises RuntimeError when the population has too few.
    """
    today = clock.today()
    with country.looking("G01") as tx:
        mothers = tx.all(_MOTHERS, (today - timedelta(days=365 * 41), today - timedelta(days=365 * 19)))
    with country.looking("G18") as tx:
        noticed = {row.mother for row in tx.all("SELECT mother FROM birth_notices")}
    with country.looking("G01-eid") as tx:
        able = {row.number for row in tx.all("SELECT number FROM accounts WHERE level = 2 AND status = 'active'")}
    with country.looking("G15") as tx:
        recent = today - timedelta(days=same_birth.SHORTEST)
        able -= {row.mother for row in tx.all("SELECT mother FROM births WHERE birth_date > %s", (recent,))}
    able -= noticed
    free = [row for row in mothers if row.number in able][:count]
    if len(free) < count:
        raise RuntimeError(f"{len(free):,} mothers in this population, {count:,} wanted: start it with more people")
    territory = Territory.load(HOME / "catalogue" / "territory")
    seal = SigningKey.load(country.state.keys / "G18" / "seal.pem")
    given: defaultdict[str, int] = defaultdict(int)
    families = []
    with psycopg.connect(country.conninfo("G18", "owner")) as link, link.cursor().copy(_NOTICE) as rows:
        for row in free:
            facility = territory.nearest_facility(row.unit).code
            given[facility] += 1
            number = f"{facility}/{today.year}/{FIRST_OF_OURS + given[facility] + len(noticed):06d}"
            told = _notice(number, facility, row, today)
            rows.write_row((*told.values(), seal.sign(canonical(told)), today, clock.now(), "bench"))
            account = Account(row.number, row.name, row.birth_date, "female", 2)
            families.append(Family(account, row.unit, number, row.father))
    return families


def _notice(number: str, facility: str, mother: Any, today: date) -> dict[str, object]:
    born = datetime.combine(today - timedelta(days=3), datetime.min.time(), clock.ZONE) + timedelta(hours=9)
    return {
        "number": number,
        "facility": facility,
        "mother": mother.number,
        "mother_name": mother.name,
        "mother_birth_date": mother.birth_date,
        "father_name": mother.father,
        "born_at": born,
        "gender": secrets.choice(("male", "female")),
        "weight": 3200,
        "birth_order": 1,
        "birth_count": 1,
        "attendant": "Trần Thị Kim Liên",
        "issued_on": today - timedelta(days=2),
    }


# ---------------------------------------------------------------------- signed in


def signed_in(country: Country, node: str, accounts: Sequence[Account]) -> list[Browser]:
    """A browser for each, signed in at this node as its sign-in leaves it; the real one is in `signing_in`."""
    identity: Any = SimpleNamespace(name="G01-eid", seal=SigningKey.load(country.state.keys / "G01-eid" / "seal.pem"))
    if not settings.configured:
        settings.configure()
    before = sessions._in_use.get("sessions")  # noqa: SLF001 — a test run may have others
    place = country.places[node]
    browsers = []
    sessions.use(country.database(node, "run"))
    try:
        for account in accounts:
            session = SessionStore()
            proof = evidence.of_session(identity, account.number, node)
            remember(session, replace(account, proofs=(proof,)))
            session.save()
            browser = Browser()
            browser.cookies[f"{place.slug}.localhost"] = {f"{place.slug}_session": str(session.session_key)}
            browsers.append(browser)
    finally:
        if before is not None:
            sessions.use(before)
    return browsers


@dataclass
class Desk:
    """The officers of H36 by role and commune, each in a browser of their own with its form token."""

    site: str
    browsers: dict[tuple[str, str], Browser]
    tokens: dict[tuple[str, str], str]

    def act(self, verb: str, code: str, unit: str, version: int) -> bytes:
        """The request by which the commune's officer checks, or its chair decides."""
        who = ("civil_status_officer" if verb == "check" else "chair", unit)
        body = urlencode({"csrfmiddlewaretoken": self.tokens[who], "version": str(version)}).encode()
        return self.browsers[who].request("POST", f"{self.site}/dossiers/{code}/{verb}", body)


def open_desk(country: Country, units: Iterable[str]) -> Desk:
    """Sign in every officer of these communes at H36 and open their queue once."""
    with country.looking("H36") as tx:
        posts = {(row.role, row.unit): row for row in tx.all(_OFFICERS) if row.unit in set(units)}
    accounts = [Account(row.number, row.name, date(1980, 1, 1), "female", 2) for row in posts.values()]
    browsers = dict(zip(posts, signed_in(country, "H36", accounts), strict=True))
    site = country.url("H36", "")
    tokens = {}
    for who, browser in browsers.items():
        with browser:
            page = browser.get(f"{site}/queue")
        if page.status != 200:
            raise RuntimeError(f"the queue of {who} answered {page.status}")
        tokens[who] = next(form for form in forms(page.text) if "csrfmiddlewaretoken" in form.fields).fields[
            "csrfmiddlewaretoken"
        ]
    return Desk(site, browsers, tokens)


# ---------------------------------------------------------------------- the form


def fill_in(country: Country, families: Sequence[Family], clients: int = 4) -> list[Filled]:
    """Open every family's form over HTTP and give what only parents know; nothing is submitted yet."""
    browsers = signed_in(country, "portal", [family.mother for family in families])
    work = [
        (country, family, browser, place)
        for place, (family, browser) in enumerate(zip(families, browsers, strict=True))
    ]
    with ThreadPoolExecutor(clients) as crew:
        return list(crew.map(lambda given: _fill_in(*given), work))


def _fill_in(country: Country, family: Family, browser: Browser, place: int) -> Filled:
    page = whole_form(browser, browser.get(country.url("portal", START)))
    child = f"Nguyễn {GIVEN[place % len(GIVEN)]}"
    form = declaration_form(page.text)
    posted = {**form.fields, **choices(form, child)}
    request = browser.request("POST", page.url, urlencode(posted).encode())
    browser.close()
    return Filled(family, child, page.url, request, browser)


def whole_form(browser: Browser, page: Answer) -> Answer:
    """Everything on one page, from any page of the form: the draft's own address."""
    draft, _, _page = page.url.rpartition("/")
    return browser.get(draft)


def declaration_form(page: str) -> Form:
    """The form of the declaration on its page. Raises LookupError when the page has none."""
    for form in forms(page):
        if "binding" in form.fields:
            return form
    raise LookupError("this page shows no declaration form")


def choices(form: Form, child: str) -> dict[str, str]:
    """What only the parent knows (§5.3 of the interlinked form), as a person would choose on the page."""
    given = {
        "child_name": child, "surname_after": "father", "ethnicity": "mother", "hometown": "father",
        "lives_with": "mother", "pledge": "yes",
    }  # fmt: skip
    given["facility"] = next(value for value in form.offered["facility"] if value)
    return {name: value for name, value in given.items() if name in form.fields or name in form.offered}
