"""How an existing database is a register: its tables, columns and codes in our words, by a closed vocabulary.

A mapping names nothing but tables and columns of one schema, constants, and these conversions; everything else is
refused before it can become SQL (`registers.joined`).

    text               as it is, without the blanks around it
    tcvn3              text in TCVN 3 bytes that were stored as if they were Latin-1
    personal_number    twelve digits
    nine_digits        an identity number of before 2016
    dd/mm/yyyy, yyyymmdd    days written as text; a day that does not exist does not convert
    day, moment        columns of such a type
    number             a whole number, also as text
    codes              one of the listed words for each of the listed codes
"""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from lienthong.catalogue.holdings import Register
from lienthong.catalogue.shapes import Term

Conversion = Literal[
    "text", "tcvn3", "personal_number", "nine_digits", "dd/mm/yyyy", "yyyymmdd", "day", "moment", "number", "codes"
]
MOST_JOINS = 6
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_CONSTANT = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_ALIAS = re.compile(r"[a-z][a-z0-9_]{0,30}")
# which type of our terms a conversion gives
_GIVES = {"dd/mm/yyyy": "date", "yyyymmdd": "date", "day": "date", "moment": "moment", "number": "number"}
_TYPED = ("date", "moment", "number", "flag")


class Watermark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column of the main table that grows with every change of a row: a time, or a number. What is up to `overlap`
    seconds (or so much of a number) below the highest seen is looked at again: who commits late is found so. All
    rows are looked at every `sweep` seconds: that finds what was deleted."""

    column: str
    overlap: int = 300
    sweep: int = 3_600


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"conversion": "as"}):
    """Where a field comes from: a column of the main table, or `join.COLUMN`."""

    column: str
    conversion: Conversion = "text"
    codes: dict[str, str] = {}


class Join(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of another table beside each of the main one: `by` is its columns with the main table's, `where` its
    columns with constants; of several rows the one with the highest `latest`."""

    table: str
    by: dict[str, str]
    where: dict[str, str] = {}
    latest: str = ""


class Joining(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"db_schema": "schema"}):
    """A file of catalogue/mappings. `allows` is what the database's owner lets stand beside its tables. `marks` is the
    field that names those whose value in the source does not convert."""

    mapping: str
    owner: str
    db_schema: str
    table: str
    fields: dict[str, Source]
    joins: dict[str, Join] = {}
    allows: list[Literal["triggers", "indexes"]] = []
    watermark: Watermark | None = None
    marks: str = ""


def problems(register: Register, mapping: Joining, terms: Mapping[str, Term]) -> Iterator[str]:
    """What does not hold together, in words that name the place."""
    place = f"mappings/{mapping.mapping}.yaml"
    yield from (f"{place}: {name!r} is no name of a table or column" for name in _odd_names(mapping))
    yield from (f"{place}: {text!r} is no constant" for text in _odd_constants(mapping))
    if mapping.owner != register.owner:
        yield f"{place}: is {mapping.owner}'s, the register {register.owner}'s"
    if len(mapping.joins) > MOST_JOINS or any(not join.by for join in mapping.joins.values()):
        yield f"{place}: at most {MOST_JOINS} joins, each by a column"
    if "triggers" not in mapping.allows and mapping.watermark is None:
        yield f"{place}: changes are found by triggers or by a watermark; neither is there"
    wanted = set(register.fields) - {mapping.marks}
    if odd := sorted(wanted ^ set(mapping.fields)):
        yield f"{place}: fields of one and not of the other: {', '.join(odd)}"
    for name, source in mapping.fields.items():
        if name in register.fields:
            yield from _of_field(f"{place} {name}", mapping, source, terms[register.fields[name].term])
    yield from _of_register(register, mapping)


def _of_register(register: Register, mapping: Joining) -> Iterator[str]:
    """What a register can promise whose rows others write."""
    place = f"registers/{register.register}.yaml"
    if register.rule or register.completed_by or (register.follows and register.follows.ends):
        yield f"{place}: a joined register is not written here: it has no rule, completes and ends nothing"
    bound = [name for name, column in register.fields.items() if column.unique or not column.optional]
    if bound != [register.key]:
        yield f"{place}: only the key of a joined register is sure to be there: {', '.join(bound)}"
    if mapping.marks and mapping.marks not in register.fields:
        yield f"{place}: has no field {mapping.marks!r} for its marks"


def _of_field(place: str, mapping: Joining, source: Source, term: Term) -> Iterator[str]:
    join, _, _ = source.column.rpartition(".")
    if join and join not in mapping.joins:
        yield f"{place}: no such join: {join!r}"
    given = _GIVES.get(source.conversion, "text")
    wanted = term.type if term.type in _TYPED else "text"
    if given != wanted:
        yield f"{place}: {source.conversion} gives {given}, the term is {term.type}"
    if bool(source.codes) != (source.conversion == "codes"):
        yield f"{place}: `codes` and the list of them belong together"
    if term.codes and (unknown := sorted(set(source.codes.values()) - set(term.codes))):
        yield f"{place}: no such code: {', '.join(unknown)}"


def _odd_names(mapping: Joining) -> list[str]:
    names = [
        mapping.db_schema,
        mapping.table,
        *(source.column.rpartition(".")[2] for source in mapping.fields.values()),
    ]
    names += [mapping.watermark.column] if mapping.watermark else []
    for join in mapping.joins.values():
        names += [join.table, *join.by, *join.by.values(), *join.where, *([join.latest] if join.latest else [])]
    odd = [name for name in names if not _NAME.fullmatch(name)]
    return odd + [alias for alias in mapping.joins if not _ALIAS.fullmatch(alias) or alias in ("main", "later")]


def _odd_constants(mapping: Joining) -> list[str]:
    texts = [text for join in mapping.joins.values() for text in join.where.values()]
    texts += [text for source in mapping.fields.values() for pair in source.codes.items() for text in pair]
    return [text for text in texts if not _CONSTANT.fullmatch(text)]
