"""The board of databases: of every register whether it is connected, shared, synchronised, in step, each with a figure.

    connected     its owner answers now: the time it took
    shared        rights the owner gave: to how many, for how many purposes, opened how often in the last 24 hours
    synchronised  who follows its changes: how far behind in records and seconds, against what was promised
    in step       the last comparison with a register that holds the same facts: rows compared, differences open

The figures are asked of the nodes themselves; a silent node is shown as silent, not as it was.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lienthong.exchange.asking import Question
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.registers import state
from lienthong.registers.state import Compared, Followed, Kept, State
from lienthong.steering.remembered import Remembered

WITHIN = 2.0
BELIEVED = 5.0  # seconds for which an answer is shown again
PURPOSE = "operation"
GOOD, NEUTRAL, WARNING, BAD = "done", "pending", "supplement", "refused"


@dataclass(frozen=True)
class Heard:
    """What one node said, and how long it took; None where it was silent."""

    state: State | None
    milliseconds: float


@dataclass(frozen=True)
class Told:
    """What the nodes said, by name."""

    nodes: dict[str, Heard]
    moment: datetime

    @property
    def silent(self) -> list[str]:
        return [name for name, heard in self.nodes.items() if heard.state is None]


@dataclass(frozen=True)
class Cell:
    """A word of the board with what was measured for it."""

    state: str
    label: str
    figure: str = ""
    note: str = ""


@dataclass(frozen=True)
class Row:
    name: str
    register: str
    records: str
    cells: Sequence[tuple[str, Cell]]


@dataclass(frozen=True)
class Owner:
    name: str
    connected: Cell
    rows: Sequence[Row]


_told: Remembered[Told] = Remembered(BELIEVED)


def ask(node: Node) -> Told:
    """How every node stands; asked anew after some seconds."""
    return _told.get(node.name, lambda: _asked(node))


def _asked(node: Node) -> Told:
    """All nodes at once, each timed by itself."""
    names = list(node.directory.nodes)

    def one(name: str) -> Heard:
        began = time.perf_counter()
        if name == node.name:
            with node.database.transaction() as tx:
                return Heard(state.of(node, tx), (time.perf_counter() - began) * 1000)
        answer = node.asker.ask(Question(name, state.SERVICE, {}, PURPOSE, "board"), within=WITHIN)
        taken = (time.perf_counter() - began) * 1000
        try:
            return Heard(msgspec.convert(answer.body, State) if answer else None, taken)
        except msgspec.ValidationError:
            return Heard(None, taken)

    with ThreadPoolExecutor(len(names)) as crew:
        return Told(dict(zip(names, crew.map(one, names), strict=True)), clock.now())


def owners(node: Node, told: Told, language: str) -> list[Owner]:
    """Every agency that keeps registers, in the directory's order; a silent one without its registers."""
    found = []
    for name, heard in told.nodes.items():
        if heard.state is None or heard.state.registers:
            rows = [_row(node, told, name, kept, language) for kept in heard.state.registers] if heard.state else []
            found.append(Owner(_name(node, name, language), _connected(heard), rows))
    return found


def _name(node: Node, name: str, language: str) -> str:
    card = node.catalogue.nodes.get(name)
    return card.name.in_language(language) if card else name


def _row(node: Node, told: Told, owner: str, kept: Kept, language: str) -> Row:
    count = number_format(kept.records)
    sentence = ngettext("%(n)s bản ghi", "%(n)s bản ghi", kept.records) % {"n": count}
    records = sentence if kept.is_exact else _("khoảng %(records)s") % {"records": sentence}
    title = kept.en if language.startswith("en") else kept.vi
    cells = (
        (_("Chia sẻ"), _shared(kept)),
        (_("Đồng bộ"), _synchronised(node, told, owner, kept, language)),
        (_("Khớp"), _in_step(node, told, owner, kept, language)),
    )
    return Row(title, kept.register, records, cells)


# ---------------------------------------------------------------------- the four words


def _connected(heard: Heard) -> Cell:
    if heard.state is None:
        return Cell(BAD, _("Chưa trả lời"), _("im lặng hơn %(n)s giây") % {"n": number_format(WITHIN, 0)})
    took = _("trả lời trong %(n)s ms") % {"n": number_format(heard.milliseconds, 0)}
    return Cell(GOOD, _("Đã kết nối"), took)


def _shared(kept: Kept) -> Cell:
    if not kept.sharers:
        return Cell(NEUTRAL, _("Chưa chia sẻ"), _("chưa nơi nào được cấp quyền"))
    places = ngettext("cho %(n)s nơi", "cho %(n)s nơi", len(kept.sharers)) % {"n": len(kept.sharers)}
    purposes = ngettext("%(n)s mục đích", "%(n)s mục đích", kept.purposes) % {"n": kept.purposes}
    if kept.reads is None:
        opened = _("lượt mở trong 24 giờ: chưa đếm kịp")
    else:
        opened = ngettext("%(n)s lượt mở trong 24 giờ", "%(n)s lượt mở trong 24 giờ", kept.reads)
        opened = opened % {"n": number_format(kept.reads)}
    return Cell(GOOD, _("Đã chia sẻ"), f"{places}, {purposes}", opened)


