"""A BPMN 2.0 file as a process table: what `flow` draws comes back as it was, what others drew as far as it says.

The subset: tasks of people in lanes, tasks of machines, a rule's task before a step, one thing after the other;
exclusive gateways around steps that may be passed over; parallel gateways around opinions; timers at tasks. A line's
order, name, role, unit, comparison, opinions and where a refused record leads are read from the picture, the rest from
our marks. What nobody said is a question, never a guess. What the law adds to every process (`law`) is not a line.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from django.utils.translation import gettext as _

from lienthong.casework import bpmn_reading as reading
from lienthong.casework.bpmn_reading import NotTaken, Picture, Problem, Thing, Way
from lienthong.casework.bpmn_ways import Wayfinding
from lienthong.catalogue.shapes import Process

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_COMPARISON: Final = re.compile(r"[a-z][a-z0-9_]{0,60}(!?=[^\n]{0,80})?")
_NEEDED: Final = ("verb", "role", "name", "register", "when", "straight_through", "says", "days")


@dataclass(frozen=True)
class Question:
    """What the file does not say: a field of a line, with what the element itself says about it."""

    element: str
    step: str
    field: str
    text: str

    @property
    def must(self) -> bool:
        """Whether the table is none without it."""
        return self.field in _NEEDED


@dataclass
class Imported:
    """The lines as process.yaml would hold them, without what is asked for in `questions`. `notes` are elements that
    need no line, with why."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    consents: list[dict[str, Any]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    @property
    def table(self) -> dict[str, Any]:
        return {"steps": self.lines, **({"consents": self.consents} if self.consents else {})}

    def process(self) -> Process:
        """Raises ValueError while something that a table must have is asked for."""
        if open_ones := [one for one in self.questions if one.must]:
            raise ValueError(", ".join(f"{one.step}.{one.field}" for one in open_ones))
        return msgspec.convert(self.table, Process)


def read(text: bytes, roles: Mapping[str, str], process: str = "") -> Imported:
    """Read a file. `roles` gives a role for the name of a lane, in small letters; `process` chooses among several.

    Raises NotTaken naming every element that lies outside the subset.
    """
    walk = _Walk(reading.read(text, process), roles)
    walk.whole()
    if walk.problems:
        raise NotTaken(*walk.problems)
    return walk.made


