"""Process tables at the desk: written, judged at the very cell, seen by four eyes, published, and in force."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import psycopg
import pytest
import yaml
from django.test import Client

from lienthong.casework.tests.authors import Authors
from lienthong.casework.tests.case import Case
from lienthong.casework.tests.country import Country, in_node
from lienthong.catalogue.internal_process import InternalProcess, as_file, part_of
from lienthong.desk import process_drafts, process_table, proposals
from lienthong.desk.tests import office
from lienthong.exchange import publications
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer, Post
from lienthong.journal import entries
from lienthong.kit import clock

BIRTH = "civil-status/birth-registration"
PART = part_of("H36", BIRTH)
LINH = Officer("068080000041", "Trần Thị Linh", (Post("process_admin", "68"),))
QUAN = Officer("068080000042", "K’ Quân", (Post("process_admin", "68"),))


@pytest.fixture(scope="module")
def authors(country: Country, node_database: Callable[[str], Any]) -> Authors:
    with psycopg.connect(node_database("H36").owner) as owner, owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO officer (number, name, role, unit, starts)"
            " VALUES (%s, %s, 'process_admin', '68', '2025-07-01')",
            [(one.number, one.name) for one in (LINH, QUAN)],
        )
    return Authors(country)


@pytest.fixture
def linh(desks: office.Desks, authors: Authors) -> Iterator[Client]:
    yield desks("H36", LINH)
    in_node(authors.country.nodes["H36"], lambda tx: process_drafts.drop(tx, BIRTH))
    in_node(
        authors.country.nodes["H36"],
        lambda tx: tx.touch("UPDATE proposal SET state = 'withdrawn' WHERE state = 'open'"),
    )


@pytest.fixture
def quan(desks: office.Desks, authors: Authors) -> Client:
    return desks("H36", QUAN)


def at(page: str = "") -> str:
    return f"/process-tables/{BIRTH}{page}"


def fields(text: str) -> dict[str, str]:
    """What the editor's form would send as it stands."""
    form = text[text.index('name="version"') :]
    found = dict(re.findall(r'<input(?![^>]*type="checkbox")[^>]*name="([a-z_.0-9]+)" value="([^"]*)"', form))
    for select, inside in re.findall(r'<select[^>]*name="([a-z_.0-9]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', inside) or re.search(r'value="([^"]*)"', inside)
        found[select] = chosen.group(1) if chosen else ""
    found |= dict.fromkeys(re.findall(r'name="(automatic\.\d+)" value="1" checked', form), "1")
    version = re.search(r'name="version" value="(\d+)"', text)
    return {name: unescape(value) for name, value in found.items()} | {"version": version.group(1) if version else ""}


def begun(client: Client) -> dict[str, str]:
    assert client.post(at("/begin")).status_code == 303
    return fields(client.get(at("/draft")).content.decode())


def sent(client: Client, form: dict[str, str], do: str = "save", **changed: str) -> str:
    """Save the form with changes; the editor's page after it."""
    answer = client.post(at("/draft"), {**form, **{k.replace("_DOT_", "."): v for k, v in changed.items()}, "do": do})
    assert answer.status_code == 303, answer.content.decode()
    return client.get(answer["Location"].partition("#")[0]).content.decode()


def proposed(client: Client, **decision: str) -> str:
    """Propose the draft; the proposal's address."""
    page = client.get(at("/propose")).content.decode()
    told = {"version": fields(page)["version"], "decision": "1234/QĐ-UBND", "note": "", "transition": "stay",
            "decided_on": f"{clock.today():%d/%m/%Y}", "since": f"{clock.today():%d/%m/%Y}", **decision}  # fmt: skip
    answer = client.post(at("/propose"), told)
    assert answer.status_code == 303, answer.content.decode()
    return re.search(r"/proposals/[0-9a-f-]+", client.get(at()).content.decode()).group(0)


