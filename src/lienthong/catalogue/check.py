"""`python -m lienthong.catalogue.check`: load the whole catalogue and run every service's examples."""

import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from lienthong.catalogue import forms
from lienthong.catalogue.catalogue import CatalogueError, load, read_nodes
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
    due = calendar.due(received, service.card.limit.working_days).isoformat()
    if due != example.due:
        yield f"{place}: due {due}, not {example.due or '(not said)'}"
    path = [step.step for step in service.process.steps]
    if path != example.path:
        yield f"{place}: goes {path}, not {example.path}"


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
