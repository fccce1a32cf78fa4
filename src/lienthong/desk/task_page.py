"""What desk/tasks.html and desk/task.html are given."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from django.urls import reverse
from django.utils.translation import gettext as _

from lienthong.casework import dead_letters, dossiers, results, words
from lienthong.casework.tasks import Task
from lienthong.catalogue.holdings import Column, Register
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Term
from lienthong.desk import extension_task, feedback_task, pages, task_answers
from lienthong.desk.inside_deeds import SILENCE
from lienthong.desk.task_answers import AtHand
from lienthong.desk.task_words import ANSWERED, DIFFER, KINDS, NOTES
from lienthong.exchange import deadletters, envelopes
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx
from lienthong.kit.web.templatetags.vietnam import moment
from lienthong.registers import records
from lienthong.registers.differences import Difference
from lienthong.registers.wording import shown


def listed(node: Node, found: list[Task], kind: str, done: bool) -> dict[str, Any]:
    """The context of desk/tasks.html."""
    counts: Counter[str] = Counter(task.kind for task in found)
    chosen = kind if kind in counts else ""
    tabs = [{"label": _("Tất cả"), "url": reverse("tasks"), "count": len(found), "current": not chosen}]
    tabs += [
        {"label": label, "url": f"?kind={name}", "count": counts[name], "current": name == chosen}
        for name, label in KINDS.items()
        if counts[name]
    ]
    rows = [row(node, task) for task in found if chosen in ("", task.kind)]
    return {"tabs": tabs, "rows": rows, "done": _("Đã trả lời xong. Nơi hỏi được báo ngay.") if done else ""}


def row(node: Node, task: Task) -> dict[str, Any]:
    """A task as a line of a list."""
    waits = task.state == "pending"
    return {
        "url": reverse("task", args=[task.id]),
        "code": task.case,
        "title": _title(task),
        "kind": str(KINDS[task.kind]),
        "asked_by": _asker(node, task),
        "state": "pending" if waits else "waiting",
        "state_label": _waits_for(task) if waits else _("Chờ trả lời"),
        "age": _age(task),
        "due": task.due,
        "owner": _owner(node, task),
    }


def _waits_for(task: Task) -> str:
    return _("Đang gửi lại") if task.kind == "dead_letter" else _("Chờ ghi sổ")


def _title(task: Task) -> str:
    both = task.detail.get("title")
    said = both.get("en" if pages.language() == "en" else "vi") if isinstance(both, Mapping) else task.title
    return str(said or task.case)


def _age(task: Task) -> str:
    days = (clock.today() - task.opened_at.astimezone(clock.ZONE).date()).days
    return _("mở từ hôm nay") if days <= 0 else _("mở %(days)s ngày trước") % {"days": days}


def _owner(node: Node, task: Task) -> str:
    role = words.role_name(task.role)
    return f"{role}, {pages.place(node, task.unit)}" if task.unit else role


def _asker(node: Node, task: Task) -> str:
    return _node_name(node, str(task.detail.get("found_by") or task.asked_by))


def _node_name(node: Node, name: str) -> str:
    card = node.catalogue.nodes.get(name)
    return card.name.in_language(pages.language()) if card else name


def one(
    at_hand: AtHand,
    tx: Tx,
    officer: Officer,
    sent: Mapping[str, str],
    errors: Mapping[str, str],
) -> dict[str, Any]:
    """A task as desk/task.html shows it: what is known, and the questions of its answer."""
    node, task = at_hand.node, at_hand.task
    record = _record(tx, task)
    return {
        **row(node, task),
        "opened_at": task.opened_at,
        "open": task.state == "open",
        "facts": _facts(at_hand, tx, officer, record),
        "verified": _verified(tx, task),
        "dossier_url": _dossier_url(tx, task),
        "controls": _controls(at_hand, tx, record, sent, errors),
        "outcome": message(str(task.outcome.get("note", ""))),
        "closed_by": task.closed_by,
    }


def _dossier_url(tx: Tx, task: Task) -> str:
    code = str(task.detail.get("dossier") or "")
    return reverse("dossier", args=[code]) if code and dossiers.load(tx, code) else ""


def _verified(tx: Tx, task: Task) -> list[dict[str, Any]]:
    """What the rule found when it decided: of a review only."""
    acts = dossiers.acts(tx, str(task.detail["dossier"])) if task.kind == "review" else []
    decided = next((act for act in acts if act.verb == "decide" and not act.role), None)
    conditions = decided.detail.get("verified", []) if decided else []
    language = "en" if pages.language() == "en" else "vi"
    return [{"text": condition[language], "met": condition["met"]} for condition in conditions]


def _facts(at_hand: AtHand, tx: Tx, officer: Officer, record: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is known, as label and value."""
    task = at_hand.task
    match task.kind:
        case "correction":
            rows = _of_correction(at_hand, tx, officer)
        case "error":
            name = str(task.detail.get("field"))
            rows = [
                (_("Thông tin bị báo sai"), at_hand.label(name, pages.language())),
                (_("Đang ghi"), _in_words(at_hand, name, record.get(name))),
                (_("Nơi báo nói là"), _in_words(at_hand, name, task.detail.get("says"))),
                (_("Căn cứ"), task.detail.get("note")),
            ]
        case "review":
            rows = [(_("Quy tắc"), task.detail.get("rule"))]
        case "opinion":
            rows = [
                (_("Câu hỏi"), task.detail.get("question")),
                (_("Trả lời trước"), moment(task.due)),
                (_("Nếu không trả lời"), str(SILENCE[str(task.detail.get("silence"))])),
            ]
        case "extension":
            rows = extension_task.facts(task)
        case "feedback":
            rows = feedback_task.facts(at_hand.node, tx, task)
        case "dead_letter":
            rows = _of_dead_letter(at_hand, tx)
        case "difference":
            rows = _of_difference(at_hand)
        case "alert" if task.detail.get("recipient"):
            rows = _of_alert(at_hand)
        case _:
            rows = [(_("Nội dung"), _said(task))]
    return [{"label": label, "value": str(value)} for label, value in rows if value not in (None, "")]