def test_a_draft_begins_with_the_table_in_force_and_keeps_what_was_typed(linh: Client) -> None:
    form = begun(linh)
    assert (form["vi.1"], form["role.1"], form["hours.1"]) == (
        "Công chức tư pháp – hộ tịch kiểm tra", "civil_status_officer", "4",
    )  # fmt: skip
    page = sent(linh, {**form, "symbol": "QTTP-20", "hours.1": "hai", "vi.2": ""})
    assert fields(page)["hours.1"] == "hai"
    assert fields(page)["symbol"] == "QTTP-20"


@pytest.mark.parametrize("slug", [BIRTH, "construction/house-permit", "certification/certified-copy"])
def test_a_table_that_nobody_changed_says_what_it_said(linh: Client, authors: Authors, slug: str) -> None:
    """What the page shows of a table, sent as it stands, is that table: nothing is lost on the way."""
    h36 = authors.country.nodes["H36"]
    service = h36.at_hand().catalogue.service(slug)
    address = f"/process-tables/{slug}"
    linh.post(f"{address}/begin")
    form = fields(linh.get(f"{address}/draft").content.decode())
    linh.post(f"{address}/draft", {**form, "symbol": "QTTP-01", "do": "save"})
    draft = in_node(h36, lambda tx: process_drafts.load(tx, slug))
    assert process_table.process_of(draft.table, service).steps == service.process.steps
    assert draft.table.symbol == "QTTP-01"
    in_node(h36, lambda tx: process_drafts.drop(tx, slug))


@pytest.mark.parametrize(
    ("change", "cell", "said"),
    [
        ({"hours.1": "hai"}, "hours.1", "số nguyên"),
        ({"hours.1": "999"}, "hours", "vượt thời hạn"),
        ({"vi.2": ""}, "vi.2", "Hãy ghi tên bước"),
        ({"role.1": ""}, "role.1", "Hãy chọn ai làm"),
        ({"role.1": "process_admin"}, "role.1", "Không có vai trò này"),
        ({"verb.2": "check"}, "table", "ký quyết định"),
        ({"verb.1": "receive"}, "verb.1", "Chỉ bước đầu"),
        ({"verb.1": "consult"}, "asks.1", "ít nhất một ý kiến"),
        ({"when_field.2": "child_soul", "when_is.2": "given"}, "when.2", "không có mục"),
        ({"when_field.2": "gender", "when_is.2": "is", "when_value.2": "dragon"}, "when.2", "không có giá trị"),
        ({"when_field.1": "gender", "when_is.1": "is", "when_value.1": "male"}, "when.1", "mọi hồ sơ"),
        ({"refused_to.3": "record"}, "refused_to.3", "đứng trước"),
        ({"symbol": ""}, "symbol", "QTTP-20"),
    ],
)
def test_what_is_wrong_stands_at_its_cell_and_in_the_summary(
    linh: Client, change: dict[str, str], cell: str, said: str
) -> None:
    page = sent(linh, {**begun(linh), "symbol": "QTTP-20", **change})
    summary = page[page.index("govuk-error-summary") : page.index("<h1")]
    assert re.search(rf'href="#f-{re.escape(cell)}">[^<]*{said}', summary), summary
    assert f'id="f-{cell}"' in page
    assert linh.get(at("/preview")).status_code == 302  # nothing wrong is drawn, tried or proposed
    assert linh.get(at("/propose")).status_code == 302
    assert linh.post(at("/propose"), {"version": fields(page)["version"]}).status_code == 302


def test_rows_are_added_moved_and_dropped_without_script(linh: Client) -> None:
    form = begun(linh)
    page = sent(linh, form, "add:1")
    form = fields(page) | {
        "vi.4": "Thẩm định hồ sơ", "en.4": "Appraisal", "role.4": "civil_status_officer", "hours.4": "2",
        "rule.4": "QĐ",
    }  # fmt: skip
    page = sent(linh, form | {"symbol": "QTTP-20"}, "save")
    assert "govuk-error-summary" not in page
    assert "tham_dinh_ho_so" in page
    order = lambda text: re.findall(r'id="f-vi\.(\d)"', text)  # noqa: E731
    assert order(page) == ["0", "1", "4", "2", "3"]
    page = sent(linh, fields(page), "up:4")
    assert order(page) == ["0", "4", "1", "2", "3"]
    assert order(sent(linh, fields(page), "drop:1")) == ["0", "4", "2", "3"]


