"""A journal that contradicts what was proven of it: a node restored from a backup, or a copy of a node.

`heard` looks at every envelope before it has effect. A head lower than one we hold is normal: a message waits in an
outbox, two processes read the same journal a moment apart. So nothing is concluded from a message. What raises doubt
(the same seal with another chain, a lower head said much later) is asked about at the partner's published address,
and only its own signed answer counts:

    it has the seals we hold and the one that was claimed     nothing is wrong
    it has those we hold, but not the one claimed             a copy speaks elsewhere with its key: refused, told
    it lacks a seal that it once signed                       it was restored: quarantined until it rejoins

The other way round a partner's `seen` may name a seal that our own journal lacks. Then we ask it for the proof, an
envelope that we signed ourselves; with it we know that we were restored, and stop speaking until `lienthong rejoin`.
"""

import logging
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from threading import Event

import msgspec

from lienthong.catalogue.shapes import Words
from lienthong.exchange import heads, held
from lienthong.exchange.asking import Question
from lienthong.exchange.directory import SEAL, TRANSPORT, UnknownNode
from lienthong.exchange.envelopes import Header, Message, Refused, decode, open_envelope
from lienthong.exchange.heads import Head, Partner, Proven, Standing
from lienthong.exchange.node import Alert, Answer, Node
from lienthong.exchange.validity import CLOCK_SKEW
from lienthong.kit import clock
from lienthong.kit.storage import Tx

SERVICE, PURPOSE, CASE = "exchange.heads", "operation", "heads"
REJOINED = "journal.rejoined"  # the service that a statement of rejoining is sealed under
FORKED, RESTORED, UNCLEAR = "forked", "restored", "unclear"
SLACK = timedelta(seconds=10)
ASK_AGAIN = 3.0  # seconds between two questions about one partner's journal
WITHIN = 1.5
MOST = 8
_log = logging.getLogger(__name__)

_CHAINS = "SELECT number, encode(chain, 'hex') AS chain FROM seal WHERE number = ANY(%s)"
_LAST = "SELECT number, encode(chain, 'hex') AS chain FROM seal ORDER BY number DESC LIMIT 1"
_STATEMENT = "SELECT statement FROM branch ORDER BY first DESC LIMIT 1"


class Told(msgspec.Struct, frozen=True):
    """The body of an answer: our head, the chains of the seals asked for, what we hold of the asker's journal (with the
    header that proves it), and our last statement of rejoining."""

    head: str
    chains: dict[str, str]
    held: dict[str, str] = {}
    rejoined: str = ""


# what every envelope is looked at for


def heard(node: Node, message: Message) -> None:
    """The hook `Node.on_contact`. Raises Refused: forked, restored, unclear, malformed."""
    header, known = message.header, node.heads
    if header.service in (SERVICE, held.SERVICE):
        return  # how a journal stands is judged where that is answered; what is given back proves itself
    known.look()
    standing = known.standing(header.sender)
    if standing is not None and standing.state == FORKED:
        _look_into(node, header.sender, None)
    if known.is_restored(node.name):
        raise Refused(RESTORED, f"{node.name} was restored from a backup: rejoin first")
    if not header.head and not header.seen:
        return
    partner = known.partner(header.sender)
    if header.head and header.head != partner.claim:
        _claimed(node, partner, message)
        partner.claim = header.head
    if header.seen and header.seen != partner.seen:
        _seen(node, partner, message)
        partner.seen = header.seen


def _claimed(node: Node, partner: Partner, message: Message) -> None:
    """A partner's word on its own journal."""
    proven = _proven(message, message.header.head)
    name, number = message.header.sender, proven.head.number
    if partner.highest is None or number > partner.highest.head.number:
        node.heads.hold(name, proven)
    elif _is_doubtful(node, partner.highest, message, proven.head):
        _look_into(node, name, proven.head)


def _is_doubtful(node: Node, highest: Proven, message: Message, claimed: Head) -> bool:
    """Another chain than was claimed before, or a lower head in a message that was certainly signed later."""
    standing = node.heads.standing(message.header.sender)
    if standing is not None and standing.covers(claimed.number):
        return False  # signed before it rejoined
    known = node.heads.known(message.header.sender, claimed.number)
    if known:
        return known != claimed.chain
    return message.header.issued > highest.at + CLOCK_SKEW + SLACK


