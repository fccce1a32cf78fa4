"""What a person is told of a read that a system outside made through a gateway."""

from lienthong.casework.tests.country import Country
from lienthong.portal import read_words

READ = {
    "owner": "G01", "read": "r-1", "at": "2026-11-22T09:00:00+07:00", "asker": "gate", "by_person": True,
    "purpose": "outside/bank-account", "case": "YC-1",
    "opened": [{"register": "persons", "fields": ["number", "full_name"]}],
}  # fmt: skip


def test_the_system_and_its_unit_are_named_and_the_purpose_is_in_words(country: Country) -> None:
    portal = country.nodes["portal"]
    read = READ | {"roles": ["highland-bank/Z01.12"]}
    told = read_words.view(portal, read, frozenset(), {}, "en")
    assert told.who == "Highland Bank (trial) (Z01.12)"
    assert "ngân hàng" in told.purpose.lower() or "bank" in told.purpose.lower()


def test_a_system_that_is_registered_no_more_stands_for_itself(country: Country) -> None:
    read = READ | {"roles": ["gone/H36"]}
    assert read_words.view(country.nodes["portal"], read, frozenset(), {}, "vi").who == "gone (H36)"
