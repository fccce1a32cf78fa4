"""A difference between two registers at the desk: what both say, whose value holds, and the owner's word."""

from typing import Any

from lienthong.casework import tasks
from lienthong.casework.tasks import Task
from lienthong.casework.tests.country import Country, in_node
from lienthong.desk.tests.births import families
from lienthong.desk.tests.office import INSURANCE_STEWARD, INSURER, STEWARD, Desks
from lienthong.registers import reconcile_runs, records


def differing(country: Country) -> tuple[str, Task]:
    """A person whose card says another name, found by a comparison: the number, and the task."""
    mother = country.family(next(families)).number
    card = {"full_name": "Ka Wen", "birth_date": "1995-04-02", "gender": "female", "benefit": "GD"}
    place = {"facility": "68009", "valid_from_date": "2024-01-01"}
    country.enter("BHXH", "insurance_cards", number=f"GD{mother}", person=mother, **card, **place)
    compare(country)
    number = "SELECT id FROM difference WHERE key = %s"
    difference = in_node(country.nodes["BHXH"], lambda tx: tx.value(number, (mother,)))
    return mother, task_of(country, f"difference/{difference}")


def compare(country: Country) -> None:
    """A run as the workers do it; a pause is when the owner makes its sums."""
    owner, follower = country.nodes["G01"], country.nodes["BHXH"]
    in_node(follower, lambda tx: reconcile_runs.want(follower, tx, "insurance_cards"))
    reconcile_runs.work(follower, lambda seconds: reconcile_runs.bring_up_to_date(owner), by_itself=False)
    ended = in_node(follower, reconcile_runs.last_runs)[0]
    assert ended["state"] == "done", ended["problem"]


def task_of(country: Country, task: str, node: str = "BHXH") -> Task:
    found = in_node(country.nodes[node], lambda tx: tasks.load(tx, task))
    assert found is not None
    return found


def record(country: Country, node: str, register: str, key: str) -> dict[str, Any]:
    place = country.nodes[node]
    found = in_node(place, lambda tx: records.one(tx, place.catalogue.owned[register], key))
    assert found is not None
    return found


def test_the_owners_value_is_taken_over(country: Country, desks: Desks) -> None:
    person, task = differing(country)
    browser = desks("BHXH", INSURANCE_STEWARD)
    assert person not in browser.get("/tasks").content.decode()
    page = browser.get(f"/tasks/{task.id}").content.decode()
    assert all(said in page for said in ("Ka Wen", "Ka Wẽn", "Hai nơi ghi khác nhau"))
    assert browser.post(f"/tasks/{task.id}", {"answer": "take", "note": ""}).status_code == 303
    assert record(country, "BHXH", "insurance_cards", f"GD{person}")["full_name"] == "Ka Wẽn"
    assert task_of(country, task.id).state == "done"
    assert desks("BHXH", INSURER).get(f"/tasks/{task.id}").status_code == 404
    about = "SELECT payload FROM journal_entry WHERE kind = 'read' AND subject = %s"
    read = in_node(country.nodes["G01"], lambda tx: [row.payload for row in tx.all(about, (person,))])
    assert sum('"register.differing"' in entry for entry in read) >= 1


def test_the_owner_is_told_and_its_word_ends_the_task(country: Country, desks: Desks) -> None:
    person, task = differing(country)
    browser = desks("BHXH", INSURANCE_STEWARD)
    assert browser.post(f"/tasks/{task.id}", {"answer": "tell", "note": " "}).status_code == 422
    assert browser.post(f"/tasks/{task.id}", {"answer": "tell", "note": "theo thẻ cũ"}).status_code == 303
    assert task_of(country, task.id).state == "pending"
    country.deliver()
    there = f"{task.id}/full_name"
    owner = desks("G01", STEWARD)
    assert "Nơi báo nói là" in owner.get(f"/tasks/{there}").content.decode()
    answer = {"answer": "accept", "full_name": "Ka Wen", "note": "đã sửa"}
    assert owner.post(f"/tasks/{there}", answer).status_code == 303
    country.deliver()
    ended = task_of(country, task.id)
    assert (ended.state, ended.outcome["note"]) == ("done", "đã sửa")
    assert record(country, "G01", "persons", person)["full_name"] == "Ka Wen"
    compare(country)
    assert (
        in_node(country.nodes["BHXH"], lambda tx: tx.value("SELECT 1 FROM difference WHERE key = %s", (person,)))
        is None
    )


def test_while_the_owner_is_silent_no_value_is_taken(country: Country, desks: Desks) -> None:
    person, task = differing(country)
    country.silent = {"G01"}
    browser = desks("BHXH", INSURANCE_STEWARD)
    assert "chưa trả lời" in browser.get(f"/tasks/{task.id}").content.decode()
    assert browser.post(f"/tasks/{task.id}", {"answer": "take"}).status_code == 422
    assert record(country, "BHXH", "insurance_cards", f"GD{person}")["full_name"] == "Ka Wen"
    country.silent = set()