class _Walk(Wayfinding):
    """From the start to the end, a line for each task met."""

    def __init__(self, picture: Picture, roles: Mapping[str, str]) -> None:
        super().__init__(picture)
        self.roles = roles
        self.made, self.problems = Imported(), list[Problem]()
        self.steps: dict[str, str] = {}  # the line that an element became
        self.back: list[tuple[dict[str, Any], Way]] = []  # lines that say where a refused record leads

    def whole(self) -> None:
        starts = [one for one in self.picture.things.values() if one.kind == reading.START]
        if len(starts) != 1 or len(self.ways(starts[0].id)) != 1:
            self.problem([one.id for one in starts], _("quy trình phải có đúng một điểm bắt đầu, với một đường đi"))
            return
        self.seen.add(starts[0].id)
        self.follow(self.ways(starts[0].id)[0].target, "", "")
        for line, way in self.back:
            line["refused_to"] = self.step_at(way.target)
        self.made.consents += [held for one in self.picture.things.values() for kind, held in one.held
                               if kind == "consent"]  # fmt: skip
        self.rest()

    def rest(self) -> None:
        """Whatever was not met belongs to nothing that the table can hold."""
        missed = [one.id for one in self.picture.things.values() if one.id not in self.seen and not one.law]
        if missed and not self.problems:
            self.problem(missed, _("không tới được từ điểm bắt đầu theo cách mà bảng quy trình ghi được"))
        if self.picture.apart:
            self.note(self.picture.apart, _("ghi chú, dữ liệu hoặc nhóm: không thành dòng nào của bảng"))
        if not self.made.lines and not self.problems:
            self.problem([self.picture.id], _("quy trình không có bước nào"))

    # walking

    def follow(self, at: str, until: str, when: str) -> None:
        """Make lines of what stands between two things; `when` is under which comparison they are done."""
        here: set[str] = set()
        while at and at != until:
            thing = self.picture.things[at]
            if thing.law or at in here or (at in self.seen and not self.may_meet_again(thing)):
                self.problem([at], _("đường đi quay lại hoặc lẫn với phần luật định, bảng quy trình không ghi được"))
                return
            self.seen.add(at)
            here.add(at)
            if thing.kind == reading.END:
                if until:
                    self.problem([at], _("kết thúc giữa chừng"))
                return
            at = self.pass_on(thing, when)

    def pass_on(self, thing: Thing, when: str) -> str:
        """What comes after a thing; empty where the walk cannot go on."""
        if thing.kind in (*reading.PERSON, *reading.MACHINE):
            self.task(thing, when)
            return self.only_way(thing)
        if thing.kind == reading.RULE:
            return self.rule(thing, when)
        if thing.kind == reading.BOTH:
            return self.opinions(thing, when)
        if thing.kind == reading.EITHER:
            return self.choice(thing, when)
        self.problem([thing.id], _("không ở đúng chỗ"))
        return ""

    def only_way(self, thing: Thing) -> str:
        ways = self.ways(thing.id)
        if len(ways) == 1:
            return ways[0].target
        why = _("nhiều đường đi cùng rời một việc; hãy dùng cổng") if ways else _("không dẫn tới đâu")
        self.problem([thing.id], why)
        return ""

    # lines

    def task(self, thing: Thing, when: str) -> dict[str, Any]:
        """A line of the table out of a task."""
        held = next((found for kind, found in thing.held if kind == "step"), None)
        line: dict[str, Any] = {"step": self.name(thing), **(held or {})}
        self.steps[thing.id] = line["step"]
        self.made.lines.append(line)
        self.named(line, "name", thing, line["step"])
        self.performer(line, thing)
        if when:
            line["when"] = when
        for timer in self.picture.attached[thing.id]:
            self.timer(line, timer)
        if held is None:
            self.unknown(line, thing)
        return line

    def unknown(self, line: dict[str, Any], thing: Thing) -> None:
        """What a task drawn elsewhere cannot say."""
        step = line["step"]
        if thing.kind in reading.MACHINE:
            self.ask(thing, step, "verb", _("việc của máy: ghi sổ (record) hay cấp kết quả (issue)?"))
            self.ask(thing, step, "register", _("ghi vào sổ nào, những trường nào; hoặc mã kết quả"))
        else:
            text = _("việc của người: tiếp nhận, kiểm tra hay quyết định?")
            self.ask(thing, step, "verb", text)
        if "hours" not in line:
            self.ask(thing, step, "hours", _("mấy giờ làm việc?"))
        self.ask(thing, step, "rule", _("căn cứ pháp lý của bước"))

    def named(self, line: dict[str, Any], key: str, thing: Thing, step: str) -> None:
        """The words of a line: those of the mark while the picture says one of them, else what the picture says."""
        held = line.get(key)
        if held and thing.name in (*(" ".join(text.split()) for text in held.values()), ""):
            return
        if held:
            line[key] = {**held, "vi": thing.name}
            self.ask(thing, step, f"{key}.en", _("tên đã đổi thành «%s»: hãy xem lại tên tiếng Anh") % thing.name)
        elif thing.name:
            line[key] = {"vi": thing.name, "en": thing.name}
            self.ask(thing, step, f"{key}.en", _("tên tiếng Anh của «%s»") % thing.name)
        else:
            self.ask(thing, step, key, _("việc không có tên"))

    def performer(self, line: dict[str, Any], thing: Thing, step: str = "") -> None:
        who = self.picture.lanes.get(thing.id)
        role = (who.role or self.roles.get(who.name.lower(), "")) if who else ""
        if role:
            line["role"] = role
        elif thing.kind in reading.PERSON:
            said = _("vai trò nào là làn «%s»?") % who.name if who and who.name else _("việc không nằm trong làn nào")
            self.ask(thing, step or line["step"], "role", said)
        if who and who.unit:  # a step is always done where a field says, an opinion given where one does or in a unit
            line["unit"] = who.unit if step else who.unit.removeprefix("$")

    def timer(self, line: dict[str, Any], timer: Thing) -> None:
        """A timer at a task is the hours of its step; what happens then is not the table's to say."""
        if timer.law:
            return
        self.seen.add(timer.id)
        if timer.interrupts:
            self.problem([timer.id], _("hết giờ thì bỏ bước: chỉ pháp luật định khi nào dừng; hãy vẽ loại không ngắt"))
            return
        if timer.hours:
            line.setdefault("hours", timer.hours)
        beyond = self.beyond(timer)
        self.seen |= set(beyond)
        self.note([timer.id, *beyond], _("hết giờ của bước thì hệ thống tự báo; chỉ lấy số giờ"))

    def name(self, thing: Thing) -> str:
        """A step's name: the element's id where it is one of ours, else made of what the element is called."""
        own = thing.id.removeprefix(f"{self.picture.id}.")
        plain = unicodedata.normalize("NFD", thing.name.lower().replace("đ", "d")).encode("ascii", "ignore").decode()
        made = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:30]
        found = own if _NAME.fullmatch(own) else made if _NAME.fullmatch(made) else "step"
        taken, number = {line["step"] for line in self.made.lines}, 2
        while found in taken:
            found, number = f"{found.rstrip('0123456789')}{number}", number + 1
        return found

    # gateways

    def rule(self, thing: Thing, when: str) -> str:
        """A rule may do the step that follows; where it does not hold, the person does."""
        gateway = self.only_way(thing)
        if not gateway:
            return ""
        ways = self.ways(gateway)
        join = self.join(ways) if self.picture.things[gateway].kind == reading.EITHER else ""
        to_person = [way for way in ways if way.target != join]
        if len(ways) != 2 or len(to_person) != 1:
            self.problem([thing.id, gateway], _("sau việc theo quy tắc phải là cổng: tự tiếp tục, hoặc người làm"))
            return ""
        self.seen.add(gateway)
        before = len(self.made.lines)
        self.follow(to_person[0].target, join, when)
        made = self.made.lines[before:]
        if len(made) != 1:
            self.problem([thing.id], _("quy tắc thay cho đúng một bước"))
        elif thing.rule:
            made[0]["straight_through"] = thing.rule
        else:
            self.ask(thing, made[0]["step"], "straight_through", _("quy tắc nào quyết định thay?"))
        return join

    def choice(self, thing: Thing, when: str) -> str:
        """A gateway after a judgement, around steps that may be passed over, or where ways come together."""
        ways = self.ways(thing.id)
        ahead = [way for way in ways if way.target not in self.seen or self.is_end(way.target)]
        for way in ways:
            if way not in ahead:
                self.goes_back(way)
        if len(ahead) > 1:
            ahead = self.without_refusals(ahead)
        if len(ahead) == 1:
            return ahead[0].target
        join = self.join(ahead)
        if not join:
            self.problem([thing.id], _("các nhánh không gặp lại nhau") if ahead else _("không dẫn tới đâu"))
            return ""
        for way in ahead:
            if way.target != join:
                self.branch(thing, way, ahead, join, when)
        return join

    def branch(self, gateway: Thing, way: Way, ways: Sequence[Way], join: str, outer: str) -> None:
        """Steps done only where a comparison holds."""
        when, said = self.comparison(gateway, way, ways)
        if outer:
            self.problem([gateway.id], _("một bước chỉ có một điều kiện; ở đây là điều kiện trong điều kiện"))
        before = len(self.made.lines)
        self.follow(way.target, join, when)
        for line in self.made.lines[before:]:
            if not when:
                element = next((name for name, step in self.steps.items() if step == line["step"]), way.id)
                self.ask(self.picture.things.get(element, gateway), line["step"], "when", said)

    def comparison(self, gateway: Thing, way: Way, ways: Sequence[Way]) -> tuple[str, str]:
        """The comparison on a way, or nothing and what the way says instead."""
        if way.condition and way.id != gateway.otherwise and (way.ours or _COMPARISON.fullmatch(way.condition)):
            return way.condition, ""
        said = way.condition or way.name or _("không ghi gì")
        others = [other.condition or other.name for other in ways if other is not way]
        return "", _("điều kiện: «%(said)s» (nhánh kia: «%(others)s»)") % {
            "said": said[:80],
            "others": "; ".join(others)[:80],
        }

    def goes_back(self, way: Way) -> None:
        """A refused record reopens an earlier step; what people return is the law's to allow."""
        last = self.made.lines[-1] if self.made.lines else {}
        source = next(
            (self.picture.things[name] for name, step in self.steps.items() if step == last.get("step")), None
        )
        if source is not None and source.kind in reading.MACHINE:
            self.back.append((last, way))
        elif source is not None:
            self.note([way.id], _("trả lại bước trước: quy trình nào cũng có, không phải ghi"))
        else:
            self.problem([way.id], _("đường đi quay lại"))

    def without_refusals(self, ways: list[Way]) -> list[Way]:
        """Ways to an end of their own after somebody judged: the law lets refuse, with a reason."""
        others = [way for way in ways if not self.is_end(way.target)]
        reached = {name for way in others for name in self.reach(way.target)}
        refusals = [way for way in ways if others and self.is_end(way.target) and way.target not in reached]
        for way in refusals:
            self.seen.add(way.target)
            self.note([way.id, way.target], _("từ chối: quy trình nào cũng có, không phải ghi"))
        return [way for way in ways if way not in refusals]

    def step_at(self, name: str) -> str:
        """The line that begins at a thing."""
        return next((self.steps[one] for one in self.reach_all(name) if one in self.steps), "")

    # opinions

    def opinions(self, gateway: Thing, when: str) -> str:
        """Several people are asked at the same time: the opinions of one line."""
        ways = self.ways(gateway.id)
        tasks = [self.picture.things[way.target] for way in ways]
        ends = {self.past_merges(way.target) for task in tasks for way in self.ways(task.id)}
        join = next(iter(ends), "")
        plain = all(task.kind in reading.PERSON and len(self.ways(task.id)) == 1 for task in tasks)
        if not (len(ways) > 0 and plain and len(ends) == 1 and self.picture.things[join].kind == reading.BOTH):
            why = _("chỉ việc xin ý kiến được làm song song, mỗi ý kiến một việc")
            self.problem([gateway.id, *(task.id for task in tasks)], why)
            return ""
        last = self.made.lines[-1] if self.made.lines else {}
        line = last if last.get("verb") == "consult" else self.consulting(gateway, when)
        line["asks"] = [self.opinion(task, line["step"], join) for task in tasks]
        self.seen |= {join, *(task.id for task in tasks)}
        return self.only_way(self.picture.things[join])

    def consulting(self, gateway: Thing, when: str) -> dict[str, Any]:
        line: dict[str, Any] = {"step": self.name(gateway), "verb": "consult", **({"when": when} if when else {})}
        self.made.lines.append(line)
        self.steps[gateway.id] = line["step"]
        self.named(line, "name", gateway, line["step"])
        self.ask(gateway, line["step"], "rule", _("căn cứ pháp lý của bước"))
        return line

    def opinion(self, task: Thing, step: str, join: str) -> dict[str, Any]:
        held = next((dict(found) for kind, found in task.held if kind == "opinion"), {})
        self.named(held, "says", task, step)
        self.performer(held, task, step)
        timers = [timer for timer in self.picture.attached[task.id] if not timer.law]
        for timer in timers:
            self.seen |= {timer.id, *self.beyond(timer)}
        days = timers[0].hours // reading.HOURS_A_DAY if timers else 0
        if days:
            held["days"] = days
        else:
            self.ask(task, step, "days", _("mấy ngày làm việc để cho ý kiến?"))
        escalates = bool(timers) and not timers[0].interrupts
        if escalates != (held.get("silence") == "escalate") or not task.held:
            held["silence"] = "escalate" if escalates else "without"
            self.ask(task, step, "silence", _("im lặng nghĩa là gì: đồng ý, đi tiếp, hay báo người đứng đầu?"))
        return held

    # telling

    def ask(self, thing: Thing, step: str, name: str, text: str) -> None:
        self.made.questions.append(Question(thing.id, step, name, text))

    def note(self, elements: Sequence[str], text: str) -> None:
        self.made.notes.append(Problem(tuple(elements), text))

    def problem(self, elements: Sequence[str], text: str) -> None:
        self.problems.append(Problem(tuple(elements), text))
