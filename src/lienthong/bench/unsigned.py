"""Processes of the measure `exchange.ask`, in the environment of a node's own web process.

    python -m lienthong.bench.unsigned serve PORT           that node's web application, without signatures
    python -m lienthong.bench.unsigned ask ADDRESS COUNT    asks G01 there, without signatures
    python -m lienthong.bench.unsigned ask "" COUNT         asks G01 where the directory says, as it is

`ask` reads JSON `[[number, proof], …]` and writes JSON `{"seconds": …, "times": […], "body": bytes, "failed": n}`.
Signatures are switched off in these processes alone: no setting of the product does that.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from lienthong.exchange.asking import Asker, Question
from lienthong.kit.signatures import SigningKey, VerifyKey
from lienthong.kit.storage import Database
from lienthong.portal.my_data import PURPOSE
from lienthong.registers.reading import SERVICE

CONNECTIONS = 4
WARM_UP = 40
WITHIN = 10.0
ITEM = "me".ljust(410, "-")  # makes a kilobyte of question and answer
SAID = "c2lnbmVk" * 12  # as long as a signature


def main() -> None:
    match sys.argv[1:]:
        case ["serve", port]:
            _switch_off()
            from lienthong.config.web_process import serve  # noqa: PLC0415 — reads this process's settings

            serve("127.0.0.1", int(port))
        case ["ask", address, count]:
            if address:
                _switch_off()
            json.dump(_ask(address, int(count), json.load(sys.stdin)), sys.stdout)


def _switch_off() -> None:
    def sign(_key: Any, _content: bytes) -> str:
        return SAID

    def verify(_key: Any, _content: bytes, _signature: str) -> bool:
        return True

    SigningKey.sign, VerifyKey.verify = sign, verify  # type: ignore[method-assign, assignment]


def _ask(address: str, count: int, people: list[list[str]]) -> dict[str, Any]:
    """So many questions over `CONNECTIONS` at once, each a person's own look at their record."""
    from lienthong.config.wiring import current  # noqa: PLC0415 — reads this process's settings

    node = current()
    if address:
        node.directory.nodes = {**node.directory.nodes, "G01": _moved(node.directory.entry("G01"), address)}
    asker = Asker(node.name, node.key, node.directory, Database(node.database.conninfo, size=CONNECTIONS))
    share = count // CONNECTIONS

    def client(place: int) -> list[float]:
        own = people[place::CONNECTIONS]
        return [_one(asker, *own[turn % len(own)]) for turn in range(share)]

    with ThreadPoolExecutor(CONNECTIONS) as crew:
        list(crew.map(lambda place: [_one(asker, *people[place]) for _ in range(WARM_UP)], range(CONNECTIONS)))
        began = time.monotonic()
        times = [one for own in crew.map(client, range(CONNECTIONS)) for one in own]
        seconds = time.monotonic() - began
    body = len(msgspec.json.encode({**_question(*people[0]).body, "evidence": [people[0][1]]}))
    return {"seconds": seconds, "times": times, "body": body}


def _moved(entry: Any, address: str) -> Any:
    return msgspec.structs.replace(entry, address=address)


def _one(asker: Asker, number: str, proof: str) -> float:
    began = time.monotonic()
    answer = asker.ask(_question(number, proof), within=WITHIN)
    if answer is None or answer.body["items"][ITEM]["number"] != number:
        raise SystemExit("a question was not answered")
    return time.monotonic() - began


def _question(number: str, proof: str) -> Question:
    items = {ITEM: {"register": "persons", "by": "number", "value": {"is": number}, "many": False}}
    return Question("G01", SERVICE, {"items": items}, PURPOSE, f"{PURPOSE}/bench", evidence=(proof,))


if __name__ == "__main__":
    main()
