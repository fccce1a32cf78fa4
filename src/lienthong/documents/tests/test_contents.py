"""What a file really is: by its content, whatever it is called."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.writer import PdfFileWriter

from lienthong.documents.contents import JPEG, LARGEST_SENT, LONGEST_SIDE, PDF, name_for, retype
from lienthong.documents.portable import MOST_UNPACKED
from lienthong.documents.refusing import NotTaken


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **more: object) -> bytes:
    written = BytesIO()
    Image.new(mode, size, "teal").save(written, kind, **more)
    return written.getvalue()


def pdf(encrypted: bool = False, **catalogue: generic.PdfObject) -> bytes:
    """A whole PDF of one page; `catalogue` adds to its root."""
    writer = PdfFileWriter(stream_xrefs=True)
    content = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    box = generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 100, 100)])
    page = {"Type": pdf_name("/Page"), "MediaBox": box, "Contents": content}
    writer.insert_page(generic.DictionaryObject({pdf_name(f"/{k}"): v for k, v in page.items()}))
    for name, value in catalogue.items():
        writer.root[pdf_name(f"/{name}")] = value
    if encrypted:
        writer.encrypt("owner", "user")
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def action(kind: str, **more: generic.PdfObject) -> generic.DictionaryObject:
    told = {"S": pdf_name(f"/{kind}"), **more}
    return generic.DictionaryObject({pdf_name(f"/{k}"): v for k, v in told.items()})


def png_that_claims(width: int, height: int) -> bytes:
    """A few bytes that would unpack to a picture of any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def why_not(data: bytes) -> str:
    with pytest.raises(NotTaken) as refused:
        retype(data)
    return refused.value.code


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGBA"), ("WEBP", "RGB"), ("JPEG", "CMYK")])
def test_every_picture_is_kept_as_a_jpeg_that_begins_anew(kind: str, mode: str) -> None:
    kept = retype(picture(kind, mode=mode))
    assert kept.type == JPEG
    with Image.open(BytesIO(kept.data)) as image:
        assert (image.format, image.size, image.mode) == ("JPEG", (60, 40), "RGB")


def test_where_and_with_what_a_photograph_was_taken_does_not_travel_on() -> None:
    told = Image.Exif()
    told[0x010F], told[0x0112] = "Maker of the phone", 6  # maker; turned by a quarter
    told.get_ifd(0x8825)[1] = "N"  # where
    kept = retype(picture(exif=told, comment=b"Ka Wen") + b"<script>hidden behind the picture</script>")
    assert not any(secret in kept.data for secret in (b"Maker", b"Ka Wen", b"script", b"Exif"))
    with Image.open(BytesIO(kept.data)) as image:
        assert image.size == (40, 60)  # it stands upright


def test_a_large_photograph_becomes_no_larger_than_a_page_needs() -> None:
    with Image.open(BytesIO(retype(picture(size=(6000, 3000))).data)) as image:
        assert image.size == (LONGEST_SIDE, LONGEST_SIDE // 2)


def test_a_pdf_is_kept_byte_for_byte() -> None:
    kept = retype(pdf())
    assert (kept.type, kept.data) == (PDF, pdf()) or kept.data.startswith(b"%PDF-")
    assert retype(data := pdf()).data == data


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file-empty"),
        (picture() + bytes(LARGEST_SENT), "file-too-large"),
        (b"<!doctype html><script>alert(1)</script>", "file-type"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "file-type"),
        (b"MZ\x90\x00 a program", "file-type"),
        (b"PK\x03\x04 an archive", "file-type"),
        (b"GIF89a" + bytes(20), "file-type"),
        (picture()[:300], "file-damaged"),
        (picture("PNG")[:70], "file-damaged"),
        (b"\xff\xd8\xff<html>", "file-damaged"),
        (png_that_claims(60_000, 60_000), "file-too-many-pixels"),
        (b"%PDF-1.7\n", "file-damaged"),
        (pdf()[:-40], "file-damaged"),
        (b"%PDF-1.7\n" + bytes(300) + b"startxref\n0\n%%EOF", "file-damaged"),
        (pdf(encrypted=True), "file-encrypted"),
        (pdf(OpenAction=action("JavaScript", JS=generic.pdf_string("app.alert(1)"))), "file-active"),
        (pdf(OpenAction=action("Launch", F=generic.pdf_string("cmd.exe"))), "file-active"),
        (pdf(Names=action("x", EmbeddedFiles=generic.DictionaryObject())), "file-active"),
        (pdf(AcroForm=action("x", XFA=generic.pdf_string("<xdp/>"))), "file-active"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_taken_and_why(data: bytes, code: str) -> None:
    assert why_not(data) == code


def test_a_pdf_that_would_unpack_to_gigabytes_is_not_unpacked() -> None:
    bomb = zlib.compress(bytes(MOST_UNPACKED + 1), 9)
    told = b"9 0 obj <</Type /ObjStm /Filter /FlateDecode /Length %d>> stream\n" % len(bomb)
    twice = told.replace(b"/FlateDecode", b"[/FlateDecode /#46lateDecode]")
    whole = pdf()
    for hidden in (told + bomb, twice + zlib.compress(bomb)):
        assert why_not(whole[:15] + hidden + b"\nendstream endobj\n" + whole[15:]) == "file-too-heavy"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Giấy chứng sinh.jpg", "Giấy chứng sinh.jpg"),
        ("anh.pdf.exe", "anh-pdf.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\ảnh của K’ Brèo.PNG", "ảnh của K’ Brèo.jpg"),
        ("a\u202egpj.exe", "a-gpj.jpg"),
        ('"><script>.jpg', "script.jpg"),
        (".jpg", "jpg.jpg"),
        ("", "tep.jpg"),
        ("x" * 300 + ".jpg", "x" * 80 + ".jpg"),
    ],
)
def test_a_name_shows_letters_and_the_true_ending(given: str, shown: str) -> None:
    assert name_for(given, JPEG) == shown
    assert name_for(shown, JPEG) == shown
