"""Process tables: what is wrong with one and where, and an agency's own instead of the ministry's model."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from lienthong.catalogue import parts
from lienthong.catalogue.catalogue import assembled, service_of
from lienthong.catalogue.files import CatalogueError, of_folder
from lienthong.catalogue.internal_process import InternalProcess, as_file, is_for, part_of, path_of
from lienthong.catalogue.process_check import ROLES, SENTENCES, Problem, problems, total_hours
from lienthong.catalogue.process_differences import differences
from lienthong.catalogue.shapes import Process, Step
from lienthong.catalogue.tests.folder import FOLDER, RULES, changed, copied, loaded

BIRTH, OWN = "civil-status/birth-registration", "processes/H36/civil-status/birth-registration.yaml"
PERMIT = "construction/house-permit"
HEAD = {"symbol": "QTTP-20", "decision": "1234/QĐ-UBND", "decided_on": date(2026, 11, 20), "transition": "stay"}
Edit = Callable[[list[dict[str, Any]]], Any]


def model(slug: str = BIRTH) -> dict[str, Any]:
    return yaml.safe_load((FOLDER / "services" / slug / "process.yaml").read_text())  # type: ignore[no-any-return]


def own(edit: Edit, slug: str = BIRTH) -> InternalProcess:
    """An agency's own process: the model, changed."""
    content = model(slug)
    edit(content["steps"])
    return msgspec.convert({**HEAD, **content}, InternalProcess)


def wrong(edit: Edit, slug: str = BIRTH) -> list[tuple[int, str, str]]:
    service = loaded(FOLDER, "H36").service(slug)
    return [(one.row, one.column, one.code) for one in problems(own(edit, slug), service)]


def put(row: int, **values: Any) -> Edit:
    return lambda steps: steps[row].update(values)


NEW = {"step": "appraise", "verb": "check", "role": "civil_status_officer", "hours": 1, "rule": "QĐ",
       "name": {"vi": "Thẩm định", "en": "Appraisal"}}  # fmt: skip


GUARD = [{"by": "x", "most": 1, "hours": 1, "says": {"vi": "x", "en": "x"}}]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (put(1, step="Kiểm tra"), [(1, "step", "step-name"), (3, "refused_to", "refused-to-later")]),
        (put(1, step="sign"), [(2, "step", "step-twice"), (3, "refused_to", "refused-to-later")]),
        (put(2, step="supplement"), [(2, "step", "step-taken")]),
        (put(2, step="check_result"), [(2, "step", "step-taken")]),
        (put(1, name={"vi": "", "en": "x"}), [(1, "vi", "name-missing")]),
        (put(1, name={"vi": "x", "en": "y" * 81}), [(1, "en", "name-long")]),
        (put(1, role=""), [(1, "role", "role-missing")]),
        (put(1, role="data_steward"), [(1, "role", "role-unknown")]),
        (put(1, hours=0), [(1, "hours", "hours-missing")]),
        (put(0, hours=17), [(-1, "hours", "hours-over-limit")]),
        (put(1, rule=" "), [(1, "rule", "rule-missing")]),
        (put(1, verb="receive"), [(1, "verb", "receive-first"), (3, "refused_to", "refused-to-later")]),
        (put(2, verb="check"), [(-1, "steps", "no-decision")]),
        (put(1, verb="consult"), [(1, "asks", "asks-missing"), (3, "refused_to", "refused-to-later")]),
        (put(1, refused_to="sign"), [(1, "refused_to", "refused-to-not-here")]),
        (put(3, refused_to="record"), [(3, "refused_to", "refused-to-later")]),
        (put(3, refused_to=""), [(3, "refused_to", "refused-to-missing")]),
        (lambda steps: steps.append(NEW), [(4, "verb", c) for c in ("no-result", "after-result", "result-differs")]),
        (lambda steps: steps.pop(), [(2, "verb", "no-result"), (2, "verb", "result-differs")]),
        (lambda steps: steps.insert(0, steps.pop()), [
            (0, "verb", "first-by-people"), (0, "refused_to", "refused-to-later"), (1, "verb", "receive-first"),
            (1, "verb", "after-result"), (3, "verb", "no-result"), (3, "verb", "result-differs"),
        ]),
        (lambda steps: steps[3]["fields"].pop("notice"), [(3, "verb", "result-differs")]),
        (put(1, straight_through="complete-birth-file@2026-09"), [(1, "straight_through", "automatic-not-here"),
                                                                 (1, "straight_through", "automatic-unknown")]),
        (put(2, straight_through="child-health-card@2026-09"), [(2, "straight_through", "automatic-unknown")]),
        (put(0, velocity=GUARD), [(0, "straight_through", "guard-differs")]),
        (put(2, when="gender=male"), [(-1, "steps", "no-decision")]),
        (put(1, when="gender=male"), [(1, "when", "when-not-here")]),
        (put(2, unit="gender"), [(2, "unit", "not-a-unit")]),
        (put(1, result="KQ.1"), [(1, "result", "result-not-here")]),
        (put(1, register="births"), [(1, "register", "register-not-here")]),
        (put(1, asks=[{"role": "chair", "days": 1, "says": {"vi": "x", "en": "x"}}]), [(1, "asks", "asks-not-here")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_step_and_column(edit: Edit, expected: list[tuple[int, str, str]]) -> None:
    assert sorted(wrong(edit)) == sorted(expected)


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("gender=male", ""),
        ("gender!=male", ""),
        ("gender", ""),
        ("gender=", ""),
        ("gender=dragon", "when-no-code"),
        ("soul=male", "when-no-field"),
        ("gender=male=female", "when-unreadable"),
        ("gender==male", "when-unreadable"),
        ("not gender", "when-unreadable"),
    ],
)
def test_a_condition_is_one_comparison_over_the_form(when: str, code: str) -> None:
    found = wrong(lambda steps: steps.insert(2, {**NEW, "when": when}))
    assert found == ([(2, "when", code)] if code else [])


