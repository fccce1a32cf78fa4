"""What of the queue is shown, as an address says it, and where in the list somebody is."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlencode

from lienthong.casework.dossiers import Dossier
from lienthong.casework.tasks import Task
from lienthong.kit.clock import ZONE

Item = Dossier | Task  # what a line of the queue is about

# Whom it waits for: an officer's own turn by who holds it, then what others are waited for, then the rest.
OWN: Final = ("mine", "taken", "free", "held")
OUTSIDE: Final = ("applicant", "consent", "payment", "opinion", "correction", "transit", "pending", "collect")
SHOWN: Final = (*OWN, *OUTSIDE, "done", "all")
DUE: Final = ("late", "today", "week")
DOSSIERS: Final = "dossier"  # as a kind of work beside the kinds of tasks
_NEVER: Final = datetime(9999, 12, 31, tzinfo=ZONE)


@dataclass(frozen=True, order=True)
class Place:
    """A line's place in the list: due first, what has no limit last."""

    due: datetime
    key: str

    @classmethod
    def of(cls, item: Item) -> "Place":
        """Where a piece of work stands."""
        if isinstance(item, Dossier):
            return cls(item.state.due or _NEVER, item.identity.code)
        return cls(item.due or _NEVER, item.id)

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """From an address; None when it makes no sense there."""
        moment, _tilde, key = text.partition("~")
        try:
            due = datetime.fromisoformat(moment)
        except ValueError:
            return None
        return cls(due, key) if due.tzinfo and key else None

    @property
    def address(self) -> str:
        return f"{self.due.isoformat()}~{self.key}"

    @property
    def limited(self) -> bool:
        return self.due < _NEVER


@dataclass(frozen=True)
class Filter:
    """Of whose turn (SHOWN), what kind of work, service, step, unit, and how soon it is due (DUE)."""

    show: str = "mine"
    kind: str = ""
    service: str = ""
    step: str = ""
    unit: str = ""
    due: str = ""

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> "Filter":
        """From an address; what makes no sense there is left out."""
        given = {field.name: asked.get(field.name, "")[:60] for field in fields(cls)}
        given["show"] = given["show"] if given["show"] in SHOWN else "mine"
        given["due"] = given["due"] if given["due"] in DUE else ""
        return cls(**given)

    @classmethod
    def of_address(cls, text: str) -> "Filter":
        return cls.read(dict(parse_qsl(text)))

    @property
    def narrowing(self) -> dict[str, str]:
        """What is chosen beside whose turn it is."""
        chosen = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "show"}
        return {name: value for name, value in chosen.items() if value}

    @property
    def address(self) -> str:
        """The query of the address under which just this is shown."""
        return urlencode({"show": self.show, **self.narrowing})

    @property
    def wants_dossiers(self) -> bool:
        return self.kind in ("", DOSSIERS)

    @property
    def wants_tasks(self) -> bool:
        """Inside work waits for whoever holds its role: it is nobody's to take, and no service's."""
        return self.show in ("mine", "all") and self.kind != DOSSIERS and not (self.service or self.step)
