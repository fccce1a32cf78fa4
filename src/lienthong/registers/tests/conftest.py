"""The offices of this room's tests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lienthong.exchange.node import Node
from lienthong.registers.tests import offices


@pytest.fixture(scope="module")
def office(
    node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Node]]:
    """`office("G01")`: that node over an empty database of this module."""
    made: dict[str, Node] = {}

    def open_office(name: str) -> Node:
        if name not in made:
            made[name] = offices.node(name, node_database(name).run, Path(tmp_path_factory.mktemp("run")))
        return made[name]

    yield open_office
    for place in made.values():
        place.database.close()
        place.doorbell.close()
