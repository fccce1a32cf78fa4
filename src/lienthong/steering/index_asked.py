"""What somebody asks of the steering pages: a period, a place, a field, a procedure; and what an officer may see."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit.clock import ZONE
from lienthong.steering.index_sums import Period

OFFICE: Final = "steering_office"
SEE_ALL: Final = (OFFICE, "operator")  # their business is the whole node: every dossier by its code
SEE: Final = (*SEE_ALL, "process_admin", "chair")
SPANS: Final = ("month", "quarter", "year")
EARLIEST: Final = date(2010, 6, 8)  # Decree 63/2010/NĐ-CP: before it nobody counted any of this


@dataclass(frozen=True)
class Asked:
    """A question in an address: `span` names the period where it is a running one."""

    since: date
    until: date
    known: date
    span: str = ""
    unit: str = ""
    sector: str = ""
    service: str = ""
    now: datetime | None = None

    @property
    def period(self) -> Period:
        return Period(self.since, self.until, self.known)

    @property
    def services(self) -> str:
        return self.service or self.sector

    def query(self, **changed: str) -> str:
        """The same question as a query, with something else asked for."""
        told = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        if self.span:
            told = {"span": self.span}
        if self.known != self.until:
            told["known"] = self.known.isoformat()
        told |= {"unit": self.unit, "sector": self.sector, "service": self.service, **changed}
        return urlencode({name: value for name, value in told.items() if value})

    def takes(self, unit: str, service: str) -> bool:
        """Whether a unit and a service are among what is asked for."""
        return (
            self.unit in ("", unit)
            and self.sector in ("", sector_of(service))
            and self.service in ("", service)
        )  # fmt: skip


def sector_of(service: str) -> str:
    """The field of law that a service belongs to."""
    return service.partition("/")[0]


def asked(told: Mapping[str, str], now: datetime, node: Node) -> Asked:
    """From an address; what does not read is this year so far. A day that has not come is today."""
    today = now.astimezone(ZONE).date()
    span = told.get("span", "")
    since, until = _day(told.get("since")), _day(told.get("until"))
    if since is None or until is None or not EARLIEST <= since <= until:
        span = span if span in SPANS else "year"
        since, until = began(span, today), today
    until = min(until, today)
    known = min(max(_day(told.get("known")) or until, until), today)
    unit, sector, service = (told.get(name, "") for name in ("unit", "sector", "service"))
    return Asked(
        min(since, until),
        until,
        known,
        span,
        unit if unit in {one.code for one in node.territory.units()} else "",
        sector if sector in {sector_of(slug) for slug in node.catalogue.services} else "",
        service if service in node.catalogue.services else "",
        now if until == today else None,
    )


def began(span: str, today: date) -> date:
    """The first day of the month, quarter or year that a day lies in."""
    first = today.replace(day=1)
    if span == "month":
        return first
    return first.replace(month=first.month - (first.month - 1) % 3 if span == "quarter" else 1)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def months(since: date, until: date) -> list[tuple[date, date]]:
    """The months of a period, the first and the last as far as they belong to it."""
    found, first = [], since
    while first <= until:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        found.append((first, min(until, following - timedelta(days=1))))
        first = following
    return found


def may_list(officer: Officer, unit: str) -> bool:
    """Whether an officer may see which dossiers of a unit a figure counts: by code, without anybody's name."""
    return bool(officer.roles.intersection(SEE_ALL)) or unit in officer.units_as("chair")


def may_open(node: Node, officer: Officer, unit: str, service: str) -> bool:
    """Whether a dossier of a unit is this officer's to open at the desk."""
    known = node.catalogue.services.get(service)
    roles = {step.role for step in known.process.steps if step.role} if known else set[str]()
    return any(post.role in roles and unit in ("", post.unit) for post in officer.posts)
