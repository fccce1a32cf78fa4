"""The catalogue in parts, each with one publisher: a service's folder, a register, what a node grants, the dictionary.

`catalogue/publishers.yaml` says who publishes which part. It is a part itself, published by whom it names.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

import msgspec

from lienthong.catalogue.files import CatalogueError, Files, raw, shaped

PUBLISHERS, DICTIONARY, CALENDAR = "publishers", "dictionary", "calendars/vietnam"
BY_NAME, BY_OWNER = "@name", "@owner"
_STEP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of publishers.yaml."""

    part: str
    by: str


def part_of(path: str) -> str:
    """The part that a file belongs to. Raises CatalogueError for what is no path of a catalogue."""
    steps = path.split("/")
    if not all(_STEP.fullmatch(step) for step in steps):
        raise CatalogueError(f"{path!r} is no path of a catalogue")
    if steps[0] == "services" and len(steps) > 3:
        return "/".join(steps[:3])
    if steps[0] == "documents":
        return steps[0]
    return path.rpartition(".")[0]


def divided(files: Files) -> dict[str, dict[str, str]]:
    """All files by the part they belong to."""
    parts: dict[str, dict[str, str]] = {}
    for path, text in sorted(files.items()):
        parts.setdefault(part_of(path), {})[path] = text
    return parts


def joined(parts: Iterable[Files]) -> dict[str, str]:
    """The files of several parts together."""
    return {path: text for files in parts for path, text in files.items()}


def content_hash(files: Files) -> str:
    """Names what a part says: the same texts under the same paths."""
    return hashlib.sha256(msgspec.json.encode(sorted(files.items()))).hexdigest()


def lines_of(files: Files) -> list[Line]:
    """publishers.yaml. Raises CatalogueError."""
    return shaped(files, "publishers.yaml", list[Line])  # type: ignore[no-any-return]


def publisher(lines: Iterable[Line], part: str, files: Files, before: Files | None = None) -> str:
    """The node that publishes a part; `before` are the files of the version that these replace, if there is one.

    Raises CatalogueError when nobody may, or when the part does not say who owns it.
    """
    found = next((line.by for line in lines if _fits(line.part, part)), "")
    if not found:
        raise CatalogueError(f"publishers.yaml names nobody for {part}")
    if found == BY_NAME:
        return part.split("/")[1]
    return _owner(part, before or files) if found == BY_OWNER else found


def _fits(pattern: str, part: str) -> bool:
    return pattern.count("/") == part.count("/") and fnmatchcase(part, pattern)


def _owner(part: str, files: Files) -> str:
    content = raw(files, f"{part}.yaml")
    owner = content.get("owner") if isinstance(content, Mapping) else None
    if not isinstance(owner, str):
        raise CatalogueError(f"{part}.yaml: says no owner")
    return owner
