"""Results that no register holds: a numbered decision or certificate, made right after it was signed."""

from typing import Any

from lienthong.casework import values
from lienthong.casework.facts import Facts
from lienthong.catalogue.shapes import Step
from lienthong.kit import clock
from lienthong.kit.series import next_number

_GIVEN = "SELECT number, issued_on FROM handoff WHERE dossier = %s AND state = 'done'"


def made(facts: Facts, step: Step) -> dict[str, Any]:
    """What a result says: its number in the agency's book of the year, its national code, the fields of the table."""
    dossier = facts.dossier
    agency, year = dossier.identity.agency, clock.today().year
    number = next_number(facts.tx, f"result/{agency}/{step.result}/{year}")
    given = {**facts.results, **_given(facts)}
    fields = values.fill(step.fields, dossier, facts.declared, given, facts.today)
    record = {"number": f"{number}/{year}", "issued_on": facts.today.isoformat(), **fields}
    return {
        "register": "",
        "key": f"{agency}/{step.result}/{year}/{number:06d}",
        "result": step.result,
        "record": record,
    }


def _given(facts: Facts) -> dict[str, Any]:
    """What a ministry's system gave for this dossier (handoff), as the result of a branch of that name."""
    row = facts.tx.one(_GIVEN, (facts.dossier.identity.code,)) if facts.service.card.handoff else None
    return {"handoff": {"record": {"number": row.number, "issued_on": row.issued_on.isoformat()}}} if row else {}
