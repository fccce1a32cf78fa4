"""Shared categories of the national platform (DMDC), from what the catalogue and the territory hold."""

from collections.abc import Iterator
from typing import Any

from lienthong.exchange.node import Node
from lienthong.gateways.tables import Category
from lienthong.kit import clock

# (code, name, code of what it belongs to)
Value = tuple[str, str, str]


def metadata(category: Category) -> list[dict[str, str]]:
    kinds = {name: "DateTime" if name.startswith("Ngay") else "String" for name in category.columns}
    return [{"PropertyCode": name, "PropertyName": name, "PropertyType": kind} for name, kind in kinds.items()]


def rows(node: Node, category: Category) -> list[dict[str, Any]]:
    """Every value as the category's columns name it; a column that nothing stands behind is null."""
    places = {"code": 0, "name": 1, "above": 2}
    return [
        {name: value[places[of]] if of else None for name, of in category.columns.items()}
        for value in _values(node, category)
    ]


def _values(node: Node, category: Category) -> Iterator[Value]:
    match category.of:
        case "agencies":
            named = {card.agency: card.name.vi for card in reversed(node.catalogue.nodes.values())}
            yield from ((code, named[code], "") for code in sorted(named))
        case "provinces":
            yield _province(node), node.territory.units(clock.today())[0].province, ""
        case "units":
            yield from ((u.code, u.title, _province(node)) for u in node.territory.units(clock.today()))
        case term:
            codes = node.catalogue.terms[term].codes
            yield from ((category.codes.get(code, code), words.vi, "") for code, words in codes.items())


def _province(node: Node) -> str:
    """The statistical code of the province whose units are known here."""
    return next(card.units for card in node.catalogue.nodes.values() if card.units)
