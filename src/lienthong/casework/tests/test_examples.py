"""What the catalogue's examples say about people asked and times waited: the parts whose rules live in this room."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from lienthong.casework.limits import SUPPLEMENT_DAYS
from lienthong.casework.rules import CONSENTS, source_hashes
from lienthong.catalogue.catalogue import load
from lienthong.catalogue.shapes import Example, Service
from lienthong.config.state import HOME

CATALOGUES = [load(HOME / "catalogue", node, source_hashes()) for node in ("portal", "H36", "G01", "BHXH")]
CALENDAR = CATALOGUES[0].calendar
EXAMPLES = [
    pytest.param(service, example, id=f"{service.slug}: {example.title}")
    for catalogue in CATALOGUES
    for service in catalogue.services.values()
    if service.card.handled_by == catalogue.node
    for example in service.examples
]


def asked(service: Service, example: Example) -> list[str]:
    """The consents that a case asks for, where no register says that parents live apart."""
    facts: Any = SimpleNamespace(declared=example.declared, own=lambda *_: {})
    return [one.consent for one in service.process.consents if CONSENTS[one.when](facts)]


@pytest.mark.parametrize(("service", "example"), EXAMPLES)
def test_an_example_asks_whom_it_says_and_waits_as_long_as_it_says(service: Service, example: Example) -> None:
    if example.consents is not None:
        assert asked(service, example) == example.consents
    if example.supplement_until:
        until = CALENDAR.due(datetime.fromisoformat(example.received), SUPPLEMENT_DAYS)
        assert until.isoformat() == example.supplement_until


def test_there_is_an_example_of_each_reading() -> None:
    every = [param.values[1] for param in EXAMPLES]
    assert sum(bool(example.supplement_until) for example in every) >= 1  # type: ignore[attr-defined]
    assert {name for e in every for name in e.consents or []} >= {"father", "mother", "householder"}  # type: ignore[attr-defined]
    assert sum(bool(example.then_due) for example in every) >= 2  # type: ignore[attr-defined]
    assert sum(bool(example.verified_due) for example in every) >= 3  # type: ignore[attr-defined]
