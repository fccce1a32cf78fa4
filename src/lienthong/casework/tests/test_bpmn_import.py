"""BPMN read back: what we drew comes back as it was, what others drew as far as it says, and no file does harm."""

from pathlib import Path
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.utils import translation
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples

from lienthong.casework import bpmn_import, diagram, flow
from lienthong.casework.bpmn_import import Imported
from lienthong.casework.bpmn_reading import NotTaken
from lienthong.casework.rules import source_hashes
from lienthong.casework.tests.process_tables import processes, service_of
from lienthong.catalogue.catalogue import load
from lienthong.catalogue.shapes import Process, Service
from lienthong.config.state import HOME

if not settings.configured:
    settings.configure(SECRET_KEY="only for tests")
if not apps.ready:
    django.setup()

CATALOGUE = load(HOME / "catalogue", "portal", source_hashes())
PLAIN = sorted(slug for slug, one in CATALOGUE.services.items() if not one.is_interlinked)
MIWG = HOME.parent / "shared" / "data" / "bpmn_miwg"
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ROLES = {"một cửa": "reception_officer", "land registry": "land_officer", "chủ tịch": "chair"}


def exported(service: Service, language: str = "vi") -> bytes:
    with translation.override(language):
        return diagram.written([flow.graph_of(service, "xã", {}, language)]).encode()


def read(text: bytes, process: str = "") -> Imported:
    with translation.override("vi"):
        return bpmn_import.read(text, ROLES, process)


def same(process: Process) -> Process:
    """Without what an agency's decision says beside its lines."""
    return Process(process.steps, process.consents)


@pytest.mark.parametrize("slug", PLAIN)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_we_drew_comes_back_as_it_was(slug: str, language: str) -> None:
    service = CATALOGUE.services[slug]
    found = read(exported(service, language))
    assert found.process() == same(service.process)
    assert not found.questions
    assert not found.notes


