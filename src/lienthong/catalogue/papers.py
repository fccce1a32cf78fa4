"""Templates of papers as data: `services/*/*/documents/*.typ` of one service, `documents/*.typ` shared by all.

A template is Typst text that gets its facts as `d` and whatever `documents/base.typ` defines; it begins with its title
in both languages, as comments `// vi: …` and `// en: …`. `documents/issuers.yaml` says who issues a node's papers.
"""

from pathlib import Path

import msgspec
import yaml

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
    """Raises BadTemplate naming the file, or OSError."""
    shared = folder / "documents"
    issuers = msgspec.convert(yaml.safe_load((shared / "issuers.yaml").read_text("utf-8")), dict[str, Issuer])
    return Papers(
        base=(shared / f"{BASE}.typ").read_text("utf-8"),
        own={slug: _templates(folder / "services" / slug / "documents") for slug in sorted(services)},
        shared=_templates(shared),
        issuers=issuers,
    )


def _templates(folder: Path) -> dict[str, Template]:
    return {path.stem: _template(path) for path in sorted(folder.glob("*.typ")) if path.stem != BASE}


def _template(path: Path) -> Template:
    text = path.read_text("utf-8")
    if len(text) > LARGEST_TEMPLATE:
        raise BadTemplate(f"{path}: larger than {LARGEST_TEMPLATE} characters")
    head = [line.removeprefix("//").strip() for line in text.splitlines()[:2]]
    try:
        vi, en = head[0].removeprefix("vi: "), head[1].removeprefix("en: ")
        if [f"vi: {vi}", f"en: {en}"] != head:
            raise ValueError(head)
    except (IndexError, ValueError) as error:
        raise BadTemplate(f"{path}: begin with // vi: … and // en: …, the paper's title in both languages") from error
    return Template(path.stem, Words(vi, en), text)
