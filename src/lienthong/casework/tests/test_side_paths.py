"""The law's side paths across real nodes: supplement, correction, error, annulment, stop."""

from datetime import timedelta

import pytest

from lienthong.casework import automation, dossiers, journey, parents, pauses, revisions, tasks, timers
from lienthong.casework.pauses import Item
from lienthong.casework.states import NotPossible
from lienthong.casework.tests.case import INSURER, RECEIVER, STEWARD, Case, only_task
from lienthong.casework.tests.country import CHAIR, CHECKER, Country, in_node
from lienthong.exchange.envelopes import Refused
from lienthong.kit import clock

pytestmark = pytest.mark.usefixtures("own_clock")


def test_a_supplement_is_asked_once_stops_the_clock_and_keeps_everything_else(country: Country) -> None:
    case = Case(country, 101)
    assert case.branch().state.step == "receive"  # no signed answers came with it: a person looks
    case.at("H36", journey.receive_dossier, RECEIVER)
    promised = case.branch().state.deadline
    case.at("H36", pauses.supplement, CHECKER, [Item(field="child_name", text="Viết rõ tên")], "unclear")
    assert case.branch().state.status == case.parent.state.status == 5
    assert case.parent.state.branches["birth"].asks["items"][0]["field"] == "child_name"

    clock.shift(timedelta(days=3))
    values = {"child_name": "K’ Brêm Di Linh"}
    in_node(case.portal, lambda tx: parents.supply(case.portal, tx, case.code, "birth", case.mother.number, values, []))
    country.deliver()
    branch = case.branch()
    assert (branch.state.step, branch.state.waiting, branch.state.status) == ("check", "open", 4)
    assert branch.state.deadline is not None
    assert promised is not None
    assert branch.state.deadline > promised
    held = in_node(country.nodes["H36"], lambda tx: dossiers.content(tx, branch.identity.code)).declared
    assert (held["child_name"], held["mother_number"]) == ("K’ Brêm Di Linh", case.mother.number)
    with pytest.raises(ValueError, match="required"):
        case.at("H36", pauses.supplement, CHECKER, [Item(paper="giấy")], " ")
    case.verify()


def test_who_does_not_answer_in_seven_working_days_is_told_why_it_stopped(country: Country) -> None:
    case = Case(country, 102)
    case.at("H36", pauses.supplement, RECEIVER, [Item(paper="Văn bản của người làm chứng")], "missing")
    h36 = country.nodes["H36"]
    clock.shift(timedelta(days=8))
    timers.tick(h36)
    assert case.branch().state.waiting == "applicant"
    clock.shift(timedelta(days=5))
    timers.tick(h36)
    country.deliver()
    assert (case.branch().state.status, case.branch().state.reason) == (8, pauses.NOT_SUPPLIED)
    assert case.states() == {"birth": "stopped", "residence": "stopped", "card": "stopped"}
    assert case.parent.state.status == 8
    with pytest.raises(NotPossible):
        in_node(case.portal, lambda tx: parents.supply(case.portal, tx, case.code, "birth", case.mother.number, {}, []))
    case.verify()


def test_an_error_found_by_insurance_goes_back_is_corrected_and_the_card_follows_the_corrected_record(
    country: Country,
) -> None:
    bhxh = country.nodes["BHXH"]
    in_node(bhxh, lambda tx: automation.stop(tx, "child-health-card@2026-09", "Trưởng phòng", "diễn tập"))
    case = Case(country, 103)
    case.decide()
    in_node(bhxh, lambda tx: automation.start(tx, "child-health-card@2026-09", "Trưởng phòng", "xong"))
    assert case.states() == {"birth": "done", "residence": "done", "card": "open"}
    case.at("BHXH", pauses.dispute, INSURER, "birth", "child_name", "K’ Brem", "Sai dấu", branch="card")
    assert case.states()["card"] == "correction"

    h36 = country.nodes["H36"]
    task = only_task(country, "H36", CHECKER, "error", case.code)
    in_node(h36, lambda tx: revisions.accept(h36, tx, task.id, CHECKER, {"child_name": "K’ Brem"}, "đúng là sai"))
    country.deliver()
    assert case.states() == {"birth": "done", "residence": "done", "card": "done"}
    sql = "SELECT count(*) FROM {} WHERE {} = 'K’ Brem'"
    assert case.count("G15", sql.format("births", "child_name")) == 1
    assert case.count("G01", sql.format("persons", "full_name")) == 1
    assert case.count("BHXH", sql.format("insurance_cards", "full_name")) == 1
    kept = in_node(case.portal, lambda tx: dossiers.kept_results(tx, case.code))
    assert "Brem" in kept["birth"]
    closed = in_node(h36, lambda tx: tasks.load(tx, task.id))
    assert closed is not None
    assert closed.state == "done"
    case.verify()


def test_an_error_that_is_none_is_dismissed_and_the_card_goes_on(country: Country) -> None:
    bhxh = country.nodes["BHXH"]
    in_node(bhxh, lambda tx: automation.stop(tx, "child-health-card@2026-09", "Trưởng phòng", "diễn tập"))
    case = Case(country, 104)
    case.decide()
    in_node(bhxh, lambda tx: automation.start(tx, "child-health-card@2026-09", "Trưởng phòng", "xong"))
    case.at("BHXH", pauses.dispute, INSURER, "birth", "gender", "female", "?", branch="card")
    h36 = country.nodes["H36"]
    task = only_task(country, "H36", CHECKER, "error", case.code)
    in_node(h36, lambda tx: revisions.dismiss(h36, tx, task.id, CHECKER, "giấy chứng sinh ghi nam"))
    country.deliver()
    assert case.states()["card"] == "done"
    case.verify()