def test_two_who_edit_at_once_one_wins_and_the_other_is_told(linh: Client, quan: Client) -> None:
    first, second = begun(linh), fields(quan.get(at("/draft")).content.decode())
    sent(linh, {**first, "hours.1": "3"})
    answer = quan.post(at("/draft"), {**second, "hours.1": "5", "do": "save"})
    assert answer.status_code == 409
    assert LINH.name in answer.content.decode()
    assert fields(linh.get(at("/draft")).content.decode())["hours.1"] == "3"


def test_four_eyes_publish_and_a_new_birth_runs_under_the_new_table(
    linh: Client, quan: Client, authors: Authors
) -> None:
    country = authors.country
    h36, portal = country.nodes["H36"], country.nodes["portal"]
    running, old = Case(country, 1), h36.at_hand().catalogue.service(BIRTH).revision
    sent(linh, {**begun(linh), "symbol": "QTTP-20", "hours.1": "3"})
    assert "Công chức tư pháp" in linh.get(at("/preview")).content.decode()
    assert b"<bpmn:definitions" in linh.get(at(".bpmn")).content
    address = proposed(linh)
    decide = f"{address}/decide"
    assert linh.post(decide, {"verb": "approve"}).status_code == 409  # never the author
    assert linh.post(at("/draft"), {**fields(linh.get(at("/draft")).content.decode()), "do": "save"}).status_code == 409
    seen = quan.get(address).content.decode()
    assert "Giờ làm việc" in seen
    assert b"<bpmn:definitions" in quan.get(f"{address}/diagram.bpmn").content
    assert quan.post(decide, {"verb": "approve"}).status_code == 303
    assert quan.post(decide, {"verb": "approve"}).status_code == 409  # once

    authors.reach()
    new = h36.at_hand().catalogue.service(BIRTH)
    assert isinstance(new.process, InternalProcess)
    assert (new.process.symbol, new.process.step("check").hours) == ("QTTP-20", 3)
    assert new.revision != old
    assert {node.at_hand().catalogue.revisions[BIRTH] for node in country.nodes.values()} == {new.revision}
    assert portal.at_hand().catalogue.service(BIRTH).revision == new.revision
    fresh = Case(country, 2)
    assert fresh.branch().identity.revision == new.revision
    assert running.branch().identity.revision == old
    for case in (running, fresh):
        case.decide()
        assert case.branch().state.status == 10
        case.verify()
    authors.start("H36")  # a process that starts anew still knows the old revision
    assert h36.catalogue.service(BIRTH, old).process.step("check").hours == 4
    assert "QTTP-20" in linh.get("/process-tables").content.decode()


def test_a_proposal_is_sent_back_only_with_a_reason_and_may_be_mended(linh: Client, quan: Client) -> None:
    sent(linh, {**begun(linh), "symbol": "QTTP-21", "hours.0": "6"})
    decide = f"{proposed(linh)}/decide"
    assert quan.post(decide, {"verb": "send-back", "reason": " "}).status_code == 422
    assert linh.post(decide, {"verb": "send-back", "reason": "x"}).status_code == 409
    assert quan.post(decide, {"verb": "withdraw"}).status_code == 403
    assert quan.post(decide, {"verb": "send-back", "reason": "Sáu giờ là ít"}).status_code == 303
    assert "Sáu giờ là ít" in linh.get(at()).content.decode()
    sent(linh, {**fields(linh.get(at("/draft")).content.decode()), "hours.0": "7"})
    assert linh.post(f"{proposed(linh)}/decide", {"verb": "withdraw"}).status_code == 303


