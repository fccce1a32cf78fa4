"""The documents are true: their links lead somewhere, and what they should name they name."""

import argparse
import ast
import re
import unicodedata
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from tests.architecture.tree import HOME, SOURCE

from lienthong.config import cli
from lienthong.config.environment import SETTINGS

DOCUMENTS = sorted([*HOME.glob("*.md"), *(HOME / "docs").rglob("*.md")])
LINK = re.compile(r"\[(?P<label>[^\]]*)\]\((?P<target>[^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"^CREATE TABLE (?:IF NOT EXISTS )?(\w+)", re.MULTILINE)
LARGEST_PICTURE = 120 * 1024


def text(name: str) -> str:
    return (HOME / name).read_text(encoding="utf-8")


def links(document: Path) -> list[tuple[str, str, str]]:
    """Label, path and anchor of every relative link."""
    found = LINK.finditer(FENCE.sub("", document.read_text(encoding="utf-8")))
    parts = [(link["label"], *unquote(link["target"]).partition("#")[::2]) for link in found]
    return [(label, path, anchor) for label, path, anchor in parts if not path.startswith(("http:", "https:"))]


def anchors(document: Path) -> set[str]:
    """The anchors that a forge gives headings: lower case, letters and digits, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", document.read_text(encoding="utf-8")), re.MULTILINE)
    kept = (
        "".join(c for c in heading.lower() if c in " -_" or unicodedata.category(c)[0] in "LNM") for heading in headings
    )
    return {heading.replace(" ", "-") for heading in kept}


@cache
def defined(module: Path) -> set[str]:
    """Functions, classes, methods as `Class.method`, and names assigned at the top of a module."""
    names: set[str] = set()
    for node in ast.parse(module.read_text()).body:
        match node:
            case ast.FunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name, body=body):
                names |= {name, *(f"{name}.{inner.name}" for inner in body if isinstance(inner, ast.FunctionDef))}
            case ast.Assign(targets=targets):
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return names


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(HOME).as_posix())
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    for label, path, anchor in links(document):
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"[{label}] leads to {path}"
        assert target.is_relative_to(HOME), f"[{label}] leads out of the tree"
        if anchor:
            assert anchor in anchors(target), f"[{label}]: no heading #{anchor} in {path or document.name}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(HOME).as_posix())
def test_every_name_that_links_to_a_module_is_defined_there(document: Path) -> None:
    for label, path, _ in links(document):
        if path.endswith(".py") and (name := CODE.fullmatch(label)):
            assert name[1] in defined((document.parent / path).resolve()), f"{path} defines no {name[1]}"


def test_the_way_of_a_dossier_names_a_function_at_every_step() -> None:
    way = text("ARCHITECTURE.md").partition("## Where does a dossier go?")[2].partition("\n## ")[0]
    steps = re.split(r"^\d+\. ", way, flags=re.MULTILINE)[1:]
    assert 8 <= len(steps) <= 12
    for step in steps:
        assert any(CODE.fullmatch(link["label"]) for link in LINK.finditer(step)), step.splitlines()[0]


def test_every_room_is_named_in_the_architecture() -> None:
    rooms = {folder.parent.name for folder in SOURCE.glob("*/__init__.py")}
    named = set(re.findall(r"^\| \[(\w+)\]\(src/lienthong/", text("ARCHITECTURE.md"), re.MULTILINE))
    assert named == rooms


def test_every_command_is_named_in_the_readme() -> None:
    choices = next(a.choices for a in cli.parser()._actions if isinstance(a, argparse._SubParsersAction))
    named = {code.split()[1] for code in CODE.findall(text("README.md")) if code.startswith("lienthong ")}
    assert named == set(choices)


def test_every_setting_is_named_in_the_architecture() -> None:
    settings = text("ARCHITECTURE.md").partition("## Settings")[2].partition("\n## ")[0]
    named = set(re.findall(r"^\| `([A-Z_]+)` \|", settings, re.MULTILINE))
    assert named == {setting.name for setting in SETTINGS}


def test_every_table_is_named_in_the_architecture() -> None:
    definitions = [*SOURCE.glob("*/schema/*.sql"), SOURCE / "kit" / "migrations.py"]
    created = {name for definition in definitions for name in TABLE.findall(definition.read_text())}
    registers = {declaration.stem for declaration in (HOME / "catalogue" / "registers").glob("*.yaml")}
    tables = text("ARCHITECTURE.md").partition("## Tables")[2].partition("\n## ")[0]
    named = {code for line in tables.splitlines() for code in CODE.findall(line.split("|")[1] if "|" in line else "")}
    assert named == created | registers


@pytest.mark.parametrize("document", sorted((HOME / "docs" / "decisions").glob("0*.md")), ids=lambda path: path.stem)
def test_a_decision_has_its_parts_and_names_a_check_that_exists(document: Path) -> None:
    said = document.read_text(encoding="utf-8")
    for part in ("Context.", "Decision.", "Consequences.", "Alternatives.", "Held by", "Against the first design."):
        assert f"**{part}**" in said, part
    named = [code for code in CODE.findall(said) if code.endswith((".py", ".sql", ".toml", ".yaml"))]
    for path in named:
        assert any((place / path).exists() for place in (SOURCE, HOME)), path
    assert document.name in text("docs/decisions/README.md")


def test_pictures_are_small_and_each_is_shown() -> None:
    shown = {path for _, path, _ in links(HOME / "README.md") if path.endswith(".png")}
    kept = {picture.relative_to(HOME).as_posix(): picture for picture in (HOME / "docs").rglob("*.png")}
    assert shown == set(kept)
    for name, picture in kept.items():
        assert picture.stat().st_size <= LARGEST_PICTURE, name
