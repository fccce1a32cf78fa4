"""From one dossier to the next of the same list: where an officer is in it, carried in addresses and forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from lienthong.casework.dossiers import Dossier
from lienthong.casework.tasks import Task
from lienthong.desk import queries
from lienthong.desk.filters import Filter, Item, Place
from lienthong.desk.queries import Looking
from lienthong.kit.storage import Tx

COOKIE: Final = "after_act"  # "list": an act leads back to the list; else on to the next of it


@dataclass(frozen=True)
class Trail:
    """The list somebody came from, and their place in it; without a list they came from elsewhere."""

    chosen: Filter | None = None
    past: Place | None = None
    done: str = ""

    @property
    def list_url(self) -> str:
        address = self.chosen.address if self.chosen and self.chosen != Filter() else ""
        return f"{reverse('queue')}?{address}" if address else reverse("queue")

    @property
    def next_url(self) -> str:
        return f"{reverse('onward')}?{urlencode(self.parts)}" if self.chosen else ""

    @property
    def parts(self) -> dict[str, str]:
        """As forms and addresses carry it."""
        if self.chosen is None:
            return {}
        told = {"list": self.chosen.address, "past": self.past.address if self.past else "", "done": self.done}
        return {name: value for name, value in told.items() if value}


def read(sent: Mapping[str, str]) -> Trail:
    """From an address or a form."""
    if not sent.get("list"):
        return Trail()
    return Trail(Filter.of_address(sent["list"]), Place.read(sent.get("past", "")), sent.get("done", "")[:60])


def at(sent: Mapping[str, str], dossier: Dossier) -> Trail:
    """The trail of a dossier's page: its own place, unless the form it came from told where it was."""
    trail = read(sent)
    return Trail(trail.chosen, trail.past or Place.of(dossier), trail.done) if trail.chosen else trail


def after_act(trail: Trail, code: str, wish: str) -> str:
    """Where an act on a dossier leads: on to the next, or to the list, which says what was done."""
    done = Trail(trail.chosen, trail.past, code)
    if trail.chosen and wish != "list":
        return done.next_url
    glue = "&" if "?" in trail.list_url else "?"
    return f"{trail.list_url}{glue}{urlencode({'done': code})}"


def after_task(trail: Trail, task: Task, wish: str) -> str:
    """Where the answer of a piece of inside work leads, for who came from a list."""
    return trail.list_url if wish == "list" else Trail(trail.chosen, Place.of(task)).next_url


def next_of(tx: Tx, looking: Looking, trail: Trail) -> str:
    """The address of the next of a list; of its first when the end is reached, of the list when nothing is left."""
    chosen = trail.chosen or Filter()
    following = queries.work(tx, looking, chosen, trail.past, most=1) or queries.work(tx, looking, chosen, most=1)
    if not following or _is_done(following[0], trail.done):
        return after_act(Trail(chosen), trail.done, "list") if trail.done else trail.list_url
    return url_of(following[0], Trail(chosen, done=trail.done))


def _is_done(item: Item, code: str) -> bool:
    return isinstance(item, Dossier) and item.identity.code == code


def url_of(item: Item, trail: Trail) -> str:
    """A piece of work, as a step of a list."""
    url = reverse("task", args=[item.id]) if isinstance(item, Task) else reverse("dossier", args=[item.identity.code])
    return f"{url}?{urlencode(trail.parts)}" if trail.parts else url
