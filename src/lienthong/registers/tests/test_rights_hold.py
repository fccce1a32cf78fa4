"""Whatever is asked, with whatever evidence: no field beyond the right, none of the special ones without evidence,
nobody outside the family that the evidence leads to, and every read in the view of who was read."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.exchange import answering, envelopes, evidence
from lienthong.exchange.envelopes import Header, Refused
from lienthong.exchange.evidence import Reached
from lienthong.exchange.node import Node
from lienthong.exchange.quotas import Quotas
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.registers import reading, reads
from lienthong.registers.tests.offices import (
    BIRTH,
    DI_LINH,
    DIRECTORY,
    KEYS,
    LINKED,
    enter,
    in_node,
    message,
    person,
    sealer,
    session,
    submission,
)

OURS, THEIRS = ("068195001234", "068092004321"), ("068190000007", "068190000008")
NAMES = dict(zip((*OURS, *THEIRS), ("Ka Wẽn", "K’ Brèo", "Trần Thị Lạ", "Lê Văn Xa"), strict=True))
HOMES = {"HK-1": OURS, "HK-2": THEIRS}
ASKERS = [("portal", LINKED), ("portal", "my-data"), ("H36", BIRTH), ("H36", "counter"), ("G18", "birth-notice")]
CASE = "T-1"
COLUMNS = ("spouse", "household", "householder", "number", "person", "mother")
LOOK_UPS = (("persons", "number"), ("residences", "person"), ("residences", "household"), ("households", "code"))

literals = st.sampled_from([*NAMES, *HOMES, "068199999999", ""])
matches = st.one_of(
    st.just({}),
    st.sampled_from([{"full_name": name} for name in NAMES.values()]),
    st.just({"birth_date": "1995-04-02"}),
)


@st.composite
def questions(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Up to five items, each by a value or by an earlier item's column."""
    items: dict[str, dict[str, Any]] = {}
    for place in range(draw(st.integers(1, 5))):
        register, by = draw(st.sampled_from(LOOK_UPS))
        value = {"is": draw(literals)}
        if items and draw(st.booleans()):
            value = {"of": f"{draw(st.sampled_from(sorted(items)))}.{draw(st.sampled_from(COLUMNS))}"}
        item = {"register": register, "by": by, "value": value, "many": draw(st.booleans())}
        if register == "persons":
            item["match"] = draw(matches)
        items[f"i{place}"] = item
    return items


def reach(*people: str) -> str:
    return evidence.of_reach(sealer("G15"), CASE, {one: Reached("own") for one in people})


people = st.sampled_from(sorted(NAMES))
proofs = st.one_of(
    st.just([]),
    st.builds(lambda one: [session(one)], people),
    st.builds(lambda one, other: [session(one), reach(other)], people, people),
    st.builds(lambda one, other: submission(CASE, one, other), people, people),
)


@pytest.fixture(scope="module")
def g01(office: Callable[[str], Node]) -> Node:
    place = office("G01")
    for one, other in (OURS, THEIRS):
        for number, spouse in ((one, other), (other, one)):
            person(place, number, NAMES[number], spouse=spouse, phone="0900000001", birth_date="1995-04-02")
    for code, (head, other) in HOMES.items():
        enter(place, "households", code=code, unit=DI_LINH, address="Thôn 3", householder=head)
        for number in (head, other):
            facts = {"relation": "other", "kind": "permanent", "since": "2020-02-14"}
            enter(place, "residences", person=number, household=code, **facts)
    return place


def asked(place: Node, sender: str, purpose: str, items: Mapping[str, Any], texts: list[str]) -> tuple[str, Any]:
    """The request's id and the items of the answer, None where it was refused; through the whole of answering."""
    place.quotas = Quotas()
    body, at, request = msgspec.json.encode({"items": items, "evidence": texts}), clock.now(), new_id()
    facts = (request, sender, place.name, reading.SERVICE, purpose, CASE, at, at + timedelta(seconds=30))
    header = Header(*facts, envelopes.digest(body))
    raw = msgspec.json.encode(envelopes.close(header, body, KEYS[sender]))
    try:
        answer = answering.answer(place, raw)
    except Refused:
        return request, None
    opened = envelopes.open_envelope(envelopes.decode(answer), DIRECTORY, recipient=sender, at=clock.now())
    return request, opened.body["items"]


def rows_of(items: Mapping[str, Any], found: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every row of an answer with its register."""
    each = [(items[name]["register"], rows if isinstance(rows, list) else [rows]) for name, rows in found.items()]
    return [(register, row) for register, rows in each for row in rows if row]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asker=st.sampled_from(ASKERS), items=questions(), texts=proofs)
def test_no_request_yields_a_field_outside_its_right(
    g01: Node, asker: tuple[str, str], items: dict[str, dict[str, Any]], texts: list[str]
) -> None:
    node: Any = g01
    node.answerers = {reading.SERVICE: reading.read}
    sender, purpose = asker
    request, found = asked(g01, sender, purpose, items, texts)
    rows = rows_of(items, found or {})
    kinds = {"submission"} if len(texts) > 1 and "evidence.submission" in texts[-1] else {"session"} if texts else set()
    for register, row in rows:
        rights = [
            right
            for right in g01.catalogue.granted(sender, reading.SERVICE, purpose, clock.today())
            if right.register == register
        ]
        proven = {name for right in rights if not right.evidence or right.evidence in kinds for name in right.fields}
        narrow = {name for right in rights if right.without for name in right.without.fields}
        assert set(row) <= proven | narrow, "a field that no right names, or a special one without evidence"
    if not any(item.get("match") for item in items.values()):
        assert _families(rows) <= _families_of(sender, texts), "somebody the evidence does not lead to"
        assert texts or not rows, "neither evidence nor a second attribute, and yet an answer"
    _in_their_view(g01, request, items, found)


def _families(rows: list[tuple[str, dict[str, Any]]]) -> set[int]:
    """Whose rows these are: 0 ours, 1 theirs."""
    said = str(rows)
    return {place for place, (one, other) in enumerate((OURS, THEIRS)) if one in said or other in said}


def _families_of(sender: str, texts: list[str]) -> set[int]:
    """The families that statements name: whoever stands in them, in words or as a digest of the case."""
    found = set()
    for text in texts:
        body = msgspec.json.decode(text)["body"]
        named = {str(body.get("person")), *body.get("people", [])}
        if "evidence.submission" in text and sender == "portal":
            named = {str(body["person"])}
        for place, family in enumerate((OURS, THEIRS)):
            found |= {place for one in family if named & {one, evidence._digest(CASE, one)}}
    return found


def _in_their_view(place: Node, request: str, items: Mapping[str, Any], found: Any) -> None:
    """Exactly those whose records were opened find this request among their reads, and with these fields."""
    registers = place.catalogue.owned
    opened: dict[str, set[str]] = {number: set() for number in NAMES}
    for register, row in rows_of(items, found or {}):
        subject = registers[register].subject
        if subject and row.get(subject) in opened:
            opened[row[subject]] |= set(row)
    for number, fields in opened.items():
        body = {"of": number, "read": request, "own": True, "evidence": [session(number)]}
        question = message("portal", reads.SERVICE, reads.OWN, body)
        told = in_node(place, lambda tx, q=question: reads.mine(place, tx, q)).body["reads"]
        assert {field for read in told for one in read["opened"] for field in one["fields"]} >= fields
        assert bool(told) == bool(fields), number
