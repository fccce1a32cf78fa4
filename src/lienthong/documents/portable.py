"""A PDF from a stranger: is it whole, open to everybody, and does it do nothing by itself?

Structure is read the way a viewer reads it, so that what hides in compressed objects is seen too. Streams are unpacked
with a bound first: a few kilobytes can name gigabytes.
"""

import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from lienthong.documents.refusing import NotTaken

MOST_UNPACKED: Final = 64 * 1024 * 1024
MOST_OBJECTS: Final = 50_000
_HEAD = re.compile(rb"%PDF-[12]\.\d[\r\n ]")
_STREAM = re.compile(rb"stream\r?\n")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
# what runs, sends, opens other programs or carries other files
_KEYS: Final = frozenset({"/JS", "/JavaScript", "/XFA", "/EF", "/EmbeddedFiles", "/RichMediaContent"})
_ACTIONS: Final = frozenset({"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/Rendition"})


def check_pdf(data: bytes) -> None:
    """Raises NotTaken: file-damaged, file-encrypted, file-active, file-too-heavy."""
    if not _HEAD.match(data) or b"%%EOF" not in data[-1024:] or b"startxref" not in data[-2048:]:
        raise NotTaken("file-damaged")
    _check_streams(data)
    try:
        reader = PdfFileReader(BytesIO(data), strict=False)
        if reader.encrypted:
            raise NotTaken("file-encrypted")
        pages = reader.root["/Pages"]["/Count"]
        active = any(_acts(part) for part in _parts(reader))
    except NotTaken:
        raise
    except Exception as error:  # a parser of strangers' files fails in many ways
        raise NotTaken("file-damaged") from error
    if active:
        raise NotTaken("file-active")
    if not pages:
        raise NotTaken("file-damaged")


def _check_streams(data: bytes) -> None:
    """No stream unpacks to more than the bound, nor all to four times it; those that hold objects are packed once."""
    left = 4 * MOST_UNPACKED
    for found in _STREAM.finditer(data):
        told = data[max(0, found.start() - 1000) : found.start()].rpartition(b" obj")[2]
        told = _ESCAPED.sub(lambda code: bytes([int(code[1], 16)]), told)
        if (b"/ObjStm" in told or b"/XRef" in told) and told.count(b"Decode") - told.count(b"DecodeParms") > 1:
            raise NotTaken("file-too-heavy")
        unpacked = _unpacked(memoryview(data)[found.end() :])
        left -= unpacked
        if unpacked > MOST_UNPACKED or left < 0:
            raise NotTaken("file-too-heavy")


def _unpacked(packed: memoryview) -> int:
    """How much a stream becomes, counted no further than just above the bound."""
    unpacking, size = zlib.decompressobj(), 0
    for start in range(0, len(packed), 65_536):
        waiting: Any = packed[start : start + 65_536]
        while len(waiting) and not unpacking.eof and size <= MOST_UNPACKED:
            try:
                size += len(unpacking.decompress(waiting, 1024 * 1024))
            except zlib.error:
                return size  # not packed this way: a photograph, a font, or nothing a viewer could read either
            waiting = unpacking.unconsumed_tail
        if unpacking.eof or size > MOST_UNPACKED:
            break
    return size


def _parts(reader: PdfFileReader) -> Iterator[generic.DictionaryObject]:
    """Every dictionary that a viewer can come to."""
    waiting: list[Any] = [reader.root_ref]
    seen: set[tuple[int, int]] = set()
    count = 0
    while waiting:
        part, count = waiting.pop(), count + 1
        if count > MOST_OBJECTS:
            raise NotTaken("file-too-heavy")
        if isinstance(part, (generic.IndirectObject, generic.Reference)):
            place = (part.idnum, part.generation)
            if place not in seen:
                seen.add(place)
                waiting.append(reader.get_object(generic.Reference(*place)))  # type: ignore[no-untyped-call]
        elif isinstance(part, generic.DictionaryObject):
            yield part
            waiting.extend(part.raw_get(key) for key in part)
        elif isinstance(part, generic.ArrayObject):
            waiting.extend(part.raw_get(place) for place in range(len(part)))


def _acts(part: generic.DictionaryObject) -> bool:
    return not _KEYS.isdisjoint(part) or str(part.get("/S", "")) in _ACTIONS
