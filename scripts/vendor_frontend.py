"""Take what the pages use and we do not write ourselves from npm packages, pinned, into `static/web/vendor`.

Run by a developer with npm on the path, after a change of a version or of `COMPONENTS`; the result is committed, so
nobody else needs npm. Of GOV.UK Frontend only the rules of the components we use are kept, without its font (which is
not for others) and its crest, and its lines stand further apart: Vietnamese letters carry two marks. bpmn-js is taken
as published, with its licence: its watermark stays on every diagram.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "src/lienthong/kit/web/static/web/vendor"
LIGHTEN = Path(__file__).with_name("lighten_fonts.py")
GOVUK = "govuk-frontend@6.6.0"
TYPEFACE = "@fontsource/be-vietnam-pro@5.3.0"
VIEWER = "bpmn-js@18.31.1"
# latin-ext has the letters of Ê Đê and Cơ Ho (ĭ, ŏ, ŭ, č); a browser fetches it only for a page with one of them.
SUBSETS = ("latin", "latin-ext", "vietnamese")
WEIGHTS = (400, 600)
COMPONENTS = frozenset(
    """back-link body body-m body-s button button-group checkboxes date-input details error-message error-summary
    fieldset form-group heading-l heading-m heading-s heading-xl hint input inset-text label label-wrapper link
    list main-wrapper radios select skip-link skip-link-focused-element summary-list template textarea
    visually-hidden width-container
    """.split()  # noqa: SIM905 - forty quoted words read worse
)
THEIR_FONT = re.compile(r"font-family:(?:GDS Transport,arial,)?sans-serif")
TIGHT_LINES = re.compile(r"line-height:(1\.[0-3]\d*)")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        install = ["npm", "install", "--no-save", "--prefix", folder, GOVUK, TYPEFACE, VIEWER]
        subprocess.run(install, check=True, stdout=sys.stderr)
        packages = Path(folder) / "node_modules"
        shutil.rmtree(VENDOR, ignore_errors=True)
        take_stylesheet(packages / "govuk-frontend", VENDOR / "govuk-frontend")
        take_typeface(packages / "@fontsource/be-vietnam-pro", VENDOR / "be-vietnam-pro")
        take_viewer(packages / "bpmn-js", VENDOR / "bpmn-js")
    lighten = ["uv", "run", "--no-project", "--with", "fonttools", "--with", "brotli", "python", str(LIGHTEN)]
    subprocess.run(lighten, check=True, stdout=sys.stderr)


def take_stylesheet(package: Path, target: Path) -> None:
    """Write `govuk.css`: the kept rules of the published stylesheet, in our typeface, one rule a line."""
    target.mkdir(parents=True)
    css = (package / "dist/govuk/govuk-frontend.min.css").read_text("utf-8")
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = THEIR_FONT.sub("font-family:var(--typeface)", css)
    css = TIGHT_LINES.sub(lambda found: f"line-height:{float(found[1]) * 1.14:.3g}", css)
    (target / "govuk.css").write_text("\n".join(kept(css)) + "\n", "utf-8")
    # The package publishes no licence file; its manifest and the project name MIT, whose notice this is.
    (target / "LICENSE.txt").write_text(MIT, "utf-8")


def take_typeface(package: Path, target: Path) -> None:
    """Copy the subsets in two weights, with their licence; `lienthong.css` declares them."""
    target.mkdir(parents=True)
    for subset in SUBSETS:
        for weight in WEIGHTS:
            published = package / f"files/be-vietnam-pro-{subset}-{weight}-normal.woff2"
            shutil.copy(published, target / f"{subset}-{weight}.woff2")
    shutil.copy(package / "LICENSE", target / "LICENSE.txt")


def take_viewer(package: Path, target: Path) -> None:
    """Copy the viewer of process diagrams, its stylesheet and its licence, unchanged."""
    target.mkdir(parents=True)
    shutil.copy(package / "dist/bpmn-navigated-viewer.production.min.js", target / "viewer.js")
    shutil.copy(package / "dist/assets/diagram-js.css", target / "diagram-js.css")
    shutil.copy(package / "LICENSE", target / "LICENSE.txt")


def kept(css: str) -> Iterator[str]:
    """The rules of `css` that speak of our components: selectors of others are cut, at-rules left empty are dropped."""
    for prelude, body in rules(css):
        if prelude.startswith(("@media", "@supports")):
            if (inner := "".join(kept(body))) and "\\0" not in prelude:
                yield f"{prelude}{{{inner}}}"
        elif prelude.startswith("@"):
            continue
        elif selectors := ",".join(one for one in prelude.split(",") if is_ours(one)):
            yield f"{selectors}{{{body}}}"


def rules(css: str) -> Iterator[tuple[str, str]]:
    """Each top-level rule as prelude and the text between its braces; statements such as `@charset` are passed over."""
    start, place = 0, 0
    while (opening := css.find("{", place)) >= 0:
        prelude = css[start:opening].rpartition(";")[2].strip()
        depth, end = 1, opening + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        yield prelude, css[opening + 1 : end - 1]
        start = place = end


def is_ours(selector: str) -> bool:
    return all(name in COMPONENTS for name in re.findall(r"\.govuk-([\\a-z0-9-]+?)(?=__|--|(?![a-z0-9-]))", selector))


MIT = """GOV.UK Frontend
Copyright (c) 2017 Crown Copyright (Government Digital Service)

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation
the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and
to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of
the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO
THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF
CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER
DEALINGS IN THE SOFTWARE.
"""

if __name__ == "__main__":
    main()
