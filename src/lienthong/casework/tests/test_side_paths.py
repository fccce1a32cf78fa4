"""The law's side paths across real nodes: supplement, consent, correction, error, annulment, stop."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lienthong.agreements import consents
from lienthong.casework import automation, dossiers, journey, parents, pauses, revisions, tasks, timers
from lienthong.casework.dossiers import Content, Dossier
from lienthong.casework.pauses import Item
from lienthong.casework.states import NotPossible, derive
from lienthong.casework.tests.country import CHAIR, CHECKER, DI_LINH, Country, in_node
from lienthong.catalogue import forms
from lienthong.identity.types import Account, Officer, Post
from lienthong.journal import entries
from lienthong.kit import clock

SERVICE = "interlinked/birth-residence-card"
RECEIVER = Officer("068080000003", "Trần Thị Nhận", (Post("reception_officer", DI_LINH),))
POLICE = Officer("068080000004", "Phạm Văn Trú", (Post("residence_officer", DI_LINH),))
INSURER = Officer("068080000005", "Đỗ Thị Thẻ", (Post("insurance_officer", "68"),))
STEWARD = Officer("068080000006", "Võ Thị Gốc", (Post("data_steward", "68"),))


@pytest.fixture(scope="module")
def country(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    made = Country(node_database, Path(tmp_path_factory.mktemp("run")))
    yield made
    made.close()


@pytest.fixture(autouse=True)
def own_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_CLOCK", str(tmp_path / "clock"))


class Case:
    """One declared birth, and what its people do."""

    def __init__(
        self, country: Country, number: int, corrections: list[dict[str, Any]] | None = None, **changed: Any
    ) -> None:
        self.country, self.portal = country, country.nodes["portal"]
        head = changed.pop("householder", f"0681950{number:05d}")
        self.mother: Account = country.family(number, householder=head)
        self.father = f"0680920{number:05d}"
        self.code = f"000.00.01.G22-261122-01{number:04d}"
        declared = {
            "notice_number": f"GCS.68009.2026.{number:06d}", "child_name": "K’ Brêm", "birth_date": "2026-11-12",
            "gender": "male", "birth_place": "68009", "ethnicity": "mother", "hometown": "mother",
            "mother_number": self.mother.number, "mother_name": "Ka Wẽn", "mother_birth_date": "1995-04-02",
            "mother_ethnicity": "16", "mother_nationality": "VN", "mother_hometown": DI_LINH,
            "residence_unit": DI_LINH, "birth_unit": DI_LINH, "residence_address": "Thôn 3",
            "household": f"HK68{number:08d}", "householder_number": head, "householder_name": "Ka Wẽn",
            "relation": "child", "facility": "68009", "requester_number": self.mother.number,
            "requester_name": "Ka Wẽn", "pledge": True, **self._of_form(), **changed,
        }  # fmt: skip
        service = self.portal.catalogue.service(SERVICE)
        content = Content({k: v for k, v in declared.items() if k in service.form.fields and v is not None})
        errors = forms.check(service.form, self.portal.catalogue.terms, content.declared, clock.today())
        for field in [field for field, error in errors.items() if error == "not-asked"]:
            del content.declared[field]
        in_node(
            self.portal,
            lambda tx: parents.submit(
                self.portal, tx, service, code=self.code, applicant=self.mother.number, content=content,
                corrections=corrections,
            ),
        )  # fmt: skip
        country.deliver()
        assert "refused" not in self.states().values(), errors

    def _of_form(self) -> dict[str, Any]:
        return {
            "parents": "mother", "requester_relation": "mother", "mother_papers": "number", "birth_at": "facility", "surname_after": "mother",
            "lives_with": "mother", "registered_at": "mother", "wants_identity_card": "no", "support": "no",
            "delivery_birth": "electronic", "delivery_residence": "electronic", "delivery_card": "electronic",
            "keep_in_store": "yes", "birth_count": "1", "birth_order": "1",
        }  # fmt: skip

    @property
    def parent(self) -> Dossier:
        found = in_node(self.portal, lambda tx: dossiers.load(tx, self.code))
        assert found is not None
        return found

    def branch(self, node: str = "H36", name: str = "birth") -> Dossier:
        sql = "SELECT code FROM dossier WHERE parent = %s AND branch = %s"
        place = self.country.nodes[node]
        code = in_node(place, lambda tx: tx.value(sql, (self.code, name)))
        found = in_node(place, lambda tx: dossiers.load(tx, str(code)))
        assert found is not None
        return found

    def at(self, node: str, act: Callable[..., Any], officer: Officer, *more: Any, branch: str = "birth") -> Any:
        place, code = self.country.nodes[node], self.branch(node, branch).identity.code
        done = in_node(place, lambda tx: act(place, tx, code, officer, *more))
        self.country.deliver()
        return done

    def decide(self) -> None:
        if self.branch().state.step == "receive":
            self.at("H36", journey.receive_dossier, RECEIVER)
        self.at("H36", journey.check, CHECKER)
        self.at("H36", journey.decide, CHAIR)

    def states(self) -> dict[str, str]:
        return {name: branch.state for name, branch in self.parent.state.branches.items()}

    def count(self, node: str, sql: str, *params: Any) -> int:
        return int(in_node(self.country.nodes[node], lambda tx: tx.value(sql, params)))

    def verify(self) -> None:
        """Every dossier of the case is what its acts amount to, and every chain holds."""
        for node in self.country.nodes.values():
            with node.database.transaction() as tx:
                rows = tx.all("SELECT code FROM dossier WHERE code = %s OR parent = %s", (self.code, self.code))
                for row in rows:
                    found = dossiers.load(tx, row.code)
                    assert found is not None
                    service = node.catalogue.service(found.identity.service)
                    assert derive(service, dossiers.acts(tx, row.code)) == found.state
                    entries.verify_stream(tx, found.identity.stream, found.chain)


def only_task(country: Country, node: str, officer: Officer, kind: str, case: str) -> tasks.Task:
    found = in_node(country.nodes[node], lambda tx: tasks.mine(tx, officer))
    return next(task for task in found if task.kind == kind and task.case == case)


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
    with pytest.raises(NotPossible):
        case.at("H36", pauses.supplement, CHECKER, [Item(paper="giấy")], "again")
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


def test_a_stopped_rule_and_a_rule_that_decided_too_often_leave_the_case_to_officers(country: Country) -> None:
    g01 = country.nodes["G01"]
    in_node(g01, lambda tx: automation.stop(tx, "newborn-residence@2026-09", "Trưởng công an", "diễn tập"))
    case = Case(country, 109)
    case.decide()
    assert case.states()["residence"] == "open"
    in_node(g01, lambda tx: automation.start(tx, "newborn-residence@2026-09", "Trưởng công an", "xong"))
    case.at("G01", journey.decide, POLICE, branch="residence")
    assert case.states()["residence"] == "done"
    acts = in_node(g01, lambda tx: dossiers.acts(tx, case.branch("G01", "residence").identity.code))
    unmet = [line["en"] for line in acts[2].detail["verified"] if not line["met"]]
    assert unmet == ["The automatic rule is stopped"]
    case.verify()


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


def test_a_wrong_decision_of_a_rule_is_drawn_found_measured_and_reversed(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automation, "SHARE", 1.0)
    g01, rule, since = country.nodes["G01"], "newborn-residence@2026-09", clock.now()
    right, planted = Case(country, 130), Case(country, 131)
    for case in (right, planted):
        case.decide()
        assert case.states()["residence"] == "done"
    for case, verdict in ((right, True), (planted, False)):
        task = only_task(country, "G01", POLICE, "review", case.code)
        code = in_node(g01, lambda tx, t=task, v=verdict: automation.judge(g01, tx, t.id, POLICE, v, "không ở đó"))
    found = in_node(g01, lambda tx: automation.measured(tx, rule, since))
    assert (found.drawn, found.judged, found.wrong, found.share) == (2, 2, 1, 0.5)
    assert 0.09 < found.low < 0.5 < found.high < 0.91
    in_node(g01, lambda tx: revisions.annul(g01, tx, code, POLICE, "Biên bản kiểm tra 3", "false-statement"))
    country.deliver()
    assert planted.states() == {"birth": "done", "residence": "annulled", "card": "done"}
    assert right.states()["residence"] == "done"
    sql = "SELECT count(*) FROM residences WHERE household = %s AND relation = 'child'"
    assert planted.count("G01", sql, f"HK68{131:08d}") == 0
    planted.verify()


def test_a_rule_that_decides_too_often_about_one_mother_leaves_the_next_to_officers(country: Country) -> None:
    g01, number = country.nodes["G01"], 132
    mark, rule = f"birth.mother=0681950{number:05d}", "newborn-residence@2026-09"
    sql = "INSERT INTO automatic_mark (rule, mark, decided_at, dossier) VALUES (%s, %s, %s, %s)"
    for earlier in range(3):
        in_node(g01, lambda tx, e=earlier: tx.run(sql, (rule, mark, clock.now(), f"earlier-{e}")))
    case = Case(country, number)
    case.decide()
    assert case.states()["residence"] == "open"
    acts = in_node(g01, lambda tx: dossiers.acts(tx, case.branch("G01", "residence").identity.code))
    unmet = [line["en"] for line in acts[2].detail["verified"] if not line["met"]]
    assert unmet == ["No more than three children of one mother within seven months"]


def test_what_is_not_delivered_in_its_time_raises_one_alert(country: Country) -> None:
    case = Case(country, 133)
    h36, operator = country.nodes["H36"], Officer("1", "Vận hành", (Post("operator", "68"),))
    code = case.branch().identity.code
    in_node(h36, lambda tx: pauses.supplement(h36, tx, code, RECEIVER, [Item(paper="giấy")], "missing"))
    timers.tick(h36)
    clock.shift(timedelta(minutes=11))
    timers.tick(h36)
    timers.tick(h36)
    alerts = [task for task in in_node(h36, lambda tx: tasks.mine(tx, operator)) if task.case == case.code]
    assert [(task.kind, task.title) for task in alerts] == [("alert", "dossier.progress")]
    in_node(h36, lambda tx: tasks.answer(h36, tx, alerts[0].id, operator, "đường truyền đã nối lại"))
    country.deliver()
    assert case.parent.state.status == 5
