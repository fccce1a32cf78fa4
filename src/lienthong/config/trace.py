"""`lienthong trace CODE`: one dossier's story across the nodes."""

import argparse
from datetime import datetime
from typing import Any

from lienthong.casework import operation
from lienthong.config.asking import ask_everybody
from lienthong.config.trouble import Trouble
from lienthong.kit.clock import ZONE


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lienthong trace", description=__doc__)
    parser.add_argument("code", help="a dossier's code, as on its receipt")
    code = parser.parse_args(arguments).code
    answers = ask_everybody(operation.TRACE, {"case": code}, code)
    lines = [line for name, answer in answers.items() if answer for line in _lines(name, answer.body)]
    silent = [name for name, answer in answers.items() if answer is None]
    if silent:
        print(f"silent: {', '.join(silent)}")
    if not lines:
        raise Trouble(
            f"no node knows a dossier {code}", "the code is on the receipt, for example G01.001.00-261121-010001"
        )
    for at, node, text in sorted(lines):
        print(f"{datetime.fromisoformat(at).astimezone(ZONE):%Y-%m-%d %H:%M:%S.%f}"[:-3], f"{node:<8}", text)
    return 0


def _lines(node: str, told: dict[str, Any]) -> list[tuple[str, str, str]]:
    acts = [(_utc(act["at"]), node, _act(act)) for act in told["acts"]]
    messages = [(_utc(m["at"]), node, _message(m)) for m in told["messages"]]
    return acts + messages


def _act(act: dict[str, Any]) -> str:
    who = f"{act['actor']} ({act['role']})" if act["role"] else act["actor"]
    about = act["about"] or act["step"]
    why = "; ".join(part for part in (act["rule"], act["reason"]) if part)
    return f"{act['code']}  {act['verb']} {about}  {who}" + (f"  [{why}]" if why else "")


def _message(message: dict[str, Any]) -> str:
    ending = message["state"]
    if message["settled_at"]:
        took = datetime.fromisoformat(message["settled_at"]) - datetime.fromisoformat(message["at"])
        ending = f"{ending} after {took.total_seconds() * 1000:.0f} ms"
    problem = f": {message['problem']}" if message["problem"] else ""
    return f"→ {message['recipient']:<8} {message['service']}  {ending}{problem}"


def _utc(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(ZONE).isoformat()
