"""Puts a node together: the only place that knows every room."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from lienthong.agreements import consents, mandates
from lienthong.casework import (
    alerts,
    differences,
    feedback,
    journey,
    letters,
    operation,
    papers,
    parents,
    pauses,
    proving,
    ratings,
    revisions,
    store,
    synchronising,
    tasks,
    telling,
)
from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import Catalogue
from lienthong.config import directories
from lienthong.config.environment import value
from lienthong.config.schema import unready
from lienthong.documents import attachments
from lienthong.documents.sealing import read_chain
from lienthong.documents.stamping import Authority
from lienthong.exchange import contact, distribution, evidence, forks, held, publications, statistics
from lienthong.exchange import revisions as service_revisions
from lienthong.exchange.asking import Asker
from lienthong.exchange.directory import Directory
from lienthong.exchange.distribution import Follower
from lienthong.exchange.lines import Identity, Lines
from lienthong.exchange.node import Event, Node
from lienthong.exchange.shelf import Shelf
from lienthong.gateways import civil_status, synchronising_out, xroad_asking
from lienthong.journal.feeds import PUBLICATIONS
from lienthong.kit.doorbell import Doorbell
from lienthong.kit.signatures import KeyFile, SigningKey
from lienthong.kit.storage import Database, Tx
from lienthong.portal import collecting, feedback_own, notifying, questions
from lienthong.registers import (
    changing,
    feeding,
    keeping,
    reading,
    reads,
    reconcile_runs,
    reconcile_wire,
    reconciled,
    recording,
    state,
)
from lienthong.territory.units import Territory

CONNECTIONS = 12

HANDLERS = {
    journey.FILE: journey.receive,
    telling.PROGRESS: parents.hear_progress,
    parents.FOLLOW_UP: pauses.followed_up,
    recording.SERVICE: recording.record,
    changing.SERVICE: changing.handle,
    consents.ASK: consents.asked,
    consents.ANSWER: pauses.consent_answered,
    synchronising.SERVICE: synchronising.heard,
    tasks.OPEN: tasks.asked,
    tasks.CLOSED: tasks.closed,
    letters.NEWS: collecting.heard,
    feedback.OPEN: feedback.opened,
    feedback.SAY: feedback.said,
    feedback.TOLD: feedback_own.told,
    ratings.SERVICE: ratings.given,
}
ANSWERERS = {
    reading.SERVICE: reading.read,
    reads.SERVICE: reads.mine,
    reconcile_wire.SERVICE: reconciled.compare,
    reconciled.DIFFERING: reconciled.differing,
    reconcile_runs.SERVICE: reconcile_runs.runs,
    feeding.READ: feeding.read,
    feeding.SNAPSHOT: feeding.snapshot,
    state.SERVICE: state.answer,
    operation.TRACE: operation.trace,
    operation.STUCK: operation.stuck,
    papers.FETCH: papers.fetch,
    papers.VERIFY: papers.verify,
    store.MINE: store.mine,
    store.OPEN: store.open_paper,
    store.CHECK: store.check,
    consents.MINE: consents.mine,
    mandates.HELD: mandates.held,
    attachments.SERVICE: attachments.read,
    statistics.SERVICE: statistics.answer,
    service_revisions.FETCH: service_revisions.fetch,
    publications.LIST: publications.listed,
    xroad_asking.SERVICE: xroad_asking.ask,
    forks.SERVICE: forks.answer,
    held.SERVICE: held.answer,
    proving.SERVICE: proving.part,
    distribution.SERVICE: distribution.current,
}
SETTLERS = {
    journey.FILE: parents.branch_opened,
    parents.FOLLOW_UP: pauses.follow_up_settled,
    recording.SERVICE: journey.effect_settled,
    changing.SERVICE: revisions.settled,
    consents.ASK: pauses.consent_asked,
    feedback.OPEN: feedback_own.settled,
}

# A gateway tells a national portal outside of our dossiers, and hears the owner's word on what systems outside filed.
GATEWAY_HANDLERS = {synchronising.SERVICE: synchronising_out.hand_on}
GATEWAY_SETTLERS = {recording.SERVICE: civil_status.settled}


def _corrected(node: Node, tx: Tx, body: dict[str, Any]) -> None:
    """A correction that we asked for has ended: of a difference between registers, or of what a citizen declared."""
    if not differences.heard(node, tx, body):
        parents.corrected(node, tx, body)


ON_TASK_CLOSED = {"correction": _corrected, "question": questions.answered}


def followers(catalogue: Catalogue) -> dict[str, Callable[[Node, Tx, Event], None]]:
    """Who takes in other nodes' events at a node, by feed; a joined register is written by its own programs alone."""
    own = [register for register in catalogue.owned.values() if not register.joined]
    followed = {register.follows.register for register in own if register.follows}
    return {PUBLICATIONS: publications.heard, **dict.fromkeys(followed, keeping.take_in)}


