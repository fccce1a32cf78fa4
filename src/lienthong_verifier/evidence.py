"""Checks an evidence file: what proves one message, dossier or read, from every side that answered."""

from typing import Any

from lienthong_verifier.broken import Broken, Unreadable, differs
from lienthong_verifier.chains import Jump, Seals, Streams
from lienthong_verifier.envelopes import Opened, open_envelope
from lienthong_verifier.hashing import root_from
from lienthong_verifier.reading import bytes_of, from_hex, list_of, need_same, number_of, parse, pretty, text_of
from lienthong_verifier.report import Report
from lienthong_verifier.signing import Directory, moment

KIND, VERSION = "evidence", 1
_PARTS = ("lienthong", "version", "about", "by", "at", "directory", "parts", "silent", "signature")


def check(text: str, directory: Directory | None = None, authority: str = "") -> Report:
    """Everything in the file, the messages first; the report names what it proves. Raises Broken, Unreadable."""
    file = parse(text)
    if file.get("lienthong") != KIND or file.get("version") != VERSION:
        raise Unreadable("not an evidence file of version 1")
    need_same(text, file, "the file")
    if tuple(file) != _PARTS:
        raise Broken("the file", f"it should hold {', '.join(_PARTS)}")
    keys = directory or Directory(text_of(file, "directory", "the file"), authority)
    report = Report(f"evidence about {text_of(file, 'about', 'the file')}", keys, directory is not None)
    messages: dict[str, _Message] = {}
    parts = [_Part(part, keys, report, messages) for part in list_of(file, "parts", "the file")]
    if not parts:
        raise Broken("the file", "it holds no part of any node")
    _check_about(file, parts, messages)
    report.say(f"{len(messages)} messages, each signed by its sender")
    for silent in list_of(file, "silent", "the file"):
        report.note(f"{silent} did not answer when the file was made: its side is missing")
    _check_whole(file, keys, report)
    return report


def _check_whole(file: dict[str, Any], keys: Directory, report: Report) -> None:
    """The signature of the node that made the file, over all of it."""
    by, at = text_of(file, "by", "the file"), moment(text_of(file, "at", "the file"), "the file, at")
    content = pretty({name: value for name, value in file.items() if name != "signature"})
    keys.check(by, "seal", content.encode(), text_of(file, "signature", "the file"), at, "the file as a whole")
    report.say(f"made by {by} at {at.isoformat(timespec='seconds')}, unaltered since")


def _check_about(file: dict[str, Any], parts: "list[_Part]", messages: "dict[str, _Message]") -> None:
    about = text_of(file, "about", "the file")
    streams = {stream for part in parts for stream in part.streams}
    cases = {message.opened.says("case") for message in messages.values()}
    if about not in messages and about not in cases and not {f"dossier/{about}", f"read/{about}"} & streams:
        raise Broken("the file", f"nothing in it is about {about}")


class _Message:
    """One message as its sender signed it, with the receipt its recipient signed."""

    def __init__(self, opened: Opened, header: str) -> None:
        self.opened, self.header, self.receipt = opened, header, ""

    def settle(self, receipt: Any, keys: Directory, where: str) -> str:
        """Check a receipt: the recipient gave it, for this message. Its outcome."""
        found = open_envelope(receipt, keys, f"{where}, receipt", sender=self.opened.says("recipient"))
        later = found.body is not None and found.body.get("message") == self.opened.says("id")
        if found.says("answers") != self.opened.hash and not later:
            raise differs(f"{where}, receipt", "the message it answers", self.opened.hash, found.says("answers"))
        if found.body is None:
            raise Broken(f"{where}, receipt", "its body is missing")
        return str(found.body.get("outcome"))


