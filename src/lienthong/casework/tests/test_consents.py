"""Consents of householders on e-identity: given, declined, on paper, not answered."""

from datetime import timedelta

import pytest

from lienthong.agreements import consents
from lienthong.casework import dossiers, journey, pauses, timers
from lienthong.casework.tests.case import POLICE, Case
from lienthong.casework.tests.country import DI_LINH, Country, in_node
from lienthong.kit import clock

pytestmark = pytest.mark.usefixtures("own_clock")


def consenting(country: Country, number: int, given: bool) -> Case:
    """A child who is to live with a grandmother, who is asked and answers."""
    grandmother = f"0681600{number:05d}"
    country.enter(
        "G01", "persons", number=grandmother, full_name="Ka Mỹ", birth_date="1960-01-01", gender="female",
        ethnicity="16", nationality="VN", hometown=DI_LINH, birth_unit=DI_LINH,
    )  # fmt: skip
    country.enter(
        "G01-eid", "accounts", number=grandmother, full_name="Ka Mỹ", birth_date="1960-01-01", gender="female",
        level=2, status="active",
    )  # fmt: skip
    case = Case(country, number, householder=grandmother)
    case.decide()
    assert case.states()["residence"] == "consent"
    eid, request = country.nodes["G01-eid"], f"{case.branch('G01', 'residence').identity.code}/householder"
    clock.shift(timedelta(days=1))
    in_node(eid, lambda tx: consents.answer(eid, tx, request, grandmother, given))
    country.deliver()
    return case


def test_a_householder_who_agrees_on_e_identity_lets_the_residence_be_decided_at_once(country: Country) -> None:
    case = consenting(country, 120, given=True)
    assert case.states()["residence"] == "done"
    acts = in_node(country.nodes["G01"], lambda tx: dossiers.acts(tx, case.branch("G01", "residence").identity.code))
    assert [act.verb for act in acts] == ["acknowledge", "receive", "ask_consent", "consent", "decide", "issue"]
    assert acts[1].deadline is not None
    assert acts[3].deadline is None or acts[3].deadline > acts[1].deadline
    case.verify()


def test_a_householder_who_declines_stops_the_residence_and_nothing_else(country: Country) -> None:
    case = consenting(country, 121, given=False)
    assert case.states() == {"birth": "done", "residence": "stopped", "card": "done"}
    assert case.parent.state.status == 10
    case.verify()


def test_a_householder_without_e_identity_is_left_to_the_officer(country: Country) -> None:
    case = Case(country, 122, householder=f"0680920{122:05d}")
    case.decide()
    residence = case.branch("G01", "residence")
    assert residence.state.consents == {"householder": "paper"}
    assert residence.state.waiting == "open"
    case.at("G01", journey.decide, POLICE, branch="residence")
    assert case.states()["residence"] == "done"
    case.verify()


def test_nobody_answering_for_consent_stops_the_residence_after_five_working_days(country: Country) -> None:
    number = 123
    country.enter(
        "G01-eid", "accounts", number=f"0680920{number:05d}", full_name="K’ Brèo", birth_date="1992-09-17",
        gender="male", level=2, status="active",
    )  # fmt: skip
    case = Case(country, number, householder=f"0680920{number:05d}")
    case.decide()
    assert case.states()["residence"] == "consent"
    clock.shift(timedelta(days=10))
    timers.tick(country.nodes["G01"])
    country.deliver()
    assert case.branch("G01", "residence").state.reason == pauses.NO_CONSENT
    case.verify()