def _synchronised(node: Node, told: Told, owner: str, kept: Kept, language: str) -> Cell:
    """How far its followers are behind it; and how far it is behind what it follows itself."""
    followers = [one for heard in told.nodes.values() for one in _followed(heard, owner, kept.register)]
    own = told.nodes[owner].state
    sources = [one for one in own.followed if one.purpose == kept.register] if own else []
    count = max(len(followers), len(kept.readers))
    if not count and not sources:
        events = ngettext("%(n)s thay đổi đã đóng dấu", "%(n)s thay đổi đã đóng dấu", kept.last)
        return Cell(NEUTRAL, _("Chưa nơi nào theo dõi"), events % {"n": number_format(kept.last)})
    both = followers + sources
    is_late = any(state_of(one) == "late" for one in both) or count > len(followers)
    parts = [ngettext("%(n)s nơi theo dõi", "%(n)s nơi theo dõi", count) % {"n": count}] if count else []
    parts += [_("theo dõi %(feed)s") % {"feed": _title(node, one.feed, language)} for one in sources]
    promised = min((one.promised for one in both), default=0)
    promise = _("hứa trong %(n)s giây") % {"n": promised} if promised else ""
    label = _("Đồng bộ chậm") if is_late else _("Đang đồng bộ")
    figure = "; ".join([*parts, _behind(both, kept)])
    return Cell(WARNING if is_late else GOOD, label, figure, promise)


def _behind(followed: Sequence[Followed], kept: Kept) -> str:
    lag = max([one.lag for one in followed] + [reader.lag for reader in kept.readers])
    seconds = max([one.seconds or 0.0 for one in followed] or [reader.seconds for reader in kept.readers])
    return _("chậm nhất %(lag)s thay đổi, %(seconds)s giây") % {
        "lag": number_format(lag), "seconds": number_format(seconds, 1),
    }  # fmt: skip


def _title(node: Node, register: str, language: str) -> str:
    declared = node.catalogue.registers.get(register)
    return declared.name.in_language(language) if declared else register


def _followed(heard: Heard, owner: str, register: str) -> list[Followed]:
    followed = heard.state.followed if heard.state else []
    return [one for one in followed if (one.publisher, one.feed) == (owner, register)]


def state_of(follow: Followed) -> str:
    """Whether a followed feed is as fresh as promised: `fresh` or `late`."""
    is_late = follow.seconds is None or follow.seconds > follow.promised or follow.parked
    return "late" if is_late else "fresh"


def _in_step(node: Node, told: Told, owner: str, kept: Kept, language: str) -> Cell:
    """The worst of the last comparisons: this register's own with another, and others' with it."""
    found = [(kept.compared.partner, kept.compared)] if kept.compared else []
    for name, heard in told.nodes.items():
        for other in heard.state.registers if heard.state else []:
            compared = other.compared
            if compared and (compared.partner, compared.theirs) == (owner, kept.register):
                found.append((name, compared))
    if not found:
        return Cell(NEUTRAL, _("Chưa đối soát"), _("chưa so với nơi nào"))
    partner, worst = max(found, key=lambda one: (one[1].state != "done", one[1].differences, one[1].ended))
    return _compared(worst, _name(node, partner, language), len(found))


def _compared(worst: Compared, partner: str, times: int) -> Cell:
    when = datetime.fromisoformat(worst.ended).astimezone(clock.ZONE).strftime("%H:%M %d/%m/%Y")
    about = {"rows": number_format(worst.rows), "partner": partner, "when": when}
    note = _("so %(rows)s bản ghi với %(partner)s lúc %(when)s") % about
    if worst.state != "done":
        return Cell(WARNING, _("Đối soát chưa xong"), "", note)
    differences = ngettext("%(n)s chỗ lệch", "%(n)s chỗ lệch", worst.differences) % {"n": worst.differences}
    if worst.differences:
        return Cell(BAD, _("Có chỗ lệch"), differences, note)
    return Cell(GOOD, _("Khớp"), differences, note)


# ---------------------------------------------------------------------- the sums


def figures(board: Sequence[Owner], told: Told) -> list[dict[str, str]]:
    """How many registers each word holds for."""
    rows = [row for owner in board for row in owner.rows]
    words = ("", _("Đã chia sẻ"), _("Đang đồng bộ"), _("Đang khớp"))
    answering = len(told.nodes) - len(told.silent)
    pairs = [
        {"label": _("Số cơ sở dữ liệu"), "value": number_format(len(rows))},
        {"label": _("Nơi trả lời ngay lúc này"), "value": f"{answering}/{len(told.nodes)}"},
    ]
    for place, word in enumerate(words[1:]):
        good = sum(row.cells[place][1].state == GOOD for row in rows)
        pairs.append({"label": word, "value": f"{good}/{len(rows)}"})
    return pairs
