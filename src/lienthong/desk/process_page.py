"""What the pages of process tables show besides the editor: the list, one service's table, what two tables say
otherwise, and a table tried on past dossiers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec
from django.urls import reverse

from lienthong.casework import trying, words
from lienthong.casework.acts import Act, NotPossible
from lienthong.casework.trying import Late, Trial, Visit
from lienthong.catalogue.files import raw
from lienthong.catalogue.internal_process import InternalProcess, part_of
from lienthong.catalogue.process_check import hours_allowed, total_hours
from lienthong.catalogue.process_differences import differences
from lienthong.catalogue.shapes import Process, Service
from lienthong.desk import pages, process_words
from lienthong.desk.process_drafts import Draft
from lienthong.desk.proposals import Proposal
from lienthong.exchange.node import Node
from lienthong.exchange.publications import body_of
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.worktime import NoCalendar

MONTHS: Final = (1, 3, 6, 12)
MOST_TRIED: Final = 2_000
_VERSIONS = "SELECT version, since, hash, envelope FROM publication WHERE part = %s ORDER BY version DESC"
_HELD = "SELECT DISTINCT role FROM officer WHERE starts <= %s AND (ends IS NULL OR ends >= %s)"
_ENDED = """
SELECT d.code, d.service, d.revision, d.unit, j.payload FROM (
    SELECT code, service, revision, unit, finished_at FROM dossier
    WHERE service = %s AND finished_at >= %s ORDER BY finished_at DESC LIMIT %s
) d JOIN journal_entry j ON j.stream = 'dossier/' || d.code
WHERE j.payload IS NOT NULL ORDER BY d.code, j.number
"""


def own_services(node: Node) -> dict[str, Service]:
    """The services whose process is this agency's to order."""
    every = node.catalogue.services.items()
    return {slug: one for slug, one in every if one.card.handled_by == node.name and not one.branches}


def listed(node: Node, tx: Tx, drafts: Mapping[str, Draft], proposed: Mapping[str, Proposal]) -> list[dict[str, Any]]:
    rows = []
    for slug, service in sorted(own_services(node).items(), key=lambda one: one[1].card.name.vi):
        part = part_of(node.name, slug)
        found = versions(tx, part)
        rows.append(
            {
                "url": reverse("process_table", args=slug.split("/")),
                "name": service.card.name.in_language(pages.language()),
                "code": service.card.code,
                **decision(service.process),
                "since": next((one["since"] for one in found if one["since"] <= clock.today()), None),
                "coming": next((one for one in found if one["since"] > clock.today()), None),
                "steps": len(service.process.steps),
                "hours": total_hours(service.process),
                "allowed": hours_allowed(service),
                "draft": drafts.get(slug),
                "proposal": proposed.get(part),
            }
        )
    return rows


def decision(process: Process) -> dict[str, Any]:
    """By which decision a table holds; of the ministry's model none of these."""
    if not isinstance(process, InternalProcess):
        return {"symbol": "", "decision": "", "decided_on": None, "note": ""}
    return {name: getattr(process, name) for name in ("symbol", "decision", "decided_on", "note")}


def versions(tx: Tx, part: str) -> list[dict[str, Any]]:
    """Every version of an agency's own process, the newest first."""
    return [{"version": row.version, "since": row.since, **_head(row.envelope)} for row in tx.all(_VERSIONS, (part,))]


def _head(envelope: str) -> dict[str, Any]:
    """The decision behind a version, as its file says; a version without files ended the agency's own process."""
    files = body_of(envelope).files
    said = raw(files, next(iter(files))) if files else {}
    return {name: said.get(name, "") for name in ("symbol", "decision", "decided_on", "transition")}


def steps(node: Node, service: Service, process: Process) -> list[dict[str, Any]]:
    """A table to read."""
    language = pages.language()
    return [
        {
            "name": step.name.in_language(language),
            "verb": process_words.VERBS[step.verb],
            "who": process_words.performer(node, step),
            "automatic": bool(step.straight_through),
            "hours": process_words.hours(step.hours),
            "rule": words.cited(step.rule),
            "when": process_words.condition(node, service, step.when),
            "unit": process_words.field_label(node, service, step.unit) if step.unit else "",
            "asks": [process_words.opinion(one) for one in step.asks],
        }
        for step in process.steps
    ]


def compared(node: Node, service: Service, old: Process, new: Process) -> list[dict[str, str]]:
    """What the new table says otherwise."""
    about = msgspec.structs.replace(service, process=new)
    return [process_words.difference(node, about, one) for one in differences(old, new)]


