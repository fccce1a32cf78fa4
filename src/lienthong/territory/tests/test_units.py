"""The 124 communes, their codes, and finding them as people type them."""

from datetime import date
from pathlib import Path

import pytest

from lienthong.territory.units import Territory

FOLDER = Path(__file__).parents[4] / "catalogue" / "territory"


@pytest.fixture(scope="module")
def territory() -> Territory:
    return Territory.load(FOLDER)


def test_the_province_has_103_communes_20_wards_and_one_special_zone(territory: Territory) -> None:
    kinds = [unit.kind for unit in territory.units()]
    assert (kinds.count("xã"), kinds.count("phường"), kinds.count("đặc khu")) == (103, 20, 1)
    assert len({unit.code for unit in territory.units()}) == 124
    assert all(unit.name.lower().startswith(unit.kind) for unit in territory.units())


def test_a_unit_carries_the_province_code_inside_numbers(territory: Territory) -> None:
    assert territory.unit("25000").former_province == "068"
    assert territory.unit("24640").former_province == "067"
    assert territory.unit("22945").former_province == "060"
    assert territory.former_province("067") == "tỉnh Đắk Nông"
    assert territory.unit("17464").full_name == "xã Diễn Châu, tỉnh Nghệ An"
    assert all(territory.former_province(unit.former_province) for unit in territory.elsewhere())


def test_units_begin_on_the_first_of_july_2025(territory: Territory) -> None:
    assert territory.unit("25000", date(2025, 7, 1)).title == "Xã Di Linh"
    with pytest.raises(KeyError):
        territory.unit("25000", date(2025, 6, 30))
    assert territory.units(date(2025, 6, 30)) == []


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("di linh", "25000"),
        ("Xã Di Linh", "25000"),
        ("d'ran", "24934"),
        ("b’lao", "24829"),
        ("dam rong 4", "24853"),
        ("phu quy", "23272"),
        ("xuan huong da lat", "24781"),
        ("1 bao loc", "24823"),
    ],
)
def test_a_unit_is_found_with_and_without_accents(territory: Territory, typed: str, first: str) -> None:
    assert territory.find(typed)[0].code == first


def test_nothing_is_found_for_nothing(territory: Territory) -> None:
    assert territory.find("") == []
    assert territory.find("Hà Nội") == []


def test_every_commune_has_a_nearest_facility(territory: Territory) -> None:
    assert territory.nearest_facility("25018").code == "68009"
    for unit in territory.units():
        assert territory.facility(territory.nearest_facility(unit.code).code).name
    assert len({facility.code for facility in territory.facilities()}) == len(territory.facilities())
    assert {territory.unit(facility.unit).province for facility in territory.facilities()} == {"tỉnh Lâm Đồng"}
