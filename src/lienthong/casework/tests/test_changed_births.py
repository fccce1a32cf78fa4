"""A birth corrected, and annulled: the population register first, then civil status, then who asked."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lienthong.casework.tests.country import DI_LINH, Country, in_node
from lienthong.exchange import outbox
from lienthong.registers import changing, records

BIRTH = "civil-status/birth-registration"
CHILD, KEY = "068326555001", f"KS-{DI_LINH}-2026-700001"


@pytest.fixture(scope="module")
def country(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    made = Country(node_database, Path(tmp_path_factory.mktemp("run")))
    mother = made.family(1).number
    shared = {"birth_date": "2026-10-12", "gender": "female", "ethnicity": "16", "nationality": "VN"}
    made.enter("G01", "persons", number=CHILD, full_name="Ka Nhung", mother=mother, **shared)
    made.enter(
        "G15", "births", number=KEY, child_number=CHILD, child_name="Ka Nhung", hometown=DI_LINH, birth_place="68009",
        unit=DI_LINH, mother=mother, registered_on="2026-10-20", state="registered", **shared,
    )  # fmt: skip
    office = made.nodes["H36"]
    office.settlers = {name: hear for name, hear in office.settlers.items() if name != changing.SERVICE}  # no dossier
    yield made
    made.close()


def ask(country: Country, change: str, reason: str, **fields: Any) -> str:
    """H36 asks G15; the outcome as H36's own outbox holds it once everything is delivered."""
    place = country.nodes["H36"]
    body = {"register": "births", "key": KEY, "change": change, "fields": fields, "reason": reason, "dossier": "H36-0"}
    message = in_node(
        place, lambda tx: outbox.send(place, tx, "G15", changing.SERVICE, body, case="T-1", purpose=BIRTH, key="H36-0")
    )
    country.deliver()
    return str(in_node(place, lambda tx: tx.value("SELECT state FROM outbox WHERE message = %s", (message,))))


def held(country: Country, node: str, register: str, lookup: str, value: str) -> dict[str, Any] | None:
    place = country.nodes[node]
    found = in_node(place, lambda tx: records.find(tx, place.catalogue.owned[register], lookup, value))
    return found[0] if found else None


def test_a_corrected_name_stands_in_both_registers(country: Country) -> None:
    assert ask(country, "amend", "Sai tên", child_name="Ka Nhung Ly", mother_name="Ka Wẽn") == "done"
    birth, child = held(country, "G15", "births", "number", KEY), held(country, "G01", "persons", "number", CHILD)
    assert birth is not None
    assert child is not None
    assert (birth["child_name"], birth["mother_name"], child["full_name"]) == ("Ka Nhung Ly", "Ka Wẽn", "Ka Nhung Ly")


def test_a_correction_that_the_population_register_refuses_changes_neither(country: Country) -> None:
    father = country.family(2).number  # a woman
    assert ask(country, "amend", "Bổ sung cha", father=father, father_name="Ka Wẽn") == "refused"
    assert held(country, "G15", "births", "number", KEY)["father"] is None  # type: ignore[index]
    assert held(country, "G01", "persons", "number", CHILD)["father"] is None  # type: ignore[index]


def test_an_annulled_birth_is_gone_from_both_with_its_reason_kept(country: Country) -> None:
    assert ask(country, "withdraw", "QĐ 15/QĐ-UBND") == "done"
    for node, register, lookup, key in (("G15", "births", "number", KEY), ("G01", "persons", "number", CHILD)):
        place = country.nodes[node]
        assert held(country, node, register, lookup, key) is None
        declared = place.catalogue.owned[register]
        ended = in_node(place, lambda tx, declared=declared, key=key: records.withdrawn(tx, declared, key))
        assert ended["withdrawn"] == "QĐ 15/QĐ-UBND"
    assert ask(country, "withdraw", "QĐ 15/QĐ-UBND") == "refused"
