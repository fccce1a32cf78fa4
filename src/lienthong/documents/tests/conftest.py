"""Two nodes that exchange files: A handed them in, B was sent them."""

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
def pair(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(node_database("G01").run, node_database("portal").run, Path(tmp_path_factory.mktemp("run")))
    yield made
    made.close()