def _of_alert(at_hand: AtHand) -> list[tuple[str, Any]]:
    """Of a message that was refused, or has not arrived."""
    task = at_hand.task
    whom = (_("Nơi nhận"), _node_name(at_hand.node, str(task.detail["recipient"])))
    if task.detail.get("problem"):
        return [(_("Thư bị từ chối"), task.detail.get("service")), whom, (_("Lý do"), message(_code(task)))]
    return [(_("Thư chưa tới nơi"), task.detail.get("service")), whom, (_("Chờ từ"), moment(task.opened_at))]


def _of_difference(at_hand: AtHand) -> list[tuple[str, Any]]:
    """What both registers say, field by field."""
    node, task, about = at_hand.node, at_hand.task, at_hand.difference
    ours, theirs = (node.catalogue.registers.get(str(task.detail.get(name))) for name in ("register", "theirs"))
    rows: list[tuple[str, Any]] = [(_("Cơ sở dữ liệu"), _register_name(ours))]
    rows.append((_("So với"), _register_name(theirs)))
    if about is None:
        count = task.detail.get("count")
        return [*rows, (_("Số bản ghi lệch"), count or _("không còn lệch, hoặc đã đổi từ khi việc được giao"))]
    rows += [(_("Số định danh"), shown(node, _key_term(node, about), about.key, pages.language()))]
    rows += [(_("Lệch thế nào"), str(DIFFER[about.kind]))]
    for name in about.fields:
        term = node.catalogue.terms[about.register.fields[name].term]
        label = term.words.in_language(pages.language())
        held = about.record[name] if about.record else None
        said = _value_in_words(node, term, at_hand.theirs.get(name)) if at_hand.theirs else _("chưa trả lời")
        rows.append((_("%(field)s – ở đây") % {"field": label}, _value_in_words(node, term, held)))
        rows.append((_("%(field)s – ở cơ quan chủ quản") % {"field": label}, said))
    return [*rows, (_("Phát hiện từ"), moment(task.opened_at))]


