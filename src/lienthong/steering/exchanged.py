"""Statistics of exchange as everybody may see them: what each node states, under its own seal, summed up by agency."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from lienthong.casework.words import purpose_name
from lienthong.exchange import envelopes, statistics
from lienthong.exchange.asking import Question
from lienthong.exchange.envelopes import Message
from lienthong.exchange.node import Node
from lienthong.exchange.statistics import Statement
from lienthong.kit import clock
from lienthong.steering.remembered import Remembered
from lienthong.steering.wording import refusal_name, service_name

SPANS = (1, 7, 30)  # days
WITHIN = 2.0
BELIEVED = 20.0  # seconds for which an answer is shown again


@dataclass(frozen=True)
class Told:
    """What the nodes stated of some days: the statements, as sealed, by node; and who did not answer."""

    statements: dict[str, list[tuple[str, Statement]]]
    silent: list[str]


@dataclass(frozen=True)
class Line:
    """One way in which data is looked up: at whom, by whom, for what, how often, how many records were opened."""

    of: str
    asker: str
    purpose: str
    questions: int
    opened: int


@dataclass(frozen=True)
class Delivered:
    """Messages of one kind that one agency took in from another."""

    of: str
    sender: str
    what: str
    times: int


@dataclass(frozen=True)
class Refused:
    """How often an agency refused something, and why."""

    of: str
    why: str
    times: int


@dataclass(frozen=True)
class Summary:
    since: date
    until: date
    lines: list[Line]
    delivered: list[Delivered]
    refused: list[Refused]
    silent: list[str]
    statements: int

    @property
    def figures(self) -> list[dict[str, str]]:
        """The sums, as the page's facts."""
        questions, records = sum(line.questions for line in self.lines), sum(line.opened for line in self.lines)
        return [
            {"label": _("Lượt tra cứu"), "value": number_format(questions)},
            {"label": _("Bản ghi đã mở"), "value": number_format(records)},
            {"label": _("Việc đã chuyển tới nơi"), "value": number_format(sum(one.times for one in self.delivered))},
            {"label": _("Đã từ chối"), "value": number_format(sum(one.times for one in self.refused))},
        ]


_told: Remembered[Told] = Remembered(BELIEVED)


def ask(node: Node, days: int) -> Told:
    """Every node's statements of the last days, today among them; asked anew after a while."""
    until = clock.today()
    since = until - timedelta(days=days - 1)
    return _told.get((node.name, since, until), lambda: _asked(node, since, until))


def _asked(node: Node, since: date, until: date) -> Told:
    names = [name for name in node.catalogue.nodes if name in node.directory.nodes]
    body = {"since": since.isoformat(), "until": until.isoformat()}
    questions = [
        Question(name, statistics.SERVICE, body, statistics.PURPOSE, f"{statistics.PURPOSE}/{until}") for name in names
    ]
    answers = dict(zip(names, node.asker.ask_all(questions, within=WITHIN), strict=True))
    found = {name: _read(node, name, answer) for name, answer in answers.items()}
    statements = {name: stated for name, stated in found.items() if stated is not None}
    return Told(statements, [name for name in names if name not in statements])


def _read(node: Node, publisher: str, answer: Message | None) -> list[tuple[str, Statement]] | None:
    """What a node stated; None when it was silent, or said what it did not seal."""
    try:
        texts = answer.body["statements"] if answer else None
        return None if texts is None else [(text, statistics.read(text, node, publisher)) for text in texts]
    except (envelopes.Refused, KeyError, TypeError, AttributeError):
        return None


def summed(node: Node, told: Told, days: int, language: str) -> Summary:
    """The figures of some days, in words, the largest first."""
    look_ups, opened, delivered, refused = Counter[_Key](), Counter[_Key](), Counter[_Key](), Counter[tuple[str, str]]()
    for name, statement in _each(told):
        for one in statement.look_ups:
            look_ups[name, one.asker, one.purpose] += one.questions
            opened[name, one.asker, one.purpose] += one.opened
        for sent in statement.messages:
            delivered[name, sent.sender, sent.service] += sent.times
        for refusal in statement.refused:
            refused[name, refusal.code] += refusal.times
    until = clock.today()
    agency = _Names(node, language)
    return Summary(
        since=until - timedelta(days=days - 1),
        until=until,
        lines=[
            Line(agency[of], agency[asker], purpose_name(node.catalogue, purpose, language), times, opened[key])
            for key, times in look_ups.most_common()
            for of, asker, purpose in (key,)
        ],
        delivered=[
            Delivered(agency[of], agency[sender], service_name(service), times)
            for (of, sender, service), times in delivered.most_common()
        ],
        refused=[Refused(agency[of], refusal_name(code), times) for (of, code), times in refused.most_common()],
        silent=[agency[name] for name in told.silent],
        statements=sum(len(stated) for stated in told.statements.values()),
    )


_Key = tuple[str, str, str]


class _Names(dict[str, str]):
    """Nodes by the names people know."""

    def __init__(self, node: Node, language: str) -> None:
        super().__init__({name: card.name.in_language(language) for name, card in node.catalogue.nodes.items()})

    def __missing__(self, name: str) -> str:
        return name


def _each(told: Told) -> Iterable[tuple[str, Statement]]:
    return ((name, statement) for name, stated in told.statements.items() for _, statement in stated)


def sealed(told: Told) -> Sequence[str]:
    """The statements as their nodes sealed them, for whoever wants to check or to count otherwise."""
    return [text for stated in told.statements.values() for text, _ in stated]
