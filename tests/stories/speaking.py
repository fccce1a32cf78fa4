"""One deed of a node, done by its own program, whichever version that is: `python speaking.py DEED ARGUMENTS…`.

Only names that version 0.2 and this one share; what came of it is printed as JSON.
"""

import json
import sys
from datetime import date
from typing import Any


def node() -> Any:
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.config.settings")
    django.setup(set_prefix=False)
    from lienthong.config import wiring

    return wiring.node(os.environ["LIENTHONG_NODE"])


def ask(it: Any, recipient: str, service: str, purpose: str, body: str) -> Any:
    from lienthong.exchange.asking import Question

    answer = it.asker.ask(Question(recipient, service, json.loads(body), purpose, "story/1"), within=10.0)
    return None if answer is None else answer.body


def question(it: Any, owner: str) -> Any:
    """A citizen asks about a read of their data: `task.open` goes out."""
    from lienthong.identity.types import Account
    from lienthong.portal import questions

    read = {"owner": owner, "read": "r", "at": "2026-11-20", "asker": "H36", "roles": [], "service": "s",
            "purpose": "p", "case": "c", "opened": []}  # fmt: skip
    with it.database.transaction() as tx:
        account = Account("068195001234", "Ka Wẽn", date(1995, 4, 2), "female", 2)
        return questions.ask(it, tx, account, read, "vì sao?")


def answer(it: Any, task: str) -> Any:
    """The data steward answers it: `task.closed` goes back."""
    from lienthong.casework import tasks
    from lienthong.identity.types import Officer, Post

    steward = Officer("068080000009", "Lê Thị Giữ", (Post(tasks.STEWARD, None),))
    with it.database.transaction() as tx:
        tasks.answer(it, tx, task, steward, "để cấp thẻ")


def person(it: Any, number: str) -> Any:
    """A person enters the register, as a load would put them there."""
    from lienthong.kit import clock
    from lienthong.registers import records

    declared = it.catalogue.owned["persons"]
    known = {"number": number, "full_name": "Ka Wẽn", "birth_date": "1995-04-02", "gender": "female",
             "nationality": "VN", "ethnicity": "16"}  # fmt: skip
    row = {name: known.get(name) for name in declared.fields}
    with it.database.transaction() as tx:
        records.enter(tx, declared, row, at=clock.now(), valid_from=date(2020, 1, 1), by="load:test")


if __name__ == "__main__":
    speaking = node()
    said = globals()[sys.argv[1]](speaking, *sys.argv[2:])
    speaking.database.close()
    print(json.dumps(said))
