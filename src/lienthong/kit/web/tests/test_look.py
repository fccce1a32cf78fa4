"""What the templates and the stylesheets owe each other, and how much a first page weighs."""

import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOMS = Path(__file__).parents[3]
STATIC = ROOMS / "kit/web/static/web"
TEMPLATES = sorted(ROOMS.rglob("templates/**/*.html"))
SHEETS = [STATIC / "vendor/govuk-frontend/govuk.css", STATIC / "lienthong.css"]
FONTS = [STATIC / f"vendor/be-vietnam-pro/{subset}-{weight}.woff2" for subset in ("latin", "vietnamese") for weight in (400, 600)]


def test_every_class_a_template_names_is_in_a_stylesheet() -> None:
    styled = set(re.findall(r"\.([a-z][\w-]*)", "".join(sheet.read_text("utf-8") for sheet in SHEETS)))
    unknown = {(path.name, name) for path in TEMPLATES for name in _classes(path.read_text("utf-8")) if name not in styled}
    assert not unknown, "drop the class, style it, or add its component to scripts/vendor_frontend.py"


def _classes(template: str) -> set[str]:
    # A name put together from a variable ends in -- or - before the tag; what is left of it is not a class.
    found = " ".join(re.sub(r"\S*\{\{.*?\}\}\S*", " ", re.sub(r"\{%.*?%\}", " ", text)) for text in re.findall(r'class="([^"]*)"', template))
    return {name for name in found.split() if not name.endswith("-")}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_carries_style_or_script_inline(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)|javascript:", text)


def test_a_first_visit_weighs_at_most_100_kb() -> None:
    packed = sum(len(gzip.compress(sheet.read_bytes())) for sheet in [*SHEETS, STATIC / "live.js", STATIC / "queue.js"])
    fonts = sum(font.stat().st_size for font in FONTS)
    page = 8_000  # the longest page, a form, packed
    assert packed + fonts + page <= 100_000


def test_every_vietnamese_text_has_its_english() -> None:
    script = ROOMS.parents[1] / "scripts/messages.py"
    checked = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
