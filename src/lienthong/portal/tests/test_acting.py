"""Applying for another: filled with the grantor's data, under a mandate that holds until it is submitted."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings

from lienthong.agreements import mandates
from lienthong.casework import dossiers, pauses
from lienthong.casework.pauses import Item
from lienthong.casework.tests.country import CHECKER, DI_LINH, Country, in_node
from lienthong.exchange import evidence
from lienthong.exchange.node import Node
from lienthong.identity import sessions
from lienthong.identity.signed_in import remember
from lienthong.identity.types import Account
from lienthong.identity.urls import relying_patterns
from lienthong.kit import clock
from lienthong.kit.web.site import Site
from lienthong.kit.web.urls import urlpatterns as frame_patterns
from lienthong.portal import acting
from lienthong.portal.urls import urlpatterns

ROOMS = Path(__file__).parents[2]
SERVICE = "interlinked/birth-residence-card"
HEAD = Account("068075000777", "K’ Trưởng", date(1975, 1, 1), "male", 2)
STRANGER = Account("068075000778", "Người Lạ", date(1975, 1, 1), "male", 2)
TYPED = {
    "child_name": "K’ Brêm", "surname_after": "father", "ethnicity": "mother", "hometown": "father",
    "lives_with": "mother", "birth_count": "1", "facility": "68009", "pledge": "yes",
}  # fmt: skip
families, numbers = count(900), count(1)
SERVED: dict[str, Node] = {}
MADE: dict[str, Country] = {}


def _routes() -> ModuleType:
    module = ModuleType("portal_routes")
    module.__dict__["urlpatterns"] = [*urlpatterns, *relying_patterns, *frame_patterns]
    module.__dict__["handler404"] = "lienthong.kit.web.views.page_not_found"
    return module


def choose_node(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def answer(request: HttpRequest) -> HttpResponse:
        request.node = SERVED["portal"]  # type: ignore[attr-defined]
        return get_response(request)

    return answer


@pytest.fixture(scope="module")
def made(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    country = Country(node_database, Path(tmp_path_factory.mktemp("run")))
    SERVED["portal"], MADE["country"] = country.nodes["portal"], country
    yield country
    country.close()


@pytest.fixture
def country(made: Country, monkeypatch: pytest.MonkeyPatch) -> Iterator[Country]:
    monkeypatch.setattr(sessions, "_in_use", {"sessions": made.nodes["portal"].database})
    with override_settings(
        SECRET_KEY="only for tests",
        ALLOWED_HOSTS=["*"],
        USE_TZ=True,
        TIME_ZONE="Asia/Ho_Chi_Minh",
        LANGUAGE_CODE="vi",
        LANGUAGES=[("vi", "Tiếng Việt"), ("en", "English")],
        LOCALE_PATHS=[ROOMS / "locale"],
        STATIC_URL="/static/",
        ROOT_URLCONF=_routes(),
        SESSION_ENGINE="lienthong.identity.sessions",
        SESSION_COOKIE_NAME="sessionid",
        INSTALLED_APPS=["lienthong.kit.web"],
        MIDDLEWARE=[
            f"{__name__}.choose_node" if "." in __name__ else "lienthong.portal.tests.test_acting.choose_node",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "lienthong.identity.middleware.AccountMiddleware",
            "lienthong.kit.web.middleware.chosen_language",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [ROOMS / "identity" / "templates", ROOMS / "portal" / "templates"],
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "lienthong.kit.web.site.frame",
                    ]
                },
            }
        ],
        SITE=Site("portal", "Cổng", "Portal", demo=True),
    ):
        yield made
    made.silent = set()


def browser(account: Account) -> Client:
    client = Client(HTTP_HOST="portal.localhost")
    session = sessions.SessionStore()
    proof = evidence.of_session(MADE["country"].nodes["G01-eid"], account.number, "portal")
    remember(session, replace(account, proofs=(proof,)))
    session.save()
    client.cookies["sessionid"] = str(session.session_key)
    return client


def mandate(country: Country, grantor: Account, grantee: Account = HEAD, **changes: Any) -> str:
    number = f"UQ-T-{next(numbers)}"
    country.enter(
        "G01-eid", "mandates", **{
            "number": number, "grantor": grantor.number, "grantor_name": grantor.name,
            "grantor_birth_date": grantor.birth_date, "grantor_gender": grantor.gender, "grantee": grantee.number,
            "grantee_name": grantee.name, "kind": "helper", "scope": "*", "since": clock.today(),
            "until": clock.today() + timedelta(days=30), "evidence": "giấy", "unit": DI_LINH, **changes,
        },
    )  # fmt: skip
    return number


def begin(client: Client, number: str) -> str:
    """The draft's address as a whole form."""
    page = client.post("/acting", {"mandate": number, "service": SERVICE})
    assert page.status_code == 302, page.content.decode()
    return page.headers["Location"].rpartition("/")[0]