@pytest.mark.parametrize(
    ("decision", "field"),
    [
        ({"decision": ""}, "decision"),
        ({"decided_on": "31/02/2026"}, "decided_on"),
        ({"decided_on": "01/01/2030"}, "decided_on"),
        ({"since": "01/01/2020"}, "since"),
        ({"since": ""}, "since"),
        ({"transition": "burn"}, "transition"),
    ],
)
def test_a_decision_without_its_days_is_not_proposed(linh: Client, decision: dict[str, str], field: str) -> None:
    page = sent(linh, {**begun(linh), "symbol": "QTTP-22", "hours.1": "2"})
    today = f"{clock.today():%d/%m/%Y}"
    told = {"version": fields(page)["version"], "decision": "1/QĐ", "decided_on": today, "since": today, "note": "",
            "transition": "stay", **decision}  # fmt: skip
    answer = linh.post(at("/propose"), told)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.content.decode()


def written(node: Node, symbol: str, hours: int) -> dict[str, str]:
    """The file of a table in which the check takes so many hours."""
    service = node.at_hand().catalogue.service(BIRTH)
    table = process_table.of_process(service.process)
    table.symbol, table.rows[1].hours = symbol, str(hours)
    decided = {"decision": "1/QĐ-UBND", "decided_on": clock.today()}
    told = as_file(process_table.process_of(table, service, **decided))
    return {f"{PART}.yaml": yaml.safe_dump(told, allow_unicode=True, sort_keys=False)}


@pytest.mark.usefixtures("linh")
def test_what_is_wrong_old_or_not_ours_is_neither_proposed_nor_published(authors: Authors) -> None:
    h36 = authors.country.nodes["H36"]

    def propose(officer: Officer, files: dict[str, str], part: str = PART, days: int = 0) -> proposals.Proposal:
        day = clock.today() + timedelta(days=days)
        return in_node(h36, lambda tx: proposals.propose(h36, tx, officer, part, files, since=day))

    def refused(code: str, do: Callable[[], Any]) -> None:
        with pytest.raises(proposals.NotAllowed) as why:
            do()
        assert why.value.code == code

    first = propose(LINH, written(h36, "QTTP-30", 2))
    refused("open-already", lambda: propose(QUAN, written(h36, "QTTP-31", 2)))
    refused("own-proposal", lambda: in_node(h36, lambda tx: proposals.approve(h36, tx, first.id, LINH)))
    in_node(h36, lambda tx: proposals.approve(h36, tx, first.id, QUAN))
    refused("nothing-changed", lambda: propose(LINH, first.files))
    refused("does-not-hold", lambda: propose(LINH, written(h36, "QTTP-32", 900)))
    refused("day-passed", lambda: propose(LINH, written(h36, "QTTP-32", 1), days=-1))
    theirs = part_of("G01", "residence/newborn-residence")
    refused("does-not-hold", lambda: propose(LINH, {f"{theirs}.yaml": "steps: []"}, theirs))
    with pytest.raises(PermissionError):
        propose(office.CHECKER, written(h36, "QTTP-32", 1))

    later = propose(LINH, written(h36, "QTTP-33", 1), days=2)
    meanwhile = written(h36, "QTTP-34", 2)
    in_node(
        h36, lambda tx: publications.publish(tx, "H36", h36.seal, PART, meanwhile, since=clock.today(), at=clock.now())
    )
    refused("overtaken", lambda: in_node(h36, lambda tx: proposals.approve(h36, tx, later.id, QUAN)))
    for one in (first, later):
        chain = in_node(h36, lambda tx, one=one: proposals.load(tx, one.id).chain)
        in_node(h36, lambda tx, one=one, chain=chain: entries.verify_stream(tx, f"proposal/{one.id}", chain))


def test_only_process_administrators_come_in_and_they_decide_no_case(desks: office.Desks, linh: Client) -> None:
    assert desks("H36", office.CHECKER).get("/process-tables").status_code == 403
    assert desks("H36").get("/process-tables").status_code == 302
    home = linh.get("/")
    assert home["Location"] == "/process-tables"
    assert "Việc cần làm" not in linh.get("/process-tables").content.decode()