class _Part:
    """What one node holds, as it signed it."""

    def __init__(self, envelope: Any, keys: Directory, report: Report, messages: dict[str, _Message]) -> None:
        """What it holds is checked first, so that the innermost broken link is named; its own signature last."""
        header = parse(text_of(envelope, "header", "a part"))
        body = parse(text_of(envelope, "body", "a part"))
        self.node, self._keys, self._report = text_of(header, "sender", "a part"), keys, report
        self.streams: list[str] = []
        where = f"part of {self.node}"
        for place, message in enumerate(list_of(body, "messages", where), start=1):
            self._message(message, f"{where}, message {place}", messages)
        self._journal(body, where)
        if open_envelope(envelope, keys, where, sender=self.node).says("service") != "evidence.part":
            raise Broken(where, "it was not made as evidence")

    def _message(self, found: Any, where: str, messages: dict[str, _Message]) -> None:
        envelope = found.get("envelope") if isinstance(found, dict) else None
        opened = open_envelope(envelope, self._keys, where)
        name = f"{where} ({opened.says('service')} {opened.says('id')})"
        header = text_of(envelope, "header", where)
        known = messages.setdefault(opened.says("id"), _Message(opened, header))
        if known.header != header:
            raise Broken(name, "another node holds another message under the same id")
        if self.node not in (opened.says("sender"), opened.says("recipient")):
            raise Broken(name, f"{self.node} neither sent nor received it")
        if found.get("receipt") is None:
            self._report.note(f"{name}: no receipt at {self.node} yet")
            return
        outcome = known.settle(found["receipt"], self._keys, name)
        self._report.say(
            f"{opened.says('sender')} → {opened.says('recipient')}  {opened.says('service')} {opened.says('id')}, "
            f"signed {opened.issued.isoformat(timespec='seconds')}; receipt: {outcome} (held by {self.node})"
        )

    def _journal(self, body: dict[str, Any], where: str) -> None:
        jumps = [
            Jump(statement, self._keys, self.node, f"{where}, rejoining {place}")
            for place, statement in enumerate(list_of(body, "jumps", where), start=1)
        ]
        roots: dict[int, bytes] = {}
        for place, run in enumerate(list_of(body, "runs", where), start=1):
            roots |= self._run(run, jumps, f"{where}, seals {place}")
        streams, unsealed = Streams(), 0
        for record in list_of(body, "records", where):
            stream = text_of(record, "stream", where)
            self.streams.append(stream)
            for entry in list_of(record, "entries", f"{where}, {stream}"):
                spot = f"{where}, {stream} #{entry.get('number') if isinstance(entry, dict) else '?'}"
                link = streams.add(entry, spot, stream)
                unsealed += not _is_sealed(entry.get("sealed"), link, roots, spot)
                self._signed_inside(entry.get("payload"), spot)
        if streams.entries:
            hidden = f", the content of {streams.erased} withheld or erased" if streams.erased else ""
            self._report.say(f"{self.node}: {streams.entries} entries in {streams.streams} records{hidden}")
        if unsealed:
            self._report.note(f"{self.node}: {unsealed} entries were not under a seal yet")

    def _run(self, run: Any, jumps: list[Jump], where: str) -> dict[int, bytes]:
        """Seals from the one over an entry up to one that partners countersigned; the roots by number."""
        seals = Seals(bytes_of(run, "before_chain", where), number_of(run, "before", where), jumps)
        for seal in list_of(run, "seals", where):
            seals.add(seal, f"{where}, seal {seal.get('seal') if isinstance(seal, dict) else '?'}")
        partners = {
            self._countersigned(signed, seals, f"{where}, countersignature {place}")
            for place, signed in enumerate(list_of(run, "countersigned", where), start=1)
        }
        if partners:
            self._report.say(f"{self.node}: seals up to {seals.number}, countersigned by {', '.join(sorted(partners))}")
        else:
            self._report.note(f"{self.node}: no partner has countersigned seal {seals.number} yet, or one after it")
        return seals.roots

    def _countersigned(self, signed: Any, seals: Seals, where: str) -> str:
        """The partner that signed what it holds of this journal, if that is this journal."""
        opened = open_envelope(signed, self._keys, where)
        partner, (number, _, chain) = opened.says("sender"), opened.says("seen").partition(":")
        if opened.says("recipient") != self.node or partner == self.node or not number.isdecimal():
            raise Broken(where, f"not a partner's word on a head of {self.node}")
        held = seals.chains.get(int(number))
        if held is None:
            raise Broken(where, f"seal {number}, which it is about, is not in the file")
        if held.hex() != chain:
            raise differs(where, f"{partner} holds another journal: the chain of seal {number}", chain, held.hex())
        return partner

    def _signed_inside(self, payload: Any, where: str) -> None:
        """A question, and its answer, lie in the journals of both sides as they were signed."""
        content = parse(payload) if isinstance(payload, str) else {}
        for name in ("signed", "request", "answer"):
            if isinstance(content.get(name), dict):
                opened = open_envelope(content[name], self._keys, f"{where}, {name}")
                self._report.say(
                    f"{opened.says('sender')} signed {opened.says('service')} for {opened.says('purpose')}, "
                    f"{opened.issued.isoformat(timespec='seconds')} ({name}, in the journal of {self.node})"
                )


def _is_sealed(proof: Any, link: bytes, roots: dict[int, bytes], where: str) -> bool:
    """Whether a seal covers the entry; its path must lead to that seal's root."""
    if proof is None:
        return False
    number = number_of(proof, "seal", where)
    path = [from_hex(part, f"{where}, path") for part in list_of(proof, "path", where)]
    found = root_from(link, number_of(proof, "place", where), number_of(proof, "count", where), path)
    if number not in roots:
        raise Broken(where, f"seal {number}, which should cover it, is not in the file")
    if found != roots[number]:
        expected = roots[number].hex()
        raise differs(where, f"its path does not lead to seal {number}: the root", expected, (found or b"").hex())
    return True