def send(client: Client, form: str) -> Any:
    page = client.get(form).content.decode()
    binding = re.search(r'name="binding" value="([^"]+)"', page)
    assert binding, page
    return client.post(form, {**TYPED, "binding": binding[1]})


def end(country: Country, number: str, grantor: Account) -> None:
    eid = country.nodes["G01-eid"]
    in_node(eid, lambda tx: mandates.end(eid, tx, number, grantor.number))


def submitted(country: Country) -> tuple[Account, str, str]:
    """A dossier that the village head filed for a mother: she, the mandate, the dossier's code."""
    mother = country.family(next(families))
    number = mandate(country, mother)
    client = browser(HEAD)
    sent = send(client, begin(client, number))
    assert sent.status_code == 302, sent.content.decode()
    return mother, number, sent.headers["Location"].split("/")[2]


def test_a_helper_fills_in_a_form_with_the_grantors_data_and_every_page_says_for_whom(country: Country) -> None:
    mother = country.family(next(families))
    number = mandate(country, mother)
    client = browser(HEAD)
    listed = client.get("/acting").content.decode()
    assert "Ka Wẽn" in listed
    form = begin(client, number)
    page = client.get(form).content.decode()
    assert "Bạn đang làm thay Ka Wẽn" in page
    assert mother.number in page.replace(" ", "")
    assert HEAD.number not in page.replace(" ", "")
    assert begin(client, number) == form
    assert browser(STRANGER).get(form).status_code == 404
    assert browser(mother).get(form).status_code == 404


def test_the_dossier_is_the_grantors_and_says_who_filed_it(country: Country) -> None:
    mother, _, code = submitted(country)
    dossier = in_node(country.nodes["portal"], lambda tx: dossiers.load(tx, code))
    assert dossier is not None
    identity = dossier.identity
    assert (identity.applicant, identity.filed_by, identity.channel) == (mother.number, HEAD.number, "helper")
    [submit, *_] = in_node(country.nodes["portal"], lambda tx: dossiers.acts(tx, code))
    assert submit.detail["filed_by"] == HEAD.number
    assert code in browser(mother).get("/dossiers").content.decode()
    assert "K’ Trưởng nộp thay Ka Wẽn" in browser(mother).get(f"/dossiers/{code}").content.decode()
    receipt = browser(HEAD).get(f"/dossiers/{code}/receipt").content.decode()
    assert "Ka Wẽn" in receipt
    assert "K’ Trưởng nộp thay" in receipt


def test_what_a_helper_supplies_stands_in_the_timeline_as_given_for_the_grantor(country: Country) -> None:
    mother, _, code = submitted(country)
    country.deliver()
    h36, portal = country.nodes["H36"], country.nodes["portal"]
    sql = "SELECT code FROM dossier WHERE parent = %s"
    birth = in_node(h36, lambda tx: tx.value(sql, (code,)))
    in_node(h36, lambda tx: pauses.supplement(h36, tx, birth, CHECKER, [Item("child_name")], "unclear-value"))
    country.deliver()
    answer = browser(HEAD).post(f"/dossiers/{code}/supplement/birth", {"child_name": "K’ Brêm Di Linh"})
    assert answer.status_code == 303
    [supplied] = [act for act in in_node(portal, lambda tx: dossiers.acts(tx, code)) if act.verb == "supply"]
    assert supplied.actor == mother.number
    assert supplied.detail["filed_by"] == HEAD.number
    timeline = browser(mother).get(f"/dossiers/{code}").content.decode()
    assert timeline.count("<small>nộp thay") == 2  # the declaration and the supplement
    assert HEAD.number not in timeline