def _seen(node: Node, partner: Partner, message: Message) -> None:
    """A partner's word on ours: a countersignature, or news to us."""
    proven = _proven(message, message.header.seen)
    standing = node.heads.standing(node.name)
    if node.heads.ours(proven.head.number) == proven.head.chain:
        node.heads.countersign(message.header.sender, proven)
    elif standing is None or not standing.covers(proven.head.number):
        answer = _ask(node, message.header.sender, [])
        if answer is not None and is_ahead(node, convert(answer), message.header.sender):
            raise Refused(RESTORED, f"{node.name} was restored from a backup: rejoin first")


def _proven(message: Message, text: str) -> Proven:
    try:
        head = Head.parse(text)
    except ValueError as error:
        raise Refused("malformed", str(error)) from error
    envelope = message.envelope
    return Proven(head, clock.now(), bytes(envelope.header).decode(), envelope.signature)


# a partner in doubt


def _look_into(node: Node, name: str, claimed: Head | None) -> None:
    """Ask a partner, where the directory says it is, for the seals that are in doubt; judge by its answer.

    Raises Refused: unclear while it does not answer, forked.
    """
    partner = node.heads.partner(name)
    if time.monotonic() - partner.asked_at < ASK_AGAIN:
        raise Refused(_code(node, name), f"{name} is being asked about its journal")
    partner.asked_at = time.monotonic()
    held_heads = node.heads.latest(name)
    answer = _ask(node, name, [head.number for head in (*held_heads, *([claimed] if claimed else []))])
    if answer is None:
        raise Refused(_code(node, name), f"{name} does not say how its journal stands")
    _judge(node, name, convert(answer), answer, held_heads, claimed)
    partner.asked_at = float("-inf")


def _judge(
    node: Node, name: str, told: Told, answer: Message, held_heads: Sequence[Head], claimed: Head | None
) -> None:
    """By its own signed word: does a partner's journal have the seals that it signed, and the one that was claimed?"""
    standing = node.heads.standing(name)
    lacking = [head for head in held_heads if told.chains.get(str(head.number)) != head.chain]
    if lost := [head for head in lacking if standing is None or not standing.covers(head.number)]:
        statement = _statement(node, name, told.rejoined, [head.number for head in lost])
        if statement is None:
            _quarantine(node, name, answer, lost[0])
            raise Refused(FORKED, f"{name} lacks seal {lost[0].number}, which it signed: rejoin first")
        _readmit(node, name, statement, told.rejoined)
    elif claimed is not None and told.chains.get(str(claimed.number)) != claimed.chain:
        _tell_copy(node, name, claimed)
        raise Refused(FORKED, f"a copy of {name} signed this: its own journal has no such seal {claimed.number}")
    elif standing is not None and standing.state == FORKED:
        _readmit(node, name, Standing(name, "rejoined"), bytes(answer.envelope.header).decode())


def _code(node: Node, name: str) -> str:
    standing = node.heads.standing(name)
    return FORKED if standing is not None and standing.state == FORKED else UNCLEAR


def _ask(node: Node, name: str, numbers: list[int]) -> Message | None:
    body = {"head": "", "numbers": numbers}
    return node.asker.ask(Question(name, SERVICE, body, PURPOSE, CASE, upkeep=True), within=WITHIN)


def convert(answer: Message) -> Told:
    try:
        return msgspec.convert(answer.body, Told)
    except msgspec.ValidationError as error:
        raise Refused("malformed", "no word about a journal") from error


def _statement(node: Node, name: str, sealed: str, lost: Sequence[int]) -> Standing | None:
    """A partner's sealed word that it has rejoined, if it accounts for the seals that are gone; None otherwise."""
    if not sealed:
        return None
    try:
        opened = open_envelope(decode(sealed.encode()), node.directory, recipient="", at=None, purpose=SEAL)
    except Refused:
        return None
    after, first = opened.body.get("after"), opened.body.get("first")
    number = after.get("number") if isinstance(after, dict) else None
    if opened.header.sender != name or opened.header.service != REJOINED:
        return None
    if not (isinstance(number, int) and isinstance(first, int)):
        return None
    standing = Standing(name, "rejoined", number, first)
    return standing if all(standing.covers(one) for one in lost) else None


