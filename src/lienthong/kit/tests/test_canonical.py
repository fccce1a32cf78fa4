"""One set of facts, one byte sequence; text made comparable."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from lienthong.kit.canonical import canonical
from lienthong.kit.text import fold


def test_keys_are_sorted_and_vietnamese_stays_utf_8() -> None:
    assert canonical({"b": "Đắk", "a": None}) == '{"a":null,"b":"Đắk"}'.encode()


def test_an_instant_has_the_same_bytes_in_every_zone() -> None:
    here = datetime(2026, 11, 21, 8, 30, tzinfo=timezone(timedelta(hours=7)))
    assert canonical({"at": here}) == canonical({"at": here.astimezone(UTC)}) == b'{"at":"2026-11-21T01:30:00Z"}'
    assert canonical({"on": date(2026, 11, 21), "n": [1, True]}) == b'{"n":[1,true],"on":"2026-11-21"}'


def test_what_has_no_one_form_is_refused() -> None:
    with pytest.raises(TypeError):
        canonical({"weight": 3.2})
    with pytest.raises(TypeError):
        canonical({"at": datetime(2026, 11, 21, 8, 30)})  # noqa: DTZ001 - the case


def test_text_folds_as_people_type() -> None:
    assert fold("Xã D’Ran") == fold("xa  d'ran") == "xa dran"
    assert fold("Đặng Thị Ánh") == "dang thi anh"
    assert fold("Xuân Hương - Đà Lạt") == "xuan huong da lat"