def test_a_helper_sees_what_they_filed_while_the_mandate_holds(country: Country) -> None:
    mother, number, code = submitted(country)
    assert code in browser(HEAD).get("/acting").content.decode()
    assert browser(HEAD).get(f"/dossiers/{code}").status_code == 200
    assert browser(STRANGER).get(f"/dossiers/{code}").status_code == 404
    own = browser(mother)
    assert own.get(f"/dossiers/{code}").status_code == 200
    end(country, number, mother)
    assert browser(HEAD).get(f"/dossiers/{code}").status_code == 404
    assert code not in browser(HEAD).get("/acting").content.decode()
    assert own.get(f"/dossiers/{code}").status_code == 200


def test_a_mandate_that_ended_meanwhile_submits_nothing_and_keeps_what_was_typed(country: Country) -> None:
    mother = country.family(next(families))
    number = mandate(country, mother)
    client = browser(HEAD)
    form = begin(client, number)
    end(country, number, mother)
    page = send(client, form)
    assert page.status_code == 422
    assert "không còn được làm thay" in page.content.decode()
    assert "K’ Brêm" in page.content.decode()
    sql = "SELECT count(*) FROM dossier WHERE applicant = %s"
    assert in_node(country.nodes["portal"], lambda tx: tx.value(sql, (mother.number,))) == 0


def test_e_identity_silent_lets_nobody_submit_for_another_but_oneself(country: Country) -> None:
    mother = country.family(next(families))
    client = browser(HEAD)
    form = begin(client, mandate(country, mother))
    client.get(form)
    country.silent = {"G01-eid"}
    page = send(client, form)
    assert page.status_code == 422
    assert "chưa trả lời" in page.content.decode()
    assert client.get("/acting").status_code == 503


def test_an_officer_at_the_counter_files_through_the_counter(country: Country) -> None:
    mother = country.family(next(families))
    client = browser(HEAD)
    sent = send(client, begin(client, mandate(country, mother, kind="counter", until=clock.today())))
    code = sent.headers["Location"].split("/")[2]
    dossier = in_node(country.nodes["portal"], lambda tx: dossiers.load(tx, code))
    assert dossier is not None
    assert dossier.identity.channel == "counter"


@pytest.mark.parametrize(
    "changes", [{"scope": "another/service"}, {"since": date(2020, 1, 1), "until": date(2020, 1, 31)}]
)
def test_a_mandate_for_something_else_or_of_the_past_begins_nothing(country: Country, changes: dict[str, Any]) -> None:
    number = mandate(country, country.family(next(families)), **changes)
    assert browser(HEAD).post("/acting", {"mandate": number, "service": SERVICE}).status_code == 404


def test_nobody_begins_under_anothers_mandate(country: Country) -> None:
    number = mandate(country, country.family(next(families)))
    assert browser(STRANGER).post("/acting", {"mandate": number, "service": SERVICE}).status_code == 404
    assert "Chưa ai nhờ bạn" in browser(STRANGER).get("/acting").content.decode()


def test_who_filed_nothing_for_anybody_is_not_asked_about(country: Country) -> None:
    mother = country.family(next(families))
    country.silent = {"G01-eid"}
    request: Any = HttpRequest()
    request.session = sessions.SessionStore()
    assert acting.acts_for(request, country.nodes["portal"], mother) == frozenset()
    assert "acts_for" not in request.session


def test_the_portal_points_to_a_consent_that_waits_and_does_not_wait_for_the_answer(country: Country) -> None:
    mother = country.family(next(families))
    row = {
        "id": "G01-1/householder", "person": mother.number, "asked_by": "G01", "dossier": "G01-1", "purpose": "x",
        "case": "P", "says_vi": "Đồng ý", "says_en": "Agree", "asked_at": clock.now(),
        "until": clock.now() + timedelta(days=1), "state": "asked",
    }  # fmt: skip
    country.enter("G01-eid", "consents", **row)
    page = browser(mother).get("/dossiers").content.decode()
    assert "Số việc đang chờ bạn đồng ý: 1" in page
    assert "/consents" in page
    country.silent = {"G01-eid"}
    assert "đang chờ bạn đồng ý" not in browser(mother).get("/dossiers").content.decode()


def test_a_helper_files_but_takes_nothing_back(country: Country) -> None:
    mother, _, code = submitted(country)
    assert "Rút hồ sơ" not in browser(HEAD).get(f"/dossiers/{code}").content.decode()
    assert browser(HEAD).get(f"/dossiers/{code}/withdraw").status_code == 404
    assert browser(mother).get(f"/dossiers/{code}/withdraw").status_code == 200
