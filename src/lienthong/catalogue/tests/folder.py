"""A copy of the catalogue folder that a test may spoil."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import Catalogue, load
from lienthong.config.state import HOME

FOLDER = HOME / "catalogue"
FIXTURES = Path(__file__).parent / "fixtures"
RULES = source_hashes()

BIRTH, LINKED = "services/civil-status/birth-registration", "services/interlinked/birth-residence-card"
HOME_OF_CHILD = "services/residence/newborn-residence"


def copied(place: Path) -> Path:
    """The folder again under `place`."""
    return Path(shutil.copytree(FOLDER, place / "catalogue"))


def changed(folder: Path, file: str, edit: Callable[[Any], None]) -> Path:
    """The folder, with one of its files changed."""
    path = folder / file
    content = yaml.safe_load(path.read_text())
    edit(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    return folder


def loaded(folder: Path, node: str = "portal") -> Catalogue:
    return load(folder, node, RULES)