@cache
def current() -> Node:
    """The node of this process."""
    from lienthong.config import settings

    return node(settings.NODE)


def node(name: str) -> Node:
    """A node from this process's settings, which are read only now: a supervisor imports this room before it forks."""
    from lienthong.config import settings

    seal = KeyFile(Path(value("LIENTHONG_SEAL_KEY")))
    database = Database(value("DATABASE_URL"), size=CONNECTIONS)
    shelf = Shelf(database, name, source_hashes(), settings.CATALOGUE, unready)
    standing = shelf.open()
    made = assemble(
        standing.catalogue,
        standing.territory,
        settings.DIRECTORY,
        database,
        key=KeyFile(Path(value("LIENTHONG_KEY"))),
        seal=seal,
        run=Path(value("LIENTHONG_RUN")),
        seal_chain=read_chain(value("LIENTHONG_SEAL_CERT")),
        time_stamps=value("LIENTHONG_TIME_STAMPS"),
        tls=tls_identity(),
    )
    seal.on_change = lambda: _certify(made)
    shelf.serve(made)
    return made


def _certify(node: Node) -> None:
    """The seal's key was replaced: its certificate stands in the file already."""
    node.seal_chain = read_chain(value("LIENTHONG_SEAL_CERT"))


def tls_identity() -> Identity | None:
    """Files of this process's TLS key and certificate, where it has them."""
    key, certificate = value("LIENTHONG_TLS_KEY"), value("LIENTHONG_TLS_CERT")
    return Identity(Path(key), Path(certificate)) if key and certificate else None


def follower(node: Node) -> Follower:
    """Who keeps this process's directory up to date; it has looked once."""
    made = Follower(node, *directories.told())
    made.look()
    return made


def time_stamp_authority() -> Authority | None:
    """The demo country's time-stamp authority, where this process is given its key; nowhere else."""
    from lienthong.config import settings

    file = value("LIENTHONG_TIME_STAMP_KEY")
    return Authority.load(Path(file)) if file and settings.DIRECTORY.demo else None


def assemble(
    catalogue: Catalogue,
    territory: Territory,
    directory: Directory,
    database: Database,
    *,
    key: SigningKey,
    seal: SigningKey,
    run: Path,
    seal_chain: tuple[bytes, ...] = (),
    time_stamps: str = "",
    tls: Identity | None = None,
) -> Node:
    """A node from its parts; `run` is the folder of its doorbell."""
    name = catalogue.node
    made = Node(
        name=name,
        database=database,
        key=key,
        seal=seal,
        directory=directory,
        catalogue=catalogue,
        territory=territory,
        doorbell=Doorbell(run / f"{name}.bell"),
        asker=Asker(name, key, directory, database, Lines(directory, tls)),
        handlers={**HANDLERS, **(GATEWAY_HANDLERS if "gateway" in catalogue.card.faces else {})},
        answerers=ANSWERERS,
        settlers={**SETTLERS, **(GATEWAY_SETTLERS if "gateway" in catalogue.card.faces else {})},
        on_act=(notifying.told,) if "portal" in catalogue.card.faces else (),
        on_task_closed=ON_TASK_CLOSED,
        on_alert=alerts.raised,
        on_alert_over=alerts.over,
        vouches=evidence.of_session,
        followers=followers(catalogue),
        seal_chain=seal_chain,
        time_stamps=time_stamps,
    )
    made.head = made.asker.head = made.heads.own
    made.seen = made.asker.seen = made.heads.seen
    made.on_contact = (forks.heard,)
    made.asker.heard = partial(contact.look, made)
    return made
