"""The catalogue's files as texts by their path: as authors keep them in a folder, or as a node received them."""

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

LARGEST_FILE = 200_000
MOST_PARSED = 1_000
KINDS = (".yaml", ".typ")
Files = Mapping[str, str]
_loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CatalogueError(Exception):
    """The catalogue does not hold together; the message names the file and what is wrong with it."""


def of_folder(folder: Path) -> dict[str, str]:
    """Every file of the folder. Raises CatalogueError for one that does not read."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.suffix in KINDS):
        try:
            found[path.relative_to(folder).as_posix()] = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CatalogueError(f"{path}: {error}") from error
    return found


def warm(folder: Path) -> None:
    """Parse what the folder holds, for processes that are forked next; what is wrong with it is theirs to find."""
    with suppress(CatalogueError):
        files = of_folder(folder)
        for path in files:
            if path.endswith(".yaml"):
                raw(files, path)


def inside(files: Files, folder: str, kind: str = ".yaml") -> list[str]:
    """Paths directly below a folder, in order."""
    prefix = f"{folder}/"
    return sorted(
        path for path in files if path.startswith(prefix) and path.endswith(kind) and "/" not in path[len(prefix) :]
    )


def raw(files: Files, path: str) -> Any:
    """A YAML file as plain values that nobody changes. Raises CatalogueError: missing, too large, not YAML."""
    text = files.get(path)
    if text is None:
        raise CatalogueError(f"{path}: there is no such file")
    if len(text) > LARGEST_FILE:
        raise CatalogueError(f"{path}: larger than {LARGEST_FILE} characters")
    try:
        return _parsed(text)
    except yaml.YAMLError as error:
        raise CatalogueError(f"{path}: {error}") from error


@lru_cache(maxsize=MOST_PARSED)
def _parsed(text: str) -> Any:
    """By its text: what a supervisor parsed before it forked is parsed for every node."""
    return yaml.load(text, Loader=_loader)  # noqa: S506 — both are safe loaders


def shaped(files: Files, path: str, shape: Any) -> Any:
    """A file as one of the shapes. Raises CatalogueError for what the vocabulary does not have."""
    try:
        return msgspec.convert(raw(files, path), shape)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"{path}: {error}") from error


def section(files: Files, path: str, key: str, shape: Any) -> Any:
    """One key of a file as a shape."""
    content = raw(files, path)
    try:
        return msgspec.convert(content[key], shape)
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        raise CatalogueError(f"{path}: {error}") from error