def test_an_annulled_registration_withdraws_its_consequences_with_their_own_acts(country: Country) -> None:
    case = Case(country, 105)
    case.decide()
    assert set(case.states().values()) == {"done"}
    child = in_node(
        country.nodes["G15"],
        lambda tx: tx.value("SELECT child_number FROM births WHERE dossier = %s", (case.branch().identity.code,)),
    )
    case.at("H36", revisions.annul, CHAIR, "12/QĐ-UBND ngày 20/11/2026", "registered-twice")
    assert set(case.states().values()) == {"annulled"}
    assert (case.parent.state.status, case.parent.state.reason) == (8, "annulled")
    assert case.count("G15", "SELECT count(*) FROM births WHERE child_number = %s", child) == 0
    assert case.count("G01", "SELECT count(*) FROM persons WHERE number = %s", child) == 0
    assert case.count("G01", "SELECT count(*) FROM residences WHERE person = %s", child) == 0
    assert case.count("BHXH", "SELECT count(*) FROM insurance_cards WHERE person = %s", child) == 0
    verbs = in_node(
        country.nodes["BHXH"],
        lambda tx: [act.verb for act in dossiers.acts(tx, case.branch("BHXH", "card").identity.code)],
    )
    assert verbs[-2:] == ["annul", "annulled"]
    case.verify()


def test_a_value_said_to_be_wrong_holds_only_what_depends_on_it(country: Country) -> None:
    wrong = {
        "field": "residence_address", "register": "households", "owner": "G01", "key": "HK6800000106",
        "column": "address", "held": "Thôn 3", "says": "Thôn 8", "note": "đổi tên thôn",
    }  # fmt: skip
    wrong["key"] = f"HK68{106:08d}"
    case = Case(country, 106, corrections=[wrong])
    case.decide()
    assert case.states() == {"birth": "done", "residence": "waiting", "card": "done"}
    g01 = country.nodes["G01"]
    task = only_task(country, "G01", STEWARD, "correction", case.code)
    in_node(g01, lambda tx: tasks.correct(g01, tx, task.id, STEWARD, "Thôn 8", "theo quyết định"))
    country.deliver()
    assert case.states()["residence"] == "done"
    sql = "SELECT count(*) FROM households WHERE address = 'Thôn 8' AND code = %s"
    assert case.count("G01", sql, wrong["key"]) == 1
    with pytest.raises(tasks.Ended):
        in_node(g01, lambda tx: tasks.decline(g01, tx, task.id, STEWARD, "muộn"))
    case.verify()


def test_a_correction_that_is_declined_lets_the_branch_go_on_with_the_registers_value(country: Country) -> None:
    wrong = {
        "field": "residence_address", "register": "households", "owner": "G01", "key": f"HK68{107:08d}",
        "column": "address", "held": "Thôn 3", "says": "Thôn 9", "note": "",
    }  # fmt: skip
    case = Case(country, 107, corrections=[wrong])
    g01 = country.nodes["G01"]
    task = only_task(country, "G01", STEWARD, "correction", case.code)
    in_node(g01, lambda tx: tasks.decline(g01, tx, task.id, STEWARD, "không có căn cứ"))
    country.deliver()
    case.decide()
    assert case.states()["residence"] == "done"
    case.verify()


def test_the_citizen_takes_back_what_is_not_decided(country: Country) -> None:
    case = Case(country, 108)
    in_node(case.portal, lambda tx: parents.withdraw(case.portal, tx, case.code, case.mother.number, "khai lại"))
    country.deliver()
    assert case.branch().state.status == 7
    assert case.parent.state.status == 7
    again = in_node(case.portal, lambda tx: dossiers.load(tx, case.code))
    assert again is not None
    case.verify()


def test_a_correction_is_heard_only_from_the_owner_who_was_asked_and_about_what_was_asked(country: Country) -> None:
    wrong = {
        "field": "residence_address", "register": "households", "owner": "G01", "key": f"HK68{110:08d}",
        "column": "address", "held": "Thôn 3", "says": "Thôn 9", "note": "",
    }  # fmt: skip
    case = Case(country, 110, corrections=[wrong])
    task = only_task(country, "G01", STEWARD, "correction", case.code)
    told = {"id": task.id, "case": case.code, "state": "done", "outcome": {"value": "Thôn 9"}}
    forged = {**told, "detail": {"field": "child_name", "owner": "G18"}}
    with pytest.raises(Refused, match="G18 was not asked"):
        in_node(case.portal, lambda tx: parents.corrected(case.portal, tx, {**forged, "from": "G18"}))
    in_node(case.portal, lambda tx: parents.corrected(case.portal, tx, {**forged, "from": "G01"}))
    declared = in_node(case.portal, lambda tx: dossiers.content(tx, case.code)).declared
    assert (declared["child_name"], declared["residence_address"]) == ("K’ Brêm", "Thôn 9")
