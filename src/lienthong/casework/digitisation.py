"""Components of a dossier: the papers that a procedure asks for, each kept once and in which state.

    0  not digitised: on paper only, or only shown
    1  digitised: a file that was handed in, or scanned by an officer
    2  taken from a component of an earlier dossier, by reference
    3  taken from an earlier result, by reference

A row is never changed: a scan that replaces another is a new version with its reason. A reused component is not copied
here: whoever keeps it is asked whether it still holds, whenever the dossier is received, checked or decided.
(Decree 118/2025/NĐ-CP, Art. 17; Circular 01/2023/TT-VPCP, Art. 8: as many images as pages, of the whole document.)
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from lienthong.casework.dossiers import Content, Identity
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Service
from lienthong.documents import attachments
from lienthong.documents.attachments import Entry, Reused
from lienthong.documents.scanning import FINE_ENOUGH, Scan
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx

ON_PAPER, DIGITISED, OF_COMPONENT, OF_RESULT = 0, 1, 2, 3
Came = Literal["online", "scan", "paper", "shown", "store"]
_CAME: Final[Mapping[str, Came]] = {"counter": "scan", "post": "scan"}  # by channel; others hand files in
_COLUMNS = "dossier, kind, version, name, state, came, files, reused, originals, about, reason, by_number, by_name, at"
_ADD = f"INSERT INTO component ({_COLUMNS}) VALUES ({', '.join(['%s'] * 14)})"
_NEWEST = f"SELECT DISTINCT ON (kind) {_COLUMNS} FROM component WHERE dossier = %s ORDER BY kind, version DESC"
_HISTORY = f"SELECT {_COLUMNS} FROM component WHERE dossier = %s AND kind = %s ORDER BY version DESC"
_ASKED = """
INSERT INTO component_asked (dossier, kind, at, act, state, officer) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""


