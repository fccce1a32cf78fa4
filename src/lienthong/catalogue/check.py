"""`python -m lienthong.catalogue.check`: load the whole catalogue and run every service's examples."""

import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from lienthong.catalogue import forms
from lienthong.catalogue.catalogue import load, read_nodes
from lienthong.catalogue.files import CatalogueError
from lienthong.catalogue.shapes import Example, Service, Term
from lienthong.kit.worktime import WorkCalendar

FOLDER = Path(__file__).parents[3] / "catalogue"


def failures(folder: Path, rules: Mapping[str, str]) -> Iterator[str]:
    """Every example whose outcome is not the expected one. Raises CatalogueError when the folder does not load."""
    for node in read_nodes(folder):
        catalogue = load(folder, node, rules)
        for service in catalogue.services.values():
            if service.card.handled_by == node:
                for example in service.examples:
                    yield from _differences(service, example, catalogue.terms, catalogue.calendar)


def _differences(
    service: Service, example: Example, terms: Mapping[str, Term], calendar: WorkCalendar
) -> Iterator[str]:
    received = datetime.fromisoformat(example.received)
    place = f"{service.slug} «{example.title}»"
    errors = forms.check(service.form, terms, example.declared, received.date())
    if errors != example.errors:
        yield f"{place}: errors are {errors}, not {example.errors}"
    if errors:
        return
    yield from (f"{place}: {what}" for what in _wrong_moments(service, example, calendar, received))
    steps = (service.model or service.process).steps  # an agency orders its own work
    path = [step.step for step in steps if not step.when or forms.holds(step.when, example.declared)]
    if path != example.path:
        yield f"{place}: goes {path}, not {example.path}"


def _wrong_moments(service: Service, example: Example, calendar: WorkCalendar, received: datetime) -> Iterator[str]:
    limit = service.card.limit
    due = calendar.due_hours(received, limit.hours) if limit.hours else calendar.due(received, limit.working_days)
    if due.isoformat() != example.due:
        yield f"due {due.isoformat()}, not {example.due or '(not said)'}"
    expected = {
        "verified_due": (example.verified_due, calendar.due(received, limit.verified_days)),
        "consent_until": (example.consent_until, calendar.due(received, min(_consent_days(service, example)))),
        "then_due": (example.then_due, _after_a_pause(example, calendar, due)),
    }
    for name, (said, moment) in expected.items():
        if said and moment.isoformat() != said:
            yield f"{name} {moment.isoformat()}, not {said}"


def _consent_days(service: Service, example: Example) -> list[int]:
    return [one.days for one in service.process.consents if one.consent in (example.consents or [])] or [0]


def _after_a_pause(example: Example, calendar: WorkCalendar, due: datetime) -> datetime:
    """The promised time when the clock stood still for a while."""
    if not example.stood:
        return due
    since, until = (datetime.fromisoformat(moment) for moment in example.stood)
    return calendar.after_hours(due, calendar.hours_between(since, until))


class _AnyRule(dict[str, str]):
    """Stands for the decision rules, which live above this room; a node that is put together checks their names."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return name


def main() -> int:
    try:
        found = list(failures(FOLDER, _AnyRule()))
    except CatalogueError as error:
        found = [str(error)]
    for failure in found:
        print(failure, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
