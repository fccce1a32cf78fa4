"""The tables of the outside languages, as `catalogue/gateways` declares them: one file a language."""

from pathlib import Path
from typing import Literal

import msgspec

from lienthong.catalogue.files import of_folder, shaped

Writing = Literal["text", "upper", "day", "dmy", "year", "code", "unit", "place", "alive"]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Line(_Strict, frozen=True, rename={"writing": "as"}):
    """One element of an outside shape, the field of ours behind it, and how it is written there."""

    field: str
    writing: Writing
    element: str = ""
    codes: dict[str, str] = {}


class Population(_Strict, frozen=True):
    operation: str
    namespace: str
    answer_namespace: str
    path: str
    marks: dict[str, str]
    answer: list[Line]


class Category(_Strict, frozen=True):
    """A shared category: where its values come from, and its columns, each `code`, `name`, `above` or empty."""

    of: Literal["agencies", "provinces", "units", "ethnicity", "nationality", "gender"]
    columns: dict[str, Literal["code", "name", "above", ""]]
    codes: dict[str, str] = {}


class Module(_Strict, frozen=True):
    register: str
    elements: dict[str, Line]


class National(_Strict, frozen=True):
    base: dict[str, str]
    categories: dict[str, Category]
    lists: dict[str, str]
    modules: dict[str, Module]
    states: dict[str, str]


class Endpoint(_Strict, frozen=True):
    method: Literal["GET", "POST"]
    path: str
    does: str
    summary: str
    body: dict[str, str] = {}


class Provided(_Strict, frozen=True):
    summary: str
    endpoints: list[Endpoint]
    open: bool = False


class Consumed(_Strict, frozen=True):
    """A service elsewhere: `path`, `query` and `body` name a question's fields, `subject` the one that is a person."""

    service: str
    method: Literal["GET", "POST"]
    path: str
    query: list[str] = []
    body: list[str] = []
    subject: str = ""


class XRoad(_Strict, frozen=True):
    subsystem: str
    provides: dict[str, Provided]
    consumes: dict[str, Consumed]


class Tables(_Strict, frozen=True):
    population: Population
    national: National
    xroad: XRoad


def load(catalogue: Path) -> Tables:
    """Read the tables of the folder. Raises CatalogueError as the catalogue does."""
    files = of_folder(catalogue / "gateways")
    return Tables(
        shaped(files, "population.yaml", Population),
        shaped(files, "national.yaml", National),
        shaped(files, "xroad.yaml", XRoad),
    )
