"""Checks a whole journal: every record's chain, every seal, and the file as its node signed it. One pass, line by line.

{"lienthong":"journal", …, "directory":"…"}      what it is, of whom
{"rejoined":{…}}                                 where a restored node's journal went on, if it ever did
{"seal":1,"first":1,"count":2,…}                 a seal, then the entries it covers
{"position":1,"stream":"births/…",…}
{"unsealed":3}                                   entries that no seal covers yet, if any
{"end":…, "sha256":"…","signature":"…"}
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from lienthong_verifier.broken import Broken, Unreadable, differs
from lienthong_verifier.chains import Jump, Seals, Streams
from lienthong_verifier.hashing import JOURNAL, tree_root
from lienthong_verifier.reading import bytes_of, compact, decoded, number_of, parse, text_of
from lienthong_verifier.report import Report
from lienthong_verifier.signing import Directory, moment

KIND, VERSION = "journal", 1
_END = ("end", "at", "entries", "seals", "sha256", "signature")


def check(lines: Iterable[bytes], directory: Directory | None = None, authority: str = "") -> Report:
    """Raises Broken at the first link that does not hold, Unreadable when it is no journal."""
    return _Journal(lines, directory, authority).check()


class _Journal:
    def __init__(self, lines: Iterable[bytes], directory: Directory | None, authority: str) -> None:
        self._lines, self._given, self._authority = iter(lines), directory, authority
        self._hash, self._number = hashlib.sha256(), 0
        self._streams = Streams()

    def check(self) -> Report:
        self._opening()
        line = next(self._rest)
        jumps = []
        while "rejoined" in line:
            jumps.append(Jump(line["rejoined"], self._keys, self._node, self._where("rejoining")))
            line = next(self._rest)
        seals, position, sealed = Seals(JOURNAL, 0, jumps), 1, 0
        while "seal" in line:
            position, line = self._seal(seals, line, position)
            sealed += 1
        unsealed = number_of(line, "unsealed", self._where("")) if "unsealed" in line else 0
        for _ in range(unsealed):
            self._streams.add(next(self._rest), self._where("an unsealed entry"))
        if "unsealed" in line:
            line = next(self._rest)
        self._end(line, sealed)
        return self._report(sealed, unsealed, len(jumps), seals.number)

    def _opening(self) -> None:
        first = parse(decoded(next(self._lines, b"").removesuffix(b"\n")))
        if first.get("lienthong") != KIND or first.get("version") != VERSION:
            raise Unreadable("not a journal of version 1")
        self._node = text_of(first, "node", "the first line")
        self._keys = self._given or Directory(text_of(first, "directory", "the first line"), self._authority)
        self._take(compact(first).encode() + b"\n")
        self._rest = self._read()

    def _read(self) -> Iterator[dict[str, Any]]:
        last = b""
        for raw in self._lines:
            if last:
                self._take(last)
            last = raw
            self._line = last
            yield self._parsed(raw)
        raise Broken(self._where("the end"), "the journal breaks off here")

    def _parsed(self, raw: bytes) -> dict[str, Any]:
        where = f"line {self._number + 1}"
        if not raw.endswith(b"\n"):
            raise Broken(where, "the journal breaks off inside this line")
        try:
            return parse(decoded(raw))
        except Unreadable as error:
            raise Broken(where, str(error)) from error

    def _take(self, raw: bytes) -> None:
        self._hash.update(raw)
        self._number += 1

    def _where(self, what: str) -> str:
        return f"{self._node}, line {self._number + 1}{f', {what}' if what else ''}"

    def _seal(self, seals: Seals, seal: dict[str, Any], position: int) -> tuple[int, dict[str, Any]]:
        """Check one seal with its entries; the next position and the line after it."""
        name = f"seal {seal['seal']}"
        where = self._where(name)
        count, first = number_of(seal, "count", where), number_of(seal, "first", where)
        if first != position:
            raise Broken(where, f"its first position should be {position}, is {first}")
        links = []
        for place in range(position, position + count):
            entry = next(self._rest)
            stands = self._where(f"{entry.get('stream')} #{entry.get('number')}, in {name}")
            if entry.get("position") != place:
                raise Broken(stands, f"position {place} should stand here")
            links.append(self._streams.add(entry, stands))
        root, found = bytes_of(seal, "root", where), tree_root(links) if links else b""
        if root != found:
            raise differs(where, "its entries are not the ones it was made over: the root", root.hex(), found.hex())
        seals.add(seal, where)
        return position + count, next(self._rest)

    def _end(self, line: dict[str, Any], sealed: int) -> None:
        where = self._where("the last line")
        if tuple(line) != _END:
            raise Broken(where, "neither a seal, nor an entry, nor the end")
        if compact(line).encode() + b"\n" != self._line:
            raise Broken(where, "written otherwise than the end of a journal is; it was edited")
        if (line["entries"], line["seals"], line["end"]) != (self._streams.entries, sealed, self._node):
            raise Broken(where, f"it should count {self._streams.entries} entries and {sealed} seals of {self._node}")
        whole, found = text_of(line, "sha256", where), self._hash.hexdigest()
        if whole != found:
            raise differs(where, "the file was edited: the hash of all lines before", whole, found)
        content = compact({name: value for name, value in line.items() if name != "signature"}).encode()
        at = moment(text_of(line, "at", where), where)
        self._keys.check(self._node, "seal", content, text_of(line, "signature", where), at, where)
        if next(self._lines, None) is not None:
            raise Broken(where, "something stands after the end")

    def _report(self, sealed: int, unsealed: int, jumps: int, head: int) -> Report:
        report = Report(f"the journal of {self._node}", self._keys, self._given is not None)
        streams = self._streams
        report.say(f"{streams.entries:,} entries in {streams.streams:,} records, {sealed:,} seals up to number {head}")
        report.say(f"{streams.erased:,} of them lawfully erased: the content is gone, its hash and place stand")
        if jumps:
            report.note(f"restored from a backup {jumps} times; the numbers of the lost seals stay unused")
        if unsealed:
            report.note(f"{unsealed} entries are not under a seal yet")
        return report