def unmanned(node: Node, process: Process) -> list[str]:
    """Posts that the table names and nobody holds here today: what comes to them would wait for ever."""
    on = clock.today()
    with node.database.transaction() as tx:
        held = {row.role for row in tx.all(_HELD, (on, on))}
    named = {step.role for step in process.steps} | {one.role for step in process.steps for one in step.asks}
    return sorted(words.role_name(role) for role in named - held - {""})


# tried on past dossiers


def past(node: Node, tx: Tx, slug: str, months: int) -> tuple[dict[str, list[Visit]], int]:
    """How long the dossiers of the last months lay at their steps, the newest MOST_TRIED; and how many could not be
    read: under a revision that is not here, or in a year without a calendar."""
    since = clock.now() - timedelta(days=30 * months)
    histories: dict[tuple[str, str, str], list[Act]] = {}
    for row in tx.all(_ENDED, (slug, since, MOST_TRIED)):
        key = (row.code, row.revision, row.unit or "")
        histories.setdefault(key, []).append(msgspec.json.decode(row.payload, type=Act))
    found: dict[str, list[Visit]] = {}
    for (code, revision, unit), acts in histories.items():
        try:
            service = node.catalogue.service(slug, revision)
            found[code] = trying.visits(service, acts, node.catalogue.calendar_of(unit))
        except (LookupError, NotPossible, NoCalendar):
            continue
    return found, len(histories) - len(found)


def tried(old: Process, new: Process, stays: Mapping[str, Sequence[Visit]], officer: Officer) -> dict[str, Any]:
    """desk/process_trial_part.html: the figures of a trial, in words."""
    trial = trying.try_out(old, new, stays)
    names = {step.step: step.name.in_language(pages.language()) for step in (*old.steps, *new.steps)}
    may_open = bool(officer.roles - {pages.PROCESS_ADMIN})
    return {
        "dossiers": trial.dossiers,
        "late_before": trial.late_before,
        "late_after": trial.late_after,
        "steps": _tried_steps(trial),
        "total_before": trial.total_before,
        "total_after": trial.total_after,
        "unmapped": [{"name": names.get(step, step), "dossiers": n} for step, n in trial.unmapped.items()],
        "untried": [step.name.in_language(pages.language()) for step in trial.untried],
        "newly": _named(trial.newly, names, may_open),
        "newly_late": trial.newly_late,
        "no_longer": _named(trial.no_longer, names, may_open),
        "no_longer_late": trial.no_longer_late,
        "most": trying.MOST_NAMED,
    }


def _tried_steps(trial: Trial) -> list[dict[str, Any]]:
    return [
        {
            "name": line.step.name.in_language(pages.language()),
            "was": line.before.name.in_language(pages.language()) if line.before else "",
            "renamed": line.before is not None and line.before.step != line.step.step,
            "dossiers": line.dossiers,
            "median": process_words.hours(line.median),
            "hours_before": line.before.hours if line.before else None,
            "hours_after": line.step.hours,
            "late_before": line.late_before,
            "late_after": line.late_after,
        }
        for line in trial.steps
    ]


def _named(late: Iterable[Late], names: Mapping[str, str], may_open: bool) -> list[dict[str, str]]:
    return [
        {
            "code": one.code,
            "url": reverse("dossier", args=[one.code]) if may_open else "",
            "step": names.get(one.step, one.step),
            "hours": process_words.hours(round(one.hours, 1)),
            "limit": str(one.limit),
        }
        for one in late
    ]


def shown_proposal(node: Node, proposal: Proposal, officer: Officer) -> dict[str, Any]:
    """A proposal's facts in words."""
    return {
        "id": proposal.id,
        "url": reverse("proposal", args=[proposal.id]),
        "author": proposal.author_name,
        "at": proposal.at,
        "since": proposal.since,
        "transition": process_words.TRANSITIONS.get(proposal.transition, proposal.transition),
        "note": proposal.note,
        "state": process_words.STATE_SIGNS[proposal.state],
        "label": process_words.STATES[proposal.state],
        "open": proposal.state == "open",
        "mine": officer.number in proposal.authors,
        "decided_by": proposal.decided_name,
        "decided_at": proposal.decided_at,
        "reason": proposal.reason,
        "day_passed": proposal.since < clock.today(),
    }


def day_of(text: str) -> date | None:
    """A day typed as dd/mm/yyyy or sent as yyyy-mm-dd."""
    for pattern in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text.strip(), pattern).date()  # noqa: DTZ007 — a day has no zone
        except ValueError:
            continue
    return None