def _register_name(register: Register | None) -> str:
    return register.name.in_language(pages.language()) if register else ""


def _key_term(node: Node, about: Difference) -> Term:
    return node.catalogue.terms[about.register.fields[about.follow.by].term]


def _value_in_words(node: Node, term: Term, value: Any) -> str:
    return shown(node, term, str(value), pages.language()) if value not in (None, "") else _("(không ghi)")


def _of_dead_letter(at_hand: AtHand, tx: Tx) -> list[tuple[str, Any]]:
    """What an operator may know of a message: whom, what kind, since when, why. Nothing of its body."""
    task = at_hand.task
    detail, alike = task.detail, dead_letters.alike(tx, task)
    return [
        (_("Loại thư"), detail["service"]),
        (_("Nơi nhận"), _node_name(at_hand.node, str(detail["recipient"]))),
        (_("Lập lúc"), moment(datetime.fromisoformat(detail["since"]))),
        (_("Số lần đã gửi"), detail["attempts"]),
        (_("Vì sao không giao được"), message(_code(task))),
        (_("Thư khác đang chờ sau thư này"), deadletters.behind(tx, detail["message"])),
        (_("Thư cùng loại đang nằm lại"), f"{alike}+" if alike >= deadletters.AT_ONCE else alike),
        (_("Mã thư"), detail["message"]),
    ]


def _code(task: Task) -> str:
    """Why a message was not delivered, without the recipient's words: those may name a person."""
    return str(task.detail["problem"]).split(":")[0]


def _said(task: Task) -> str:
    """What an alert or a question says: a code of `messages`, or the words of who asked."""
    about = (
        task.detail.get("says") or task.detail.get("question") or task.detail.get("reason") or task.detail.get("note")
    )
    if isinstance(about, Mapping):
        return str(about.get("en" if pages.language() == "en" else "vi", ""))
    return message(str(about))


def _of_correction(at_hand: AtHand, tx: Tx, officer: Officer) -> list[tuple[str, Any]]:
    node, task, register = at_hand.node, at_hand.task, at_hand.register
    assert register is not None, "a correction is about a record of ours"
    detail, name = task.detail, str(task.detail["column"])
    by_agency = detail.get("purpose_of_asking") == "reconciliation"
    now = _held_now(node, tx, register, task, officer).get(name)
    key = node.catalogue.terms[register.fields[register.key].term]
    return [
        (_("Cơ sở dữ liệu"), register.name.in_language(pages.language())),
        (_("Bản ghi"), shown(node, key, str(detail["key"]), pages.language())),
        (_("Thông tin bị báo sai"), at_hand.label(name, pages.language())),
        (_("Đang ghi khi nộp"), _in_words(at_hand, name, detail.get("held"))),
        (_("Đang ghi bây giờ"), _in_words(at_hand, name, now)),
        (_("Nơi báo nói là") if by_agency else _("Người dân nói là"), _in_words(at_hand, name, detail.get("says"))),
        (_("Căn cứ") if by_agency else _("Căn cứ của người dân"), detail.get("note")),
    ]


def _held_now(node: Node, tx: Tx, register: Register, task: Task, officer: Officer) -> dict[str, Any]:
    """The record as it stands; the look is logged like any other read."""
    look_up = next((name for name, columns in register.lookups.items() if columns == [register.key]), None)
    rows = records.find(tx, register, look_up, task.detail["key"]) if look_up else []
    if not rows:
        return {}
    whom = register.whom(rows) if task.state == "open" else []
    if whom:
        about = {"asker": node.name, "purpose": "correction", "case": task.case, "officer": officer.as_asker}
        reads = [(person, {**about, "register": register.register}) for person in whom]
        entries.append_reads(tx, f"read/{new_id()}", reads, clock.now())
    return rows[0]


def _in_words(at_hand: AtHand, name: str, value: Any) -> str:
    column = at_hand.columns.get(name)
    term = at_hand.node.catalogue.terms[column.term] if column else None
    return shown(at_hand.node, term, str(value), pages.language()) if term and value else str(value or "")


