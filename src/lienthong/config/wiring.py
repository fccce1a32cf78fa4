"""Puts a node together: the only place that knows every room."""

from functools import cache
from pathlib import Path

from lienthong.agreements import consents, mandates
from lienthong.casework import journey, operation, papers, parents, pauses, revisions, tasks, telling
from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import Catalogue, load
from lienthong.config.environment import value
from lienthong.documents import attachments
from lienthong.documents.sealing import read_chain
from lienthong.documents.stamping import Authority
from lienthong.exchange.asking import Asker
from lienthong.exchange.directory import Directory
from lienthong.exchange.node import Node
from lienthong.kit.doorbell import Doorbell
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database
from lienthong.portal import notifying, questions
from lienthong.registers import changing, reading, reads, recording
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
    tasks.OPEN: tasks.asked,
    tasks.CLOSED: tasks.closed,
}
ANSWERERS = {
    reading.SERVICE: reading.read,
    reads.SERVICE: reads.mine,
    operation.TRACE: operation.trace,
    operation.STUCK: operation.stuck,
    papers.FETCH: papers.fetch,
    papers.VERIFY: papers.verify,
    consents.MINE: consents.mine,
    mandates.HELD: mandates.held,
    attachments.SERVICE: attachments.read,
}
SETTLERS = {
    journey.FILE: parents.branch_opened,
    parents.FOLLOW_UP: pauses.follow_up_settled,
    recording.SERVICE: journey.effect_settled,
    changing.SERVICE: revisions.settled,
    consents.ASK: pauses.consent_asked,
}

ON_TASK_CLOSED = {"correction": parents.corrected, "question": questions.answered}


@cache
def current() -> Node:
    """The node of this process."""
    from lienthong.config import settings

    return node(settings.NODE)


def node(name: str) -> Node:
    """A node from this process's settings, which are read only now: a supervisor imports this room before it forks."""
    from lienthong.config import settings

    return assemble(
        load(settings.CATALOGUE, name, source_hashes()),
        Territory.load(settings.CATALOGUE / "territory"),
        settings.DIRECTORY,
        Database(value("DATABASE_URL"), size=CONNECTIONS),
        key=SigningKey.load(Path(value("LIENTHONG_KEY"))),
        seal=SigningKey.load(Path(value("LIENTHONG_SEAL_KEY"))),
        run=Path(value("LIENTHONG_RUN")),
        seal_chain=read_chain(value("LIENTHONG_SEAL_CERT")),
        time_stamps=value("LIENTHONG_TIME_STAMPS"),
    )


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
) -> Node:
    """A node from its parts; `run` is the folder of its doorbell."""
    name = catalogue.node
    return Node(
        name=name,
        database=database,
        key=key,
        seal=seal,
        directory=directory,
        catalogue=catalogue,
        territory=territory,
        doorbell=Doorbell(run / f"{name}.bell"),
        asker=Asker(name, key, directory),
        handlers=HANDLERS,
        answerers=ANSWERERS,
        settlers=SETTLERS,
        on_act=(notifying.told,) if "portal" in catalogue.card.faces else (),
        on_task_closed=ON_TASK_CLOSED,
        seal_chain=seal_chain,
        time_stamps=time_stamps,
    )
