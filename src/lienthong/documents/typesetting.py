"""Facts and a template become a PDF/A-2b, with every font in the file.

Typst brings its own fonts (Libertinus Serif has every Vietnamese letter, and those of the Highlands' names). A
template sees the facts and nothing else: no file, no network, no clock. Text of people is data, never markup.
"""

import functools
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import segno
import typst

from lienthong.catalogue.papers import Papers, Template

STANDARD: Final = "a-2b"
_ROOT = Path(__file__).parent / "schema"  # all that a template could read: table definitions, of interest to nobody


class BadFacts(Exception):
    """A template does not find what it wants; the message is the typesetter's, without the facts."""


def typeset(papers: Papers, template: Template, facts: Mapping[str, Any], at: datetime) -> bytes:
    """The PDF. Raises BadFacts when a template wants a fact that is not there."""
    text = f"{papers.base}\n{template.text}".encode()
    inputs = {"facts": unicodedata.normalize("NFC", msgspec.json.encode(facts).decode())}
    compiler = typst.Compiler(text, root=_ROOT, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs=inputs)
    try:
        pdf = compiler.compile(format="pdf", pdf_standards=[STANDARD], timestamp=int(at.timestamp()))
    except typst.TypstError as error:
        raise BadFacts(f"{template.name}: {error.message}") from error
    assert isinstance(pdf, bytes), "one file, because no output is named"
    return pdf


def qr_code(text: str) -> str:
    """A QR code as SVG."""
    drawn: str = segno.make(text, error="m", micro=False).svg_inline(border=1, dark="#1d1d1b", light="#ffffff")
    return drawn


@functools.cache
def _fonts() -> typst.Fonts:
    """Parsed once a process: 30 ms."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