def _quarantine(node: Node, name: str, answer: Message, lost: Head) -> None:
    standing = node.heads.standing(name)
    if standing is not None and standing.state == FORKED:
        return
    _log.error("%s lacks a seal that it signed: quarantined until it rejoins", name)
    with node.database.transaction() as tx:
        heads.record(tx, Standing(name, "forked"), msgspec.json.encode(answer.envelope).decode())
        title = Words(f"Nhật ký của {name} không còn như đã ký", f"The journal of {name} is not what it signed")
        node.on_alert(node, tx, Alert("fork", _alert(name), title, "operator", {"partner": name, "seal": lost.number}))
    node.heads.look(now=True)


def _tell_copy(node: Node, name: str, claimed: Head) -> None:
    _log.error("a copy of %s signed a message: its own journal has no such seal", name)
    with node.database.transaction() as tx:
        title = Words(f"Có bản sao dùng khóa của {name}", f"A copy uses the key of {name}")
        detail = {"partner": name, "seal": claimed.number}
        node.on_alert(node, tx, Alert("fork", f"copy/{node.name}/{name}", title, "operator", detail))


def _readmit(node: Node, name: str, standing: Standing, proof: str) -> None:
    node.heads.look(now=True)
    if node.heads.standing(name) == standing:
        return  # another process was told at the same time
    _log.warning("%s has rejoined", name)
    with node.database.transaction() as tx:
        heads.record(tx, standing, proof)
        node.on_alert_over(node, tx, _alert(name), "rejoined")
        for hear in node.on_rejoined:
            hear(node, tx, name)
    node.heads.look(now=True)


def _alert(name: str) -> str:
    return f"fork/{name}"


# ourselves in doubt


def is_ahead(node: Node, told: Told, partner: str) -> bool:
    """Whether a partner proves a seal of ours that our journal lacks: we were restored, which is then written down."""
    if not told.held:
        return False
    try:
        head = Head.parse(told.held.get("head", ""))
    except ValueError:
        return False
    standing = node.heads.standing(node.name)
    if node.heads.ours(head.number) == head.chain or (standing is not None and standing.covers(head.number)):
        return False
    if not _is_our_word(node, told.held, head):
        _log.error("%s claims a head of ours that we never signed", partner)
        return False
    if standing is None or standing.state != RESTORED:
        _restored(node, partner, told.held, head)
    return True


def known_of_us(node: Node, within: float = WITHIN) -> dict[str, Head]:
    """The highest head of ours that each partner proves, whether our journal has it or not."""
    partners = sorted(set(node.directory.nodes) - {node.name})
    asked = {"head": "", "numbers": []}
    questions = [Question(name, SERVICE, asked, PURPOSE, CASE, upkeep=True) for name in partners]
    found = {}
    for name, given in zip(partners, node.asker.ask_all(questions, within=within), strict=True):
        shown = convert(given).held if given is not None else {}
        if shown and _is_our_word(node, shown, head := Head.parse(shown.get("head", ""))):
            found[name] = head
    return found


def _is_our_word(node: Node, held: dict[str, str], head: Head) -> bool:
    """Whether we signed an envelope that says this head."""
    content = held.get("header", "").encode()
    try:
        header = msgspec.json.decode(content, type=Header)
        signer = node.directory.signer(node.name, TRANSPORT, content, held.get("signature", ""))
    except (ValueError, UnknownNode):
        return False
    return signer is not None and header.sender == node.name and header.head == str(head)


def _restored(node: Node, partner: str, held: dict[str, str], head: Head) -> None:
    _log.error("%s proves a seal of ours that our journal lacks: we were restored, rejoin first", partner)
    with node.database.transaction() as tx:
        heads.record(tx, Standing(node.name, "restored"), msgspec.json.encode(held).decode())
        title = Words("Nút này được khôi phục từ bản sao lưu", "This node was restored from a backup")
        detail = {"partner": partner, "seal": head.number, "remedy": f"lienthong rejoin {node.name}"}
        node.on_alert(node, tx, Alert("fork", _alert(node.name), title, "operator", detail))
    node.heads.look(now=True)


