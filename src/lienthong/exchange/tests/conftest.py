"""A pair of nodes for this room's tests, each over a real database."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.apps import apps
from django.conf import settings

if not settings.configured:
    settings.configure(SECRET_KEY="only for tests")
if not apps.ready:
    django.setup()

from lienthong.exchange.tests.pair import Pair


@pytest.fixture(scope="module")
def whole_pair(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(node_database("portal").run, node_database("G01").run, Path(tmp_path_factory.mktemp("run")))
    yield made
    made.close()


@pytest.fixture
def pair(whole_pair: Pair) -> Iterator[Pair]:
    """The pair with nothing under way."""
    whole_pair.reset()
    yield whole_pair
    whole_pair.reset()
