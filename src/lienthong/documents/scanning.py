"""What can be counted of a scanned paper: its pages, and how finely it was scanned.

A picture is one page. Its fineness is told as if it showed a sheet of A4, which is what papers are; a smaller paper was
scanned more finely than that. Of a PDF only the pages are counted: what lies in it may be text as well as pictures.
"""

from io import BytesIO
from typing import Final

import msgspec
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader

from lienthong.documents.contents import PDF

A4_INCHES: Final = 11.69
FINE_ENOUGH: Final = 200  # dots an inch for papers of ordinary look-up (letter 7197/BKHCN-CĐSQG of 2025)


class Scan(msgspec.Struct, frozen=True):
    """`dpi` is 0 where it cannot be told."""

    pages: int
    dpi: int = 0


def measured(data: bytes, kind: str) -> Scan:
    """The facts of a file that was taken (`contents.retype` has looked at it)."""
    if kind == PDF:
        return Scan(int(PdfFileReader(BytesIO(data), strict=False).root["/Pages"]["/Count"]))
    with Image.open(BytesIO(data)) as picture:
        return Scan(1, round(max(picture.size) / A4_INCHES))