def test_opinions_are_judged_each_in_its_place() -> None:
    asks = [
        {"role": "chair", "days": 0, "says": {"vi": "a", "en": "b"}},
        {"role": "king", "days": 1, "says": {"vi": "", "en": "b"}, "unit": "$gender"},
    ]
    consult = {**NEW, "verb": "consult", "asks": asks}
    assert wrong(lambda steps: steps.insert(2, consult)) == [
        (2, "asks.0.days", "days-missing"),
        (2, "asks.1.role", "role-unknown"),
        (2, "asks.1.vi", "question-missing"),
        (2, "asks.1.unit", "not-a-unit"),
    ]


def test_hours_count_opinions_as_the_longest_of_them() -> None:
    consult = {"step": "ask", "verb": "consult", "name": {"vi": "x", "en": "x"}, "hours": 3,
               "asks": [{"role": "chair", "days": n, "says": {"vi": "x", "en": "x"}} for n in (1, 2)]}  # fmt: skip
    steps = [{**NEW, "hours": 5}, consult]
    assert total_hours(msgspec.convert({"steps": steps}, Process)) == 5 + 16


def test_every_sentence_stands_in_both_languages_and_names_what_it_is_about() -> None:
    assert all(said.vi and said.en and said.vi != said.en for said in SENTENCES.values())
    told = Problem("check", "when", "when-no-field", 1, "soul")
    assert "soul" in told.words.vi
    assert told.told("x.yaml") == "x.yaml: step 2 (check), when: The form has no field “soul”."


def test_every_post_that_a_step_may_name_has_a_name() -> None:
    from lienthong.casework import words

    assert words.ROLES.keys() >= ROLES
    assert not ROLES & {"process_admin", "data_steward", "operator", "applicant"}


def test_a_model_that_is_wrong_does_not_load_and_says_where(tmp_path: Path) -> None:
    def edit(content: Any) -> None:
        content["steps"][1]["hours"] = 400

    folder = changed(copied(tmp_path), f"services/{BIRTH}/process.yaml", edit)
    with pytest.raises(CatalogueError, match=r"birth-registration/process.yaml: hours: The steps together take longer"):
        loaded(folder)


# an agency's own


def files_with(edit: Edit = lambda steps: None, path: str = OWN) -> dict[str, str]:
    process = own(edit)
    return {**of_folder(FOLDER), path: yaml.safe_dump(as_file(process), allow_unicode=True, sort_keys=False)}


def shorter(steps: list[dict[str, Any]]) -> None:
    steps[1]["hours"] = 3


def test_an_agencys_own_process_stands_for_the_ministrys_and_every_node_computes_the_same() -> None:
    before = loaded(FOLDER, "H36").service(BIRTH)
    found = {node: assembled(files_with(shorter), node, RULES) for node in ("H36", "portal", "G01", "G15", "gate")}
    service = found["H36"].service(BIRTH)
    assert isinstance(service.process, InternalProcess)
    assert (service.process.symbol, service.process.step("check").hours) == ("QTTP-20", 3)
    assert service.model == before.process
    assert {one.revisions[BIRTH] for one in found.values()} == {service.revision} != {before.revision}
    assert {tuple(one.own_processes.items()) for one in found.values()} == {((BIRTH, part_of("H36", BIRTH)),)}


