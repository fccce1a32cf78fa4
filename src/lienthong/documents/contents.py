"""What a file really is. Its name and the browser's word for its type count for nothing; its content decides.

Photographs are decoded and written anew as JPEG: place, camera, comments and whatever was hidden behind the picture
stay out. A PDF is kept as it is, so that a signature in it holds, when it is whole, open and does nothing by itself.
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from io import BytesIO
from threading import BoundedSemaphore
from typing import Final

from PIL import Image, ImageOps

from lienthong.documents.portable import check_pdf
from lienthong.documents.refusing import NotTaken

LARGEST_SENT: Final = 10 * 1024 * 1024
LARGEST_KEPT: Final = 5 * 1024 * 1024
LONGEST_SIDE: Final = 2400  # a sheet of A4 at 200 dots an inch
LONGEST_NAME: Final = 80
JPEG, PDF = "image/jpeg", "application/pdf"
TYPES: Final = {JPEG: "jpg", PDF: "pdf"}
# A JPEG is decoded at a fraction of its size; the others must fit into memory whole.
MOST_PIXELS: Final = {"JPEG": 120_000_000, "PNG": 24_000_000, "WEBP": 24_000_000}
_QUALITIES = (85, 70, 55)
_decoding = BoundedSemaphore(2)  # pictures at once in a process: each may need 100 MB

Image.MAX_IMAGE_PIXELS = None  # `_open_picture` bounds them by kind, before a pixel is decoded


@dataclass(frozen=True)
class Content:
    """A file as it is kept."""

    data: bytes
    type: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def retype(data: bytes) -> Content:
    """The file as it may be kept.

    Raises NotTaken: file-empty, file-too-large, file-type, file-damaged, file-too-many-pixels, file-too-heavy,
    file-encrypted, file-active.
    """
    if not data:
        raise NotTaken("file-empty")
    if len(data) > LARGEST_SENT:
        raise NotTaken("file-too-large")
    if data.startswith(b"%PDF-"):
        check_pdf(data)
        kept = Content(data, PDF)
    elif _is_picture(data):
        kept = Content(_written_anew(data), JPEG)
    else:
        raise NotTaken("file-type")
    if len(kept.data) > LARGEST_KEPT:
        raise NotTaken("file-too-heavy")
    return kept


def _is_picture(data: bytes) -> bool:
    webp = data.startswith(b"RIFF") and data[8:12] == b"WEBP"
    return data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or webp


def _written_anew(data: bytes) -> bytes:
    with _decoding:
        try:
            picture = _decoded(data)
            for quality in _QUALITIES:
                written = BytesIO()
                picture.save(written, "JPEG", quality=quality, optimize=True)
                if written.tell() <= LARGEST_KEPT:
                    break
            return written.getvalue()
        except NotTaken:
            raise
        except Exception as error:  # decoders of strangers' files fail in many ways
            raise NotTaken("file-damaged") from error


def _decoded(data: bytes) -> Image.Image:
    """The picture alone: upright, on white, no larger than a page needs, without anything that came along."""
    with Image.open(BytesIO(data), formats=tuple(MOST_PIXELS)) as image:
        width, height = image.size
        if width * height > MOST_PIXELS[str(image.format)]:
            raise NotTaken("file-too-many-pixels")
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        seen = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    clean = Image.new("RGB", seen.size, "white")
    clean.paste(seen, mask=seen if seen.mode == "RGBA" else None)
    return clean


def name_for(given: str, kind: str) -> str:
    """A name to show and to save under: letters and digits of the given one, with the ending that is true.

    One ending only, no folders, nothing invisible or turning the direction of writing: “ảnh.pdf.exe” is “ảnh-pdf.jpg”.
    """
    last = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    plain = "".join(c if unicodedata.category(c)[0] in "LMN" or c in " -_()’'" else "-" for c in stem)
    return f"{' '.join(plain.split())[:LONGEST_NAME].strip(' -') or 'tep'}.{TYPES[kind]}"
