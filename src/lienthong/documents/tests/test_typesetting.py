"""Papers hold every letter that people's names are written with, and every font they need."""

import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest

from lienthong.catalogue.papers import Papers, Template, read_papers
from lienthong.catalogue.shapes import Words
from lienthong.config.state import HOME
from lienthong.documents.typesetting import BadFacts, qr_code, typeset
from lienthong.kit import clock

VOWELS, TONES = "AĂÂEÊIOÔƠUƯYaăâeêioôơuưy", ["", *"\u0300\u0301\u0309\u0303\u0323"]
LETTERS = [unicodedata.normalize("NFC", vowel + tone) for vowel in VOWELS for tone in TONES] + ["Đ", "đ"]
# of the Highlands' languages, as their names use them
HIGHLANDS = [*"ĬĭŎŏŬŭĔĕČčÑñƀɃŇňĽľ", "Ơ̆", "ơ̆", "Ư̆", "ư̆"]
NAMES = [
    "K’ Brêm", "K' Brèo", "Ka Wẽn", "H’Hen Niê", "Ơ Đu", "Đặng Thị Ửng", "Y Ƀhăm Êčăm", "Nguyễn An Nhiên",
    "Kră Jăn Bing", "Rơ Ông Ha Ngoẽo", "Xã Đạ K’Nàng",
]  # fmt: skip
poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext (poppler-utils) on this machine")
LINES = '#set page(height: auto)\n#set text(font: "Libertinus Serif")\n#for x in d.lines [#x \\ ]\n'
BARE = Papers(base="#let d = json(bytes(sys.inputs.facts))")


def template(text: str) -> Template:
    return Template("lines", Words("Thử", "Trial"), text)


def lines_of(pdf: bytes, folder: Path) -> list[str]:
    file = folder / "paper.pdf"
    file.write_bytes(pdf)
    text = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True).stdout
    return [line.strip() for line in text.replace("\f", "\n").splitlines() if line.strip()]


@poppler
def test_every_letter_and_name_can_be_read_back_as_it_was_written(tmp_path: Path) -> None:
    wanted = [*LETTERS, *HIGHLANDS, *NAMES]
    pdf = typeset(BARE, template(LINES), {"lines": wanted}, clock.now())
    assert lines_of(pdf, tmp_path) == [unicodedata.normalize("NFC", line) for line in wanted]


@poppler
def test_letters_typed_apart_from_their_marks_come_out_whole(tmp_path: Path) -> None:
    pdf = typeset(BARE, template(LINES), {"lines": [unicodedata.normalize("NFD", name) for name in NAMES]}, clock.now())
    assert lines_of(pdf, tmp_path) == NAMES


@poppler
def test_every_font_is_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "paper.pdf"
    file.write_bytes(typeset(BARE, template(LINES), {"lines": NAMES}, clock.now()))
    fonts = subprocess.run(["pdffonts", str(file)], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert fonts
    assert all(line.split()[-5] == "yes" for line in fonts)


def test_what_a_person_wrote_is_text_and_never_markup(tmp_path: Path) -> None:
    typeset(BARE, template(LINES), {"lines": ['#panic("x")', "*đậm* $x$ \\ \" ' <a> // [b]"]}, clock.now())


def test_a_template_reads_no_file_and_a_missing_fact_is_named_without_the_facts() -> None:
    with pytest.raises(BadFacts):
        typeset(BARE, template('#read("/etc/hostname")'), {}, clock.now())
    with pytest.raises(BadFacts) as missing:
        typeset(BARE, template("#d.mother_name"), {"lines": ["Ka Wẽn"]}, clock.now())
    assert "lines: " in str(missing.value)
    assert "Wẽn" not in str(missing.value)


def test_the_same_facts_at_the_same_moment_are_the_same_bytes() -> None:
    at = clock.now()
    one, two = (typeset(BARE, template(LINES), {"lines": NAMES}, at) for _ in range(2))
    assert one == two


def test_every_template_of_the_catalogue_says_its_title_in_both_languages() -> None:
    services = {
        str(p.parents[1].relative_to(HOME / "catalogue/services"))
        for p in HOME.glob("catalogue/services/*/*/documents/*")
    }
    papers = read_papers(HOME / "catalogue", services)
    assert set(papers.shared) == {f"form-0{number}" for number in range(1, 7)}
    own = [template for templates in papers.own.values() for template in templates.values()]
    assert {template.name for template in own} >= {"birth-certificate", "residence-notice", "health-card"}
    assert all(t.title.vi and t.title.en and t.title.vi != t.title.en for t in [*own, *papers.shared.values()])


def test_a_qr_code_is_a_picture_of_lines_and_nothing_else() -> None:
    drawn = qr_code("http://portal.localhost:8600/xac-minh/h36/abc")
    assert drawn.startswith("<svg")
    assert "script" not in drawn
