"""Templates of papers as data: `services/*/*/documents/*.typ` of one service, `documents/*.typ` shared by all.

A template is Typst text that gets its facts as `d` and whatever `documents/base.typ` defines; it begins with its title
in both languages, as comments `// vi: …` and `// en: …`. `documents/issuers.yaml` says who issues a node's papers.
"""

from pathlib import Path, PurePosixPath

import msgspec

from lienthong.catalogue.files import Files, inside, of_folder, shaped
from lienthong.catalogue.shapes import Words

BASE = "base"
LARGEST_TEMPLATE = 40_000


class BadTemplate(Exception):
    """A template that does not say what it is; the message names the file."""


class Template(msgspec.Struct, frozen=True):
    name: str
    title: Words
    text: str


class Issuer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who heads a node's papers: `name` decides, `desk` receives and answers for it, `above` is over it.

    `{unit}` and `{province}` stand for the dossier's.
    """

    above: str
    name: str
    desk: str = ""


class Papers(msgspec.Struct, frozen=True):
    """The templates one node may need: of its services by slug and name, and those shared by every service."""

    base: str = ""
    own: dict[str, dict[str, Template]] = {}
    shared: dict[str, Template] = {}
    issuers: dict[str, Issuer] = {}

    def find(self, service: str, name: str) -> Template | None:
        return self.own.get(service, {}).get(name) or self.shared.get(name)


def read_papers(folder: Path, services: set[str]) -> Papers:
    """Raises BadTemplate naming the file, or CatalogueError."""
    return papers_of(of_folder(folder), services)


def papers_of(files: Files, services: set[str]) -> Papers:
    """Raises BadTemplate naming the file, CatalogueError, or KeyError when the shared frame is missing."""
    return Papers(
        base=files[f"documents/{BASE}.typ"],
        own={slug: _templates(files, f"services/{slug}/documents") for slug in sorted(services)},
        shared=_templates(files, "documents"),
        issuers=shaped(files, "documents/issuers.yaml", dict[str, Issuer]),
    )


def _templates(files: Files, folder: str) -> dict[str, Template]:
    paths = {PurePosixPath(path).stem: path for path in inside(files, folder, ".typ")}
    return {name: _template(name, path, files[path]) for name, path in paths.items() if name != BASE}


def _template(name: str, path: str, text: str) -> Template:
    if len(text) > LARGEST_TEMPLATE:
        raise BadTemplate(f"{path}: larger than {LARGEST_TEMPLATE} characters")
    head = [line.removeprefix("//").strip() for line in text.splitlines()[:2]]
    try:
        vi, en = head[0].removeprefix("vi: "), head[1].removeprefix("en: ")
        if [f"vi: {vi}", f"en: {en}"] != head:
            raise ValueError(head)
    except (IndexError, ValueError) as error:
        raise BadTemplate(f"{path}: begin with // vi: … and // en: …, the paper's title in both languages") from error
    return Template(name, Words(vi, en), text)