def test_a_revision_with_an_own_process_loads_from_its_parts_alone() -> None:
    divided = parts.divided(files_with(shorter))
    names = [f"services/{BIRTH}", part_of("H36", BIRTH), parts.DICTIONARY, parts.CALENDAR]
    alone = service_of(parts.joined(divided[name] for name in names), BIRTH, RULES)
    assert alone.revision == assembled(files_with(shorter), "H36", RULES).service(BIRTH).revision
    without = service_of(parts.joined(divided[name] for name in names if name[:4] != "proc"), BIRTH, RULES)
    assert without.revision == loaded(FOLDER, "H36").service(BIRTH).revision


def test_a_revision_follows_the_own_process_and_no_longer_the_model() -> None:
    def revision(files: dict[str, str]) -> str:
        return assembled(files, "H36", RULES).service(BIRTH).revision

    path = f"services/{BIRTH}/process.yaml"
    plain = files_with(shorter)
    renamed = {**plain, path: plain[path].replace("Chủ tịch Ủy ban nhân dân xã ký", "Chủ tịch ký")}
    assert renamed[path] != plain[path]
    assert revision(renamed) == revision(plain)
    assert revision(files_with(put(1, hours=2))) != revision(plain)


def test_what_does_not_fit_leaves_the_ministrys_in_force_and_is_told() -> None:
    files = files_with(put(1, role="king"))
    for node in ("H36", "G01"):
        found = assembled(files, node, RULES)
        assert found.revisions[BIRTH] == loaded(FOLDER, "H36").revisions[BIRTH]
        assert "step 2 (check), role" in found.unfit[part_of("H36", BIRTH)]
        assert found.own_processes == {}


@pytest.mark.parametrize(
    "path",
    ["processes/G01/civil-status/birth-registration.yaml", "processes/H36/civil-status/none.yaml"],
)
def test_a_process_of_who_does_not_handle_the_service_counts_for_nothing(path: str) -> None:
    found = assembled(files_with(shorter, path), "H36", RULES)
    assert found.revisions == loaded(FOLDER, "H36").revisions
    assert found.unfit == {}


def test_a_folder_with_a_process_that_does_not_fit_does_not_load(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    path = folder / OWN
    path.parent.mkdir(parents=True)
    path.write_text(files_with(put(1, role="king"))[OWN])
    with pytest.raises(CatalogueError, match=r"processes/H36/.*registration\.yaml: step 2"):
        loaded(folder)


def test_a_part_is_named_and_published_by_its_agency() -> None:
    lines = parts.lines_of(of_folder(FOLDER))
    part = part_of("H36", BIRTH)
    assert parts.part_of(path_of("H36", BIRTH)) == part
    assert parts.publisher(lines, part, {}) == "H36"
    assert parts.publisher(lines, "rights/G01", {}) == "G01"
    assert is_for(part, BIRTH)
    assert not is_for(part, "civil-status/birth")
    assert not is_for(f"services/{BIRTH}", BIRTH)


def test_a_file_says_what_it_was_made_of() -> None:
    process = own(lambda steps: steps.insert(2, {**NEW, "when": "gender=male"}))
    again = yaml.safe_load(yaml.safe_dump(as_file(process), allow_unicode=True))
    assert msgspec.convert(again, InternalProcess) == process


# beside each other


def steps(*names: str, **hours: int) -> Process:
    words = {"vi": "x", "en": "x"}
    return Process([msgspec.convert({"step": n, "verb": "check", "name": words, "hours": hours.get(n, 1)}, Step)
                    for n in names])  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (steps("a", "b"), steps("a", "b"), []),
        (steps("a", "b"), steps("a", "b", b=2), [("changed", "b", "hours")]),
        (steps("a", "b"), steps("a", "c", "b"), [("added", "c", "")]),
        (steps("a", "b", "c"), steps("a", "c"), [("dropped", "b", "")]),
        (steps("a", "b", "c", "d"), steps("a", "c", "d", "b"), [("moved", "b", "")]),
        (steps("a", "b", "c"), steps("c", "a", "b"), [("moved", "c", "")]),
    ],
)
def test_two_tables_differ_in_what_was_changed_and_in_nothing_else(
    old: Process, new: Process, told: list[tuple[str, str, str]]
) -> None:
    assert [(one.kind, one.step.step, one.column) for one in differences(old, new)] == told
