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
STYLED = [STATIC / "vendor/govuk-frontend/govuk.css", *STATIC.glob("*.css")]
SHEETS = [STATIC / "vendor/govuk-frontend/govuk.css", STATIC / "lienthong.css"]
FONTS = [STATIC / f"vendor/be-vietnam-pro/{name}.woff2" for name in ("latin-400", "latin-600")]
FONTS += [STATIC / f"vendor/be-vietnam-pro/{name}.woff2" for name in ("vietnamese-400", "vietnamese-600")]


def test_every_class_a_template_names_is_in_a_stylesheet() -> None:
    styled = set(re.findall(r"\.([a-z][\w-]*)", "".join(sheet.read_text("utf-8") for sheet in STYLED)))
    unknown = {(path.name, name) for path in TEMPLATES for name in _classes(path)}
    unknown = {(file, name) for file, name in unknown if not any(re.match(rf"{name}(__|--|$)", one) for one in styled)}
    assert not unknown, "drop the class, style it, or add its component to scripts/vendor_frontend.py"


def _classes(path: Path) -> set[str]:
    """The classes a template writes out; one put together from a variable is left out."""
    written = re.sub(r"\{%.*?%\}", " ", path.read_text("utf-8"))
    lists = re.findall(r'class="((?:\{\{.*?\}\}|[^"])*)"', written)
    return {name for names in lists for name in re.sub(r"\S*\{\{.*?\}\}\S*", " ", names).split() if name[-1] != "-"}


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