@examples(
    deadline=None, max_examples=40, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(processes())
def test_so_does_any_table(process: Process) -> None:
    service = service_of(process, CATALOGUE.services[PLAIN[0]], takes=True, placeless=True)
    assert read(exported(service)).process() == process


def test_a_process_called_by_another_is_read_by_its_id() -> None:
    parent = next(one for one in CATALOGUE.services.values() if one.is_interlinked)

    class Here:
        catalogue = CATALOGUE

    with translation.override("vi"):
        text = diagram.of_service(Here(), parent, "vi").encode()  # type: ignore[arg-type]
    with pytest.raises(NotTaken, match="nhiều quy trình"):
        read(text)
    branch = CATALOGUE.services[parent.branches[0].service]
    assert read(text, flow.graph_id(branch)).process() == same(branch.process)


# changed in another tool


def changed(service: Service, change: dict[str, dict[str, str]]) -> bytes:
    """Our export with other attributes on elements, by their id."""
    root = ET.fromstring(exported(service))
    for element in root.iter():
        element.attrib.update(change.get(element.get("id", ""), {}))
    return ET.tostring(root)


def test_the_picture_decides_about_order_and_names() -> None:
    service = CATALOGUE.services["civil-status/birth-registration"]
    text = changed(
        service,
        {
            "receive.result_to_law.consents.needed": {"targetRef": "sign"},
            "receive.verified_to_law.consents.needed": {"targetRef": "sign"},
            "sign.result_to_record": {"targetRef": "law.consents.needed"},
            "check.result_to_sign": {"targetRef": "record"},
            "check": {"name": "Kiểm tra kỹ hơn"},
        },
    )
    found = read(text)
    assert [line["step"] for line in found.lines] == ["receive", "sign", "check", "record"]
    assert [(one.step, one.field) for one in found.questions] == [("check", "name.en")]
    check = next(line for line in found.lines if line["step"] == "check")
    assert check["name"]["vi"] == "Kiểm tra kỹ hơn"
    assert check["hours"] == 4
    assert found.process().step("record").fields == service.process.step("record").fields


def test_a_step_moved_to_another_lane_is_done_by_its_role() -> None:
    service = CATALOGUE.services["civil-status/birth-registration"]
    root = ET.fromstring(exported(service))
    for lane in root.iter(f"{{{BPMN}}}lane"):
        for ref in [one for one in lane if one.text == "check"]:
            lane.remove(ref)
        if lane.get("id") == "lane_chair":
            ET.SubElement(lane, f"{{{BPMN}}}flowNodeRef").text = "check"
    assert read(ET.tostring(root)).process().step("check").role == "chair"


def test_a_mark_that_is_not_ours_to_read_is_refused_with_its_element() -> None:
    text = exported(CATALOGUE.services[PLAIN[0]]).replace(b'hours="', b'days="', 1)
    with pytest.raises(NotTaken) as refused:
        read(text)
    assert refused.value.problems[0].elements == (CATALOGUE.services[PLAIN[0]].process.steps[0].step,)


# drawn elsewhere


def plain(inside: str, lanes: str = "") -> bytes:
    """A file as another tool writes it, from words: `way:a>b:condition`, `timer:task.PT4H` (`alarm`: it does not end
    the task), else `kind:id:name`; lanes are `name:task task`."""
    made = "".join(_element(*word.strip().split(":", 2)) for word in inside.split(";"))
    sets = "".join(_lane(number, *lane.split(":")) for number, lane in enumerate(filter(None, lanes.split(";"))))
    body = f'<laneSet id="ls">{sets}</laneSet>' if sets else ""
    return f'<definitions xmlns="{BPMN}" id="d"><process id="p">{body}{made}</process></definitions>'.encode()


def _element(kind: str, name: str, said: str = "") -> str:
    if kind == "way":
        source, target = name.split(">")
        condition = f"<conditionExpression>{escape(said)}</conditionExpression>" if said else ""
        return (
            f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">{condition}</sequenceFlow>'
        )
    if kind in ("timer", "alarm"):
        host, duration = name.split(".")
        ends = "true" if kind == "timer" else "false"
        return (
            f'<boundaryEvent id="{host}_late" attachedToRef="{host}" cancelActivity="{ends}"><timerEventDefinition>'
            f"<timeDuration>{duration}</timeDuration></timerEventDefinition></boundaryEvent>"
        )
    return f'<{kind} id="{name}" name="{said}"/>'


def _lane(number: int, name: str, tasks: str) -> str:
    refs = "".join(f"<flowNodeRef>{task}</flowNodeRef>" for task in tasks.split())
    return f'<lane id="l{number}" name="{name}">{refs}</lane>'


OFFICE = (
    "startEvent:s; userTask:T_1:Nhận hồ sơ; exclusiveGateway:g; userTask:T_2:Đo đất; parallelGateway:f;"
    "userTask:o1:Ý kiến thuế; userTask:o2:Ý kiến quy hoạch; parallelGateway:j; userTask:T_3:Ký; exclusiveGateway:h;"
    "serviceTask:T_4:Vào sổ; exclusiveGateway:k; endEvent:e; endEvent:no;"
    "way:s>T_1; way:T_1>g; way:g>T_2:plot=new; way:g>f; way:T_2>f; way:f>o1; way:f>o2; way:o1>j; way:o2>j; way:j>T_3;"
    "way:T_3>h; way:h>T_4; way:h>T_1; way:h>no; way:T_4>k; way:k>e; way:k>T_3; alarm:T_1.PT4H; timer:o1.P3D;"
    "way:o1_late>j"
)


def test_what_others_drew_becomes_a_table_with_questions() -> None:
    found = read(plain(OFFICE.replace("alarm:T_1.PT4H;", "alarm:T_1.PT4H; endEvent:late; way:T_1_late>late;"),
                       "Một cửa:T_1; Phòng lạ:T_2; Land Registry:o1 o2; Chủ tịch:T_3"))  # fmt: skip
    assert [line["step"] for line in found.lines] == ["nhan_ho_so", "do_dat", "f", "ky", "vao_so"]
    receive, measure, ask, sign, record = found.lines
    assert (receive["role"], receive["hours"], sign["role"]) == ("reception_officer", 4, "chair")
    assert measure["when"] == "plot=new"
    assert "role" not in measure
    assert "when" not in ask
    assert ask["verb"] == "consult"
    assert [one["role"] for one in ask["asks"]] == ["land_officer", "land_officer"]
    assert ask["asks"][0]["days"] == 3
    assert "days" not in ask["asks"][1]
    assert record["refused_to"] == "ky"
    assert not any("verb" in line for line in (receive, measure, sign, record)), "a verb is asked for, never guessed"
    wanted = {(one.step, one.field) for one in found.questions if one.must}
    assert {("nhan_ho_so", "verb"), ("do_dat", "role"), ("f", "days"), ("vao_so", "register")} <= wanted
    noted = {element for note in found.notes for element in note.elements}
    assert {"T_1_late", "late", "h_T_1", "h_no", "no"} == noted
    with pytest.raises(ValueError, match=r"do_dat\.role"):
        found.process()


def test_two_branches_are_two_conditions_and_what_says_none_is_asked() -> None:
    either = (
        "startEvent:s; exclusiveGateway:g; userTask:a:A; userTask:b:B; exclusiveGateway:m; userTask:c:C; endEvent:e;"
        "way:s>g; way:g>a:kind=new; way:g>b:${amount > 5}; way:a>m; way:b>m; way:m>c; way:c>e"
    )
    found = read(plain(either))
    assert [line.get("when") for line in found.lines] == ["kind=new", None, None]
    (asked,) = [one for one in found.questions if one.field == "when"]
    assert asked.step == "b"
    assert "amount" in asked.text


OUTSIDE = {
    "subProcess:x:Con": "quy trình con", "callActivity:x:Gọi": "quy trình con", "inclusiveGateway:x": "loại cổng",
    "eventBasedGateway:x": "loại cổng", "scriptTask:x:Mã": "loại việc", "sendTask:x:Gửi": "loại việc",
    "intermediateCatchEvent:x:Chờ": "sự kiện", "userTask:x:Lạc": "không tới được",
}  # fmt: skip


@pytest.mark.parametrize("stray", OUTSIDE)
def test_what_lies_outside_is_refused_by_name(stray: str) -> None:
    with pytest.raises(NotTaken) as refused:
        read(plain(f"startEvent:s; userTask:a:A; endEvent:e; way:s>a; way:a>e; {stray}"))
    assert [one.elements for one in refused.value.problems] == [("x",)]
    assert OUTSIDE[stray] in refused.value.problems[0].text


@pytest.mark.parametrize(
    ("drawn", "where"),
    [
        ("startEvent:s; userTask:a:A; userTask:b:B; endEvent:e; way:s>a; way:a>b; way:a>e; way:b>e", "a"),  # splits
        ("startEvent:s; userTask:a:A; userTask:b:B; endEvent:e; way:s>a; way:a>b; way:b>a", "a"),  # never ends
        ("startEvent:s; userTask:a:A; endEvent:e; way:s>a; way:a>e; timer:a.PT4H; way:a_late>e", "a_late"),
        (("startEvent:s; parallelGateway:f; userTask:a:A; userTask:b:B; userTask:c:C; parallelGateway:j; endEvent:e;"
         "way:s>f; way:f>a; way:f>b; way:a>c; way:c>j; way:b>j; way:j>e"), "f"),
        ("startEvent:s; exclusiveGateway:g; endEvent:e; way:s>g; way:g>g", "g"),
        ("startEvent:s; userTask:a:A; way:s>a; way:a>gone; endEvent:e", "a_gone"),
        ("startEvent:s; endEvent:e; way:s>e", "p"),
    ],
)  # fmt: skip
def test_a_flow_that_no_table_holds_is_refused_where_it_is(drawn: str, where: str) -> None:
    with pytest.raises(NotTaken) as refused:
        read(plain(drawn))
    assert where in {name for one in refused.value.problems for name in one.elements}


@pytest.mark.parametrize(
    "text",
    [
        b'<!DOCTYPE d [<!ENTITY a "b">]><definitions xmlns="' + BPMN.encode() + b'">&a;</definitions>',
        b"<definitions/>",
        b"not xml",
        b"\xff\xfe\x00",
        b"<a>" * 50 + b"</a>" * 50,
        b'<definitions xmlns="' + BPMN.encode() + b'">' + b" " * 1_000_001 + b"</definitions>",
        b"<a>" + b"<b/>" * 20_001 + b"</a>",
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
    ],
)
def test_a_file_that_is_no_process_does_no_harm(text: bytes) -> None:
    with pytest.raises(NotTaken):
        read(text)


@pytest.mark.parametrize("name", ["A.1.0", "A.2.0", "A.2.1", "A.3.0", "A.4.0", "A.4.1", "B.1.0", "B.2.0"])
def test_the_reference_models_are_read_or_refused_by_name(name: str) -> None:
    file = Path(MIWG / f"{name}.bpmn")
    if not file.exists():
        pytest.skip("the reference models of the BPMN Model Interchange Working Group are not here")
    if name not in ("A.1.0", "A.2.0"):
        with pytest.raises(NotTaken) as refused:
            read(file.read_bytes())
        assert all(one.elements and one.text for one in refused.value.problems)
        return
    found = read(file.read_bytes())
    assert len(found.lines) == {"A.1.0": 3, "A.2.0": 4}[name]
    assert {one.field for one in found.questions} >= {"verb", "role"}