def _record(tx: Tx, task: Task) -> dict[str, Any]:
    """The record that a disputed result of ours describes, as its latest sealed form says."""
    text = dossiers.kept_results(tx, str(task.detail["dossier"])).get(results.OWN) if task.kind == "error" else None
    return dict(msgspec.json.decode(envelopes.decode(text.encode()).body)["record"]) if text else {}


def _controls(
    at_hand: AtHand, tx: Tx, record: Mapping[str, Any], sent: Mapping[str, str], errors: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The questions of an answer, each for desk/control.html."""
    task, said = at_hand.task, {name: message(error) for name, error in errors.items()}
    answers = [(name, str(ANSWERED[task.kind, name])) for name in at_hand.answers if (task.kind, name) in ANSWERED]
    if at_hand.answers == ("note",):
        note = _control("note", "note", str(NOTES[task.kind]), sent, said, required=True)
        return [{**note, "answer": "note"}]
    doubted, says = task_answers.blamed(task), task.detail.get("says")
    values = [
        _value_control(at_hand, name, column, says if name == doubted else record.get(name), sent, said)
        for name, column in at_hand.columns.items()
    ]
    if task.kind == "error":
        values = [value for value in values if record.get(value["name"]) or value["name"] == doubted]
        values = [{**value, "was": str(record.get(value["name"]) or "")} for value in values]
    choice = _control("answer", "answer", _("Kết luận"), sent, said, choices=answers, required=True)
    if task.kind == "extension":
        sent = {"answer": "sign", **extension_task.proposed(task), **sent}
        more = extension_task.controls(task)
        values = [_control(name, "choice", label, sent, said, choices=of, required=True) for name, label, of in more]
        choice = _control("answer", "answer", _("Kết luận"), sent, said, choices=answers, required=True)
    if task.kind == "feedback":
        sent = {**feedback_task.proposed(tx, task), **sent}
        beside = feedback_task.controls(at_hand.node, tx, task)
        values = [_control(name, kind, label, sent, said, choices=of) for name, kind, label, of in beside]
        choice = _control("answer", "answer", _("Kết luận"), sent, said, choices=answers, required=True)
    needed = task.kind not in ("dead_letter", "difference", "opinion", "extension", "feedback")
    return [choice, *values, _control("note", "note", str(NOTES[task.kind]), sent, said, required=needed)]


def _value_control(
    at_hand: AtHand, name: str, column: Column, proposed: Any, sent: Mapping[str, str], said: Mapping[str, str]
) -> dict[str, Any]:
    """A value of the register, to be left or changed."""
    term, label = at_hand.node.catalogue.terms[column.term], at_hand.label(name, pages.language())
    choices = [(code, words.in_language(pages.language())) for code, words in term.codes.items()]
    kind = "day" if term.type == "date" else "line"
    made = _control(name, kind, label, {name: str(proposed or ""), **sent}, said, choices=choices, required=True)
    return {**made, "value": _day_parts(name, str(proposed or ""), sent)} if kind == "day" else made


def _day_parts(name: str, proposed: str, sent: Mapping[str, str]) -> dict[str, str]:
    if f"{name}-day" in sent:
        return {part: sent.get(f"{name}-{part}", "") for part in ("day", "month", "year")}
    try:
        day = date.fromisoformat(proposed[:10])
    except ValueError:
        return {}
    return {"day": f"{day.day}", "month": f"{day.month}", "year": f"{day.year}"}


def _control(
    name: str,
    kind: str,
    label: str,
    sent: Mapping[str, str],
    said: Mapping[str, str],
    *,
    choices: list[tuple[str, str]] | None = None,
    required: bool = False,
) -> dict[str, Any]:
    return {
        "id": f"f-{name}",
        "name": name,
        "kind": kind,
        "label": label,
        "help": "",
        "required": required,
        "error": said.get(name, ""),
        "value": sent.get(name, ""),
        "choices": choices or [],
        "was": None,
    }
