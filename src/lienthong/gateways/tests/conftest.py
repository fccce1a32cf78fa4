"""A gateway between its owners of registers, called as a system outside calls it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lienthong.gateways.tests.outsiders import Gateway


@pytest.fixture(scope="module")
def gateway(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    made = Gateway(node_database, Path(tmp_path_factory.mktemp("run")))
    yield made
    made.country.close()


def pytest_bdd_apply_tag(tag: str, function: Callable[..., Any]) -> bool | None:
    """Tags of borrowed scenarios are no markers of ours."""
    return True


def pytest_bdd_before_scenario(request: Any, feature: Any, scenario: Any) -> None:
    """A borrowed feature says in its tags which address it is about."""
    request.node.feature_tags = set(feature.tags)