class File(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file of a component, with what could be counted of it."""

    id: str
    name: str
    type: str
    size: int
    sha256: str
    pages: int = 0
    dpi: int = 0


class About(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is written on the paper, as the officer read it off."""

    number: str = ""
    issuer: str = ""
    issued_on: str = ""
    valid_until: str = ""


class Component(msgspec.Struct, frozen=True):
    """One paper of a dossier as it stands. `originals` are the pages of the paper, counted by hand."""

    dossier: str
    kind: str
    version: int
    name: str
    state: int
    came: Came
    files: list[File] = []
    reused: Reused | None = None
    originals: int = 0
    about: About = About()
    reason: str = ""
    by_number: str = ""
    by_name: str = ""
    at: datetime = attachments.NEVER

    @property
    def pages(self) -> int:
        return sum(file.pages for file in self.files)

    @property
    def flaws(self) -> list[str]:
        """What is wrong with the scan: `pages` (not as many images as the paper has), `coarse` (below 200 dpi)."""
        counted = self.originals and self.pages and self.originals != self.pages
        coarse = any(0 < file.dpi < FINE_ENOUGH for file in self.files)
        return [name for name, found in (("pages", counted), ("coarse", coarse)) if found]


def begin(tx: Tx, service: Service, identity: Identity, content: Content) -> None:
    """What a dossier came with: its files by component, and the papers that it must have and came without."""
    at, code, came = clock.now(), identity.code, _CAME.get(identity.channel, "online")
    by_kind = _by_kind(msgspec.convert(content.attachments, list[Entry]))
    for kind, files in by_kind.items():
        _add(tx, _of_files(service, code, kind, files, came, at))
    for kind in papers(service, content.declared):
        if kind not in by_kind and not service.form.fields[kind].optional:
            _add(tx, Component(code, kind, 1, title(service, kind), ON_PAPER, "paper", at=at))


def more(tx: Tx, service: Service, code: str, entries: Iterable[Entry], reason: str) -> None:
    """What the applicant handed in later: a new version of its component."""
    at, versions = clock.now(), {found.kind: found.version for found in of(tx, code)}
    for kind, files in _by_kind(entries).items():
        made = _of_files(service, code, kind, files, "online", at)
        _add(tx, msgspec.structs.replace(made, version=versions.get(kind, 0) + 1, reason=reason))


def _by_kind(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.kind, []).append(entry)
    return found


def _of_files(service: Service, code: str, kind: str, entries: Sequence[Entry], came: Came, at: datetime) -> Component:
    reused = next((entry.reused for entry in entries if entry.reused), None)
    state = DIGITISED if reused is None else OF_RESULT if reused.origin == "result" else OF_COMPONENT
    files = [File(e.id, e.name, e.type, e.size, e.sha256) for e in entries]
    about = About(reused.number, reused.issuer, reused.issued_on) if reused else About()
    return Component(
        code, kind, 1, title(service, kind), state, "store" if reused else came, files, reused, about=about, at=at
    )


def papers(service: Service, declared: Mapping[str, Any]) -> list[str]:
    """The fields of a form that ask for a paper, given what was declared."""
    fields, terms = service.form.fields, service.terms
    return [n for n, spec in fields.items() if terms[spec.term].type == "paper" and forms.applies(spec, declared)]


def title(service: Service, kind: str) -> str:
    """What the form calls a paper, in Vietnamese; one asked for in an officer's words keeps them."""
    spec = service.form.fields.get(kind)
    return (spec.label or service.terms[spec.term].words).vi if spec else kind


def scanned(
    tx: Tx,
    found: Component,
    officer: Officer,
    files: Sequence[tuple[Entry, Scan]],
    *,
    originals: int,
    about: About,
    reason: str,
) -> Component:
    """An officer's scan takes the place of what was there. Raises ValueError: reason, pages.

    `pages`: there are not as many images as the paper has pages; whoever counts a page with a note stuck on it twice
    says so by the number.
    """
    if found.state and not reason:
        raise ValueError("reason")
    kept = [File(e.id, e.name, e.type, e.size, e.sha256, scan.pages, scan.dpi) for e, scan in files]
    if sum(file.pages for file in kept) != originals:
        raise ValueError("pages")
    return _replaced(tx, found, officer, DIGITISED, "scan", files=kept, originals=originals, about=about, reason=reason)


def kept_as_paper(
    tx: Tx, found: Component, officer: Officer, came: Literal["paper", "shown"], reason: str
) -> Component:
    """It is not scanned: it stays on paper, or was shown and given back. Raises ValueError: reason."""
    if found.state and not reason:
        raise ValueError("reason")
    return _replaced(tx, found, officer, ON_PAPER, came, files=[], reason=reason)


def _replaced(tx: Tx, found: Component, officer: Officer, state: int, came: Came, **more: Any) -> Component:
    made = msgspec.structs.replace(
        found, version=found.version + 1, state=state, came=came, reused=None, by_number=officer.number,
        by_name=officer.name, at=clock.now(), **more,
    )  # fmt: skip
    _add(tx, made)
    tx.flush()
    return made


def of(tx: Tx, code: str) -> list[Component]:
    """A dossier's components as they stand."""
    return [_read(row) for row in tx.all(_NEWEST, (code,))]


def history(tx: Tx, code: str, kind: str) -> list[Component]:
    """Every version of one component, the newest first."""
    return [_read(row) for row in tx.all(_HISTORY, (code, kind))]


def noted(tx: Tx, code: str, said: Mapping[str, str], act: str, officer: Officer) -> None:
    """What keepers said about reused components, kept beside the act that it was asked for."""
    at = clock.now()
    for kind, state in said.items():
        tx.touch(_ASKED, (code, kind, at, act, state, officer.number))


def _add(tx: Tx, it: Component) -> None:
    """Raises psycopg.errors.UniqueViolation when somebody else was first."""
    files, about = (msgspec.json.encode(part).decode() for part in (it.files, it.about))
    reused = msgspec.json.encode(it.reused).decode() if it.reused else ""
    what = (it.dossier, it.kind, it.version, it.name, it.state, it.came, files, reused, it.originals, about)
    tx.run(_ADD, (*what, it.reason, it.by_number, it.by_name, it.at))


def _read(row: Any) -> Component:
    values = row._asdict()
    values["files"] = msgspec.json.decode(row.files, type=list[File])
    values["reused"] = msgspec.json.decode(row.reused, type=Reused) if row.reused else None
    values["about"] = msgspec.json.decode(row.about, type=About)
    return Component(**values)
