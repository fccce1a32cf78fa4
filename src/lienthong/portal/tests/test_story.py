"""The timeline: who holds what, since when, by which rule, until when, and what happens next by itself."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.test import override_settings
from django.utils import translation

from lienthong.casework import results
from lienthong.casework.dossiers import Dossier, Identity
from lienthong.casework.states import Act, apply, derive
from lienthong.kit.signatures import SigningKey
from lienthong.portal import story
from lienthong.portal.tests.people import LINKED, MOTHER, NOW, portal

NODES = {"nodes": {"birth": "H36", "residence": "G01", "card": "BHXH"}}
DUE = NOW + timedelta(hours=4)


def minutes(count: int) -> datetime:
    return NOW + timedelta(minutes=count)


def told(verb: str, at: datetime, **more: Any) -> dict[str, Any]:
    """An act of a branch as its agency tells the parent."""
    facts = {"actor": "Lê Thị Kiểm", "role": "civil_status_officer", "agency": "H36.012", "step": "check"}
    return {"verb": verb, "at": at.isoformat(), **facts, "rule": "Điều 16", "reason": "", "verified": [], **more}


def progress(branch: str, state: str, at: datetime, *acts: dict[str, Any], **outlook: Any) -> Act:
    seen = {"state": state, "code": f"{branch}-1", "since": at.isoformat(), **outlook}
    return Act("progress", at, "H36", branch=branch, outlook=seen, detail={"acts": list(acts)})


SUBMITTED = msgspec.convert(
    {"verb": "submit", "at": NOW, "actor": MOTHER.number, "role": "applicant", "detail": NODES, "files": ["birth"]}, Act
)


def tell(*acts: Act, sealed: dict[str, str] | None = None) -> story.Story:
    history = [SUBMITTED, *acts]
    facts = ("P-1", LINKED.slug, LINKED.revision, "G01.001.00", MOTHER.number, NOW)
    dossier = Dossier(Identity(*facts, subject="K’ Brêm"), derive(LINKED, history), len(history), b"")
    with override_settings(ROOT_URLCONF="lienthong.portal.urls"), translation.override("vi"):
        return story.tell(portal(), LINKED, dossier, history, sealed or {})


def lane(it: story.Story, agency: str) -> story.Lane:
    return next(lane for lane in it.lanes if agency in lane.agency)


def test_a_fresh_dossier_tells_what_is_on_its_way_and_what_waits() -> None:
    it = tell()
    assert (it.code, it.finished, it.results) == ("P-1", False, [])
    assert [lane.state for lane in it.lanes] == ["working", "waiting", "waiting", "waiting"]
    birth, residence = it.lanes[1], it.lanes[2]
    assert "Lâm Đồng" in birth.agency
    assert (birth.since, birth.holder != "") == (NOW, True)
    assert residence.holder == ""
    assert "Tự bắt đầu" in residence.next


def test_a_promised_time_tells_how_it_was_counted_over_days_off_and_pauses() -> None:
    friday = datetime(2026, 11, 20, 9, tzinfo=NOW.tzinfo)
    monday, promised = friday + timedelta(days=3), datetime(2026, 11, 25, 11, tzinfo=NOW.tzinfo)
    asked = told("supplement", friday + timedelta(hours=1), rule="Nghị định 63/2024/NĐ-CP, Điều 7")
    acts = [told("receive", friday), asked, told("supply", monday, actor="máy", role="applicant")]
    it = tell(progress("birth", "open", monday, *acts, deadline=promised.isoformat(), step="check"))
    lines = [(line.when, line.text) for line in lane(it, "Lâm Đồng").counted]
    assert [text for when, text in lines if when in ("21/11–22/11/2026", "24/11/2026")] == [
        "nghỉ cuối tuần", "nghỉ lễ: Ngày Văn hóa Việt Nam",
    ]  # fmt: skip
    assert ("10:00 ngày 20/11/2026", "đồng hồ dừng đến 09:00 ngày 23/11/2026: chờ người nộp bổ sung") in lines
    assert lines[-1] == ("11:00 ngày 25/11/2026", "hẹn trả kết quả")
    assert tell().lanes[1].counted == [], "nothing is promised yet"


def test_an_open_step_names_who_holds_it_since_when_by_which_rule_and_until_when() -> None:
    at = minutes(5)
    it = tell(progress("birth", "open", at, told("receive", at), role="civil_status_officer", step="check",
                       rule="Luật Hộ tịch, Điều 16", due=DUE.isoformat()))  # fmt: skip
    birth = lane(it, "Lâm Đồng")
    assert (birth.state, birth.since, birth.due) == ("working", at, DUE)
    assert "hộ tịch" in birth.holder
    assert "Điều 16" in birth.rule
    assert it.status_label


def test_acts_of_officers_are_told_with_name_and_role_and_machines_without() -> None:
    first, second = minutes(5), minutes(9)
    it = tell(
        progress("birth", "open", first, told("receive", first, actor="máy", role="")),
        progress("birth", "pending", second, told("check", second), step="record"),
    )
    entries = lane(it, "Lâm Đồng").entries
    assert [entry.at for entry in entries] == [first, second]
    assert entries[0].actor == ""
    assert entries[1].actor.startswith("Lê Thị Kiểm")


def test_a_returned_or_refused_step_tells_why_in_words() -> None:
    at = minutes(9)
    it = tell(progress("birth", "refused", at, told("refuse", at, reason="not-competent"), reason="not-competent"))
    birth = lane(it, "Lâm Đồng")
    assert "thẩm quyền" in birth.entries[-1].text
    assert "not-competent" not in birth.entries[-1].text
    assert "thẩm quyền" in birth.next
    assert lane(it, "Bảo hiểm").state == "refused"
    assert it.finished


def test_no_officers_number_reaches_the_citizen() -> None:
    at = minutes(5)
    it = tell(progress("birth", "open", at, told("check", at)))
    assert "0680" not in str(it).replace(MOTHER.number, "")


def test_a_result_is_listed_with_its_number_and_the_agency_that_decided() -> None:
    at = minutes(30)
    seal: Any = type("Node", (), {"name": "H36", "seal": SigningKey.generate()})()
    facts = ("H36.012-1", "civil-status/birth-registration", "0", "H36.012", MOTHER.number, NOW, NOW)
    identity = Identity(*facts, parent="P-1", parent_node="portal", branch="birth")
    state = apply(LINKED, None, SUBMITTED)
    recorded = {"register": "births", "key": "KS-1", "record": {"child_number": "068226000001"}}
    sealed = results.issue(seal, Dossier(identity, state, 1, b""), recorded, at)
    it = tell(progress("birth", "done", at, told("issue", at, actor="máy", role="")), sealed={"birth": sealed})
    assert [(result.number, "Lâm Đồng" in result.agency) for result in it.results] == [("068226000001", True)]
    assert it.results[0].issued_on == at.date()
    assert lane(it, "Lâm Đồng").state == "done"


def test_a_result_issued_after_midnight_in_vietnam_bears_the_vietnamese_day() -> None:
    at = datetime.fromisoformat("2026-11-21T00:30:00+07:00")
    seal: Any = type("Node", (), {"name": "H36", "seal": SigningKey.generate()})()
    facts = ("H36.012-1", "civil-status/birth-registration", "0", "H36.012", MOTHER.number, NOW, NOW)
    identity = Identity(*facts, parent="P-1", parent_node="portal", branch="birth")
    recorded = {"register": "births", "key": "KS-1", "record": {"child_number": "068226000001"}}
    sealed = results.issue(seal, Dossier(identity, apply(LINKED, None, SUBMITTED), 1, b""), recorded, at)
    it = tell(progress("birth", "done", at), sealed={"birth": sealed})
    assert it.results[0].issued_on.isoformat() == "2026-11-21"