def run(node: Node, stop: Event, every: float = 60.0) -> None:
    """Exchange heads with one partner after the other, one each minute: a quiet node's journal is witnessed too."""
    turn = 0
    while not stop.wait(every * (0.8 + 0.4 * random.random())):  # noqa: S311 — only so that not all come at once
        partners = sorted(set(node.directory.nodes) - {node.name})
        try:
            if partners:
                greet(node, [partners[turn % len(partners)]])
        except Exception as error:
            _log.warning("heads were not exchanged: %s", type(error).__name__)
        turn += 1


# asked by partners


def answer(node: Node, tx: Tx, message: Message) -> Answer:
    """The answerer of `exchange.heads`: body `{"head": the asker's own, "numbers": seals of ours}`."""
    body, sender = message.body, message.header.sender
    numbers = body.get("numbers", [])
    if not isinstance(numbers, list) or len(numbers) > MOST or not all(isinstance(n, int) for n in numbers):
        raise Refused("malformed", f"at most {MOST} numbers of seals")
    chains = {str(row.number): row.chain for row in tx.all(_CHAINS, (numbers,))}
    last, highest = tx.one(_LAST), node.heads.partner(sender).highest
    held = {"head": str(highest.head), "header": highest.header, "signature": highest.signature} if highest else {}
    told = Told(f"{last.number}:{last.chain}" if last else "", chains, held, tx.value(_STATEMENT) or "")
    if text := body.get("head"):
        _greeted(node, message, str(text), highest)
    return Answer(msgspec.to_builtins(told), upkeep=True)


def _greeted(node: Node, message: Message, text: str, highest: Proven | None) -> None:
    """A partner says how its journal stands this very moment: lower than we hold, it is asked at its address."""
    try:
        head = Head.parse(text)
    except ValueError as error:
        raise Refused("malformed", str(error)) from error
    sender = message.header.sender
    standing = node.heads.standing(sender)
    is_lower = highest is not None and head.number < highest.head.number
    if is_lower or (standing is not None and standing.state == FORKED):
        try:
            _look_into(node, sender, head)
        except Refused as refused:
            _log.warning("%s", refused)
            return
    _take_note(node, sender, message)


# at our own start, and now and then


def at_start(node: Node) -> None:
    """Before anything is sent or sealed: whether partners know more of our journal than we do."""
    try:
        greet(node)
    except Exception as error:
        _log.warning("heads were not exchanged at the start: %s", type(error).__name__)


def greet(node: Node, partners: Sequence[str] | None = None, within: float = WITHIN) -> dict[str, bool]:
    """Tell partners our head, hear what they hold of ours, and whether their journals still have what they signed.

    By partner that answered: whether it proves that we were restored.
    """
    node.heads.look(now=True)
    asked = partners if partners is not None else sorted(set(node.directory.nodes) - {node.name})
    held_heads = {name: node.heads.latest(name) for name in asked}
    questions = [
        Question(
            name,
            SERVICE,
            {"head": node.heads.own(), "numbers": [head.number for head in held_heads[name]]},
            PURPOSE,
            CASE,
        )
        for name in asked
    ]
    found = {}
    for name, given in zip(asked, node.asker.ask_all(questions, within=within), strict=True):
        if given is not None:
            told = convert(given)
            found[name] = is_ahead(node, told, name)
            with suppress(Refused):
                _judge(node, name, told, given, held_heads[name], None)
                _take_note(node, name, given)
    return found


def _take_note(node: Node, name: str, given: Message) -> None:
    """Heads in a question or an answer of `exchange.heads`, which `heard` passed over."""
    header, partner = given.header, node.heads.partner(name)
    if header.head:
        proven = _proven(given, header.head)
        if partner.highest is None or proven.head.number > partner.highest.head.number:
            node.heads.hold(name, proven)
    if header.seen:
        proven = _proven(given, header.seen)
        if node.heads.ours(proven.head.number) == proven.head.chain:
            node.heads.countersign(name, proven)
