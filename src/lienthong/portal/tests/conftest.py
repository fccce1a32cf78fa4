"""A Django that speaks Vietnamese; for citizens' pages a country whose portal tells what happens, and a post office."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client, override_settings

if not settings.configured:
    settings.configure(SECRET_KEY="only for tests")
if not apps.ready:
    django.setup()

from lienthong.casework.tests.country import Country
from lienthong.casework.tests.test_side_paths import Case
from lienthong.demo.post_office import PostOffice
from lienthong.exchange.node import Node
from lienthong.identity import sessions
from lienthong.portal import notifying
from lienthong.portal.channels import Smtp
from lienthong.portal.tests import browsing
from lienthong.portal.tests.citizens import MAIL, PHONE


@pytest.fixture(scope="module")
def country(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    made = Country(node_database, Path(tmp_path_factory.mktemp("run")))
    made.nodes["portal"].on_act = (notifying.told,)
    yield made
    made.close()


@pytest.fixture(scope="module")
def portal(country: Country) -> Node:
    return country.nodes["portal"]


@pytest.fixture(scope="module")
def case(country: Country) -> Case:
    """A birth declared by a mother with phone and e-mail."""
    return Case(country, 1, requester_phone=PHONE, requester_email=MAIL)


@pytest.fixture(scope="module")
def office(portal: Node) -> PostOffice:
    return PostOffice(portal.database)


@pytest.fixture(scope="module")
def mail(office: PostOffice) -> Smtp:
    """Our real way out, into the post office's real SMTP server."""
    return Smtp.at(office.open(), "Cong Dich vu cong <portal@example.vn>")


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The portal's pages, and a clock that may be moved."""
    monkeypatch.setenv("LIENTHONG_CLOCK", str(tmp_path / "clock"))
    monkeypatch.setattr(sessions, "_in_use", {})
    with override_settings(**browsing.settings()):
        yield


@pytest.fixture
def mother(pages: None, portal: Node, case: Case) -> Client:
    """The mother's browser."""
    return browsing.browser(portal, case.mother)
