"""What a process table writes into a register: names of values, from a closed vocabulary.

field               a declared value
field_of_choice     the value of the parent that the declared `field` (mother or father) names
a|b                 the first of several that has a value
branch.field        a field of an earlier branch's signed result
=text               the text itself
$unit $code $today  of the dossier and the day; $grounds of the decision just taken
$sixth_birthday     of the child in the earlier result
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from lienthong.casework.dossiers import Dossier

OF_CHOICE = "_of_choice"


def fill(
    names: Mapping[str, str], dossier: Dossier, declared: Mapping[str, Any], results: Mapping[str, Any], today: date
) -> dict[str, Any]:
    """The register's fields with their values; what has no value is None."""
    return {field: value(name, dossier, declared, results, today) for field, name in names.items()}


def value(name: str, dossier: Dossier, declared: Mapping[str, Any], results: Mapping[str, Any], today: date) -> Any:
    """One value by its name; None when there is none. Raises LookupError for an unknown `$name`."""
    if "|" in name:
        found = (value(one, dossier, declared, results, today) for one in name.split("|"))
        return next((one for one in found if one not in (None, "")), None)
    if name.startswith("="):
        return name[1:]
    if name.startswith("$"):
        return _known(name, dossier, results, today)
    if name.endswith(OF_CHOICE):
        field = name.removesuffix(OF_CHOICE)
        return declared.get(f"{declared.get(field)}_{field}")
    branch, _, field = name.partition(".")
    return results[branch]["record"].get(field) if field else declared.get(name)


def _known(name: str, dossier: Dossier, results: Mapping[str, Any], today: date) -> str | None:
    match name:
        case "$unit":
            return dossier.identity.unit
        case "$code":
            return dossier.identity.code
        case "$grounds":
            return next((act.detail.get("grounds") for act in dossier.fresh if act.verb == "decide"), None)
        case "$today":
            return today.isoformat()
        case "$sixth_birthday":
            return sixth_birthday(date.fromisoformat(results["birth"]["record"]["birth_date"])).isoformat()
    raise LookupError(f"no such value: {name}")


def sixth_birthday(birth_date: date) -> date:
    """The day a child turns six; 28 February for those born on the 29th."""
    try:
        return birth_date.replace(year=birth_date.year + 6)
    except ValueError:
        return birth_date.replace(year=birth_date.year + 6, day=28)
