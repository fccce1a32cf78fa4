"""Stories run over real processes: a small country of their own, started from the command line and removed.

A module says with `PEOPLE` how large a population its story needs.
"""

from collections.abc import Iterator

import pytest

from lienthong.bench.driver import Country


@pytest.fixture(scope="module")
def country(request: pytest.FixtureRequest) -> Iterator[Country]:
    with Country(request.module.PEOPLE) as made:
        made.up()
        yield made
