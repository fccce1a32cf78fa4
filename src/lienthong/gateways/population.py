"""The national population look-up, spoken to us: an earlier one-stop program, a bank, a hospital asks for a person.

A request is signed as public clients of the national look-up do it: `Authorization: Basic base64(user:hash)` where the
hash is SHA-256 over address, user, `Timestamp` (milliseconds) and secret. It covers no body, so a signature is taken
once and only for two minutes.
"""

import base64
import binascii
import hashlib
import hmac
import re

from lienthong.gateways import callers, moments, persons, population_shapes, writing
from lienthong.gateways.callers import Caller
from lienthong.gateways.calls import Call, Gate, Language, Problem, Reply
from lienthong.gateways.national_errors import WORDS
from lienthong.gateways.population_shapes import LookUp
from lienthong.gateways.tables import Population

NAME = "population"
WINDOW = 120.0


def language(table: Population) -> Language:
    def answer(gate: Gate, call: Call) -> Reply:
        return _answer(table, gate, call)

    return Language(NAME, (table.path,), answer, refusal)


def signature(address: str, user: str, timestamp: str, secret: str) -> str:
    return hashlib.sha256(f"{address}{user}{timestamp}{secret}".encode()).hexdigest()


def refusal(call: Call, problem: Problem) -> Reply:
    """SOAP faults carry the status that HTTP has for the problem, not always 500: callers' retries depend on it."""
    xml = population_shapes.speaks_xml(call.header("content-type"))
    code, status, words = WORDS[problem.kind]
    text = f"{words}: {problem.text}" if problem.kind == "malformed" else words
    return _reply(status, population_shapes.fault(code, text, xml), xml)


def _answer(table: Population, gate: Gate, call: Call) -> Reply:
    user = _proven(gate, call)
    try:
        system, quota = callers.admit(gate, user, NAME)
        xml = population_shapes.speaks_xml(call.header("content-type"))
        look_up = population_shapes.read(table, call.body, xml)
        caller = _caller(user, look_up, callers.purpose_of(system, look_up.marks["MaDVC"]))
        callers.check_unit(system, caller.unit)
        callers.note(gate.node, caller, table.operation, call.header("timestamp"))
    except Problem as problem:
        callers.note_refusal(gate.node, user, NAME, problem)
        raise
    row = persons.find(gate.node, caller, look_up.number, look_up.name, look_up.born)
    person = None if row is None else writing.told(table.answer, row, gate.node.territory)
    return _reply(200, population_shapes.answer(table, person, xml), xml, quota.headers)


def _proven(gate: Gate, call: Call) -> str:
    """The user whose secret made this signature, now. Raises Problem (unknown-caller), and wrong-method."""
    if call.method != "POST":
        raise Problem("wrong-method")
    scheme, _, encoded = call.header("authorization").partition(" ")
    timestamp = call.header("timestamp")
    try:
        user, _, given = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Problem("unknown-caller") from None
    if scheme.lower() != "basic" or not re.fullmatch(r"\d{13}", timestamp):
        raise Problem("unknown-caller")
    entry = gate.node.directory.entry(gate.node.name)
    secret = gate.systems.secrets.get(user, "")
    wanted = [signature(f"{place}{call.path}", user, timestamp, secret) for place in (entry.site, entry.address)]
    good = any(hmac.compare_digest(one.encode(), given.lower().encode()) for one in wanted)
    if not (good and secret and abs(moments.now() - int(timestamp) / 1000) <= WINDOW):
        raise Problem("unknown-caller")
    return user


def _caller(user: str, look_up: LookUp, purpose: str) -> Caller:
    marks = look_up.marks
    return Caller(user, marks["MaCanBo"], marks["MaDonVi"], marks["MaYeuCau"], purpose)


def _reply(status: int, body: bytes, xml: bool, headers: dict[str, str] | None = None) -> Reply:
    kind = "text/xml; charset=utf-8" if xml else "application/json; charset=utf-8"
    return Reply(status, body, kind, headers or {})
