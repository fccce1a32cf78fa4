"""A small country for these tests: a portal, a desk and e-identity in one process, told apart by the host asked for."""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from lienthong.identity import clients, sessions, tokens
from lienthong.identity.guards import citizen_required, officer_required
from lienthong.identity.urls import provider_patterns, relying_patterns
from lienthong.kit.signatures import SigningKey, VerifyKey
from lienthong.kit.storage import Database
from lienthong.kit.web.urls import urlpatterns as frame_patterns

PORTAL, DESK, EID = "http://portal.localhost:8600", "http://g15.localhost:8603", "http://eid.localhost:8602"
AN, BINH, LOCKED, LOW = "068090000001", "068091000002", "068092000003", "068093000004"
PEOPLE = """
INSERT INTO accounts (number, full_name, birth_date, gender, level, status, valid_from, recorded_at, recorded_by)
SELECT *, date '2024-07-01', timestamptz '2024-07-01 08:00+07', 'test' FROM (VALUES
    ('068090000001', 'Nguyễn Văn An', date '1990-02-03', 'male', 2, 'active'),
    ('068091000002', 'K’Brèo', date '1991-05-06', 'male', 2, 'active'),
    ('068092000003', 'Đỗ Thị Lan', date '1992-07-08', 'female', 2, 'closed'),
    ('068093000004', 'H’Bia', date '1993-09-10', 'female', 1, 'active')) AS person;
INSERT INTO demo_person VALUES
    ('068090000001', 'Nguyễn Văn An', 'vừa có con', 'has a newborn', 'parent', 1),
    ('068092000003', 'Đỗ Thị Lan', 'đã khóa', 'locked', 'parent', 2);
"""


@dataclass
class FakeNode:
    """The seam of a node, with only what this room uses."""

    name: str
    database: Database
    directory: Any
    catalogue: Any
    key: SigningKey = field(default_factory=SigningKey.generate)
    urls: Any = None

    def vouch(self, person: str, client: str) -> str:
        return f"{person} is at {client}"


@dataclass
class FakeDirectory:
    nodes: Mapping[str, Any]
    public: dict[str, VerifyKey]
    demo: bool = True

    def keys(self, node: str, purpose: str) -> list[VerifyKey]:
        return [self.public[node]] if purpose == "transport" else []


@citizen_required
def mine(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.account.name)


@officer_required("chair", "civil_status_officer")
def desk(request: HttpRequest) -> HttpResponse:
    return HttpResponse(",".join(sorted(request.officer.units_as("chair"))))


def front(request: HttpRequest) -> HttpResponse:
    return HttpResponse("front")


def routes(name: str, patterns: list[Any]) -> ModuleType:
    module = ModuleType(name)
    module.__dict__["urlpatterns"] = patterns
    return module


PAGES = [path("", front, name="home"), path("mine", mine), path("desk", desk), *relying_patterns, *frame_patterns]
PROVIDER = routes("provider_routes", [*provider_patterns, *frame_patterns])
RELYING = routes("relying_routes", PAGES)
SERVED: dict[str, FakeNode] = {}


def choose_node(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: the node, its routes and its session table, by host."""

    def answer(request: HttpRequest) -> HttpResponse:
        node = SERVED[request.META["HTTP_HOST"]]
        before = sessions._in_use.get("sessions")
        request.node, request.urlconf = node, node.urls
        sessions.use(node.database)
        try:
            return get_response(request)
        finally:
            if before is not None:
                sessions.use(before)

    return answer


class Country:
    """`portal`, `desk` and `eid` nodes; `citizens` and `provider` databases."""

    def __init__(self, relying: Database, provider: Database) -> None:
        sites = {"portal": (PORTAL, 8600, "portal"), "G15": (DESK, 8603, "desk"), "G01-eid": (EID, 8602, "eid")}
        parties = {n: SimpleNamespace(site=s, address=f"http://127.0.0.1:{p}") for n, (s, p, _) in sites.items()}
        cards = {
            n: SimpleNamespace(faces=[face], name=SimpleNamespace(vi=f"Trang {n}", en=f"Site {n}"))
            for n, (_, _, face) in sites.items()
        }
        self.directory = FakeDirectory(parties, {})
        self.nodes: dict[str, FakeNode] = {}
        for name, (site, port, face) in sites.items():
            database = provider if face == "eid" else relying
            node = FakeNode(name, database, self.directory, SimpleNamespace(nodes=cards))
            node.urls = PROVIDER if face == "eid" else RELYING
            self.directory.public[name] = node.key.public
            SERVED[urlsplit(site).netloc] = SERVED[f"127.0.0.1:{port}"] = self.nodes[name] = node

    def back_channel(
        self, address: str, method: str, path: str, form: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Stands in for the network between two nodes."""
        response = Client(HTTP_HOST=urlsplit(address).netloc).generic(
            method, path, urlencode(form or {}), content_type="application/x-www-form-urlencoded"
        )
        return response.status_code, response.json()


class Browser:
    """One person's browser: a cookie jar per host."""

    def __init__(self) -> None:
        self.jars: dict[str, Client] = {}

    def jar(self, url: str) -> Client:
        host = urlsplit(url).netloc
        return self.jars.setdefault(host, Client(HTTP_HOST=host))

    def get(self, url: str) -> Any:
        parts = urlsplit(url)
        return self.jar(url).get(f"{parts.path}?{parts.query}")

    def post(self, url: str, **form: str) -> Any:
        parts = urlsplit(url)
        return self.jar(url).post(f"{parts.path}?{parts.query}", form)

    def session_key(self, url: str) -> str | None:
        cookie = self.jar(url).cookies.get("sessionid")
        return cookie.value if cookie else None

    def begin(self, path: str = "/mine", site: str = PORTAL) -> str:
        """Ask to sign in; where the site sends the browser."""
        return str(self.get(f"{site}/sign-in?next={path}").headers["Location"])

    def agree(self, authorize: str, **person: str) -> str:
        """Sign in at e-identity and agree; where it sends the browser back to."""
        page = self.post(authorize, **(person or {"step": "pick", "number": AN}))
        assert page.status_code == 200, page.content.decode()
        subject = re.search(r'name="subject" value="([^"]+)"', page.content.decode())
        assert subject, page.content.decode()
        answer = self.post(authorize, step="confirm", subject=subject[1])
        assert answer.status_code == 303
        return str(answer.headers["Location"])

    def sign_in(self, path: str = "/mine", site: str = PORTAL, **person: str) -> Any:
        """The whole way; the answer of the redirect URI."""
        return self.get(self.agree(self.begin(path, site), **person))


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def with_query(url: str, **changes: str | None) -> str:
    """The address with parameters replaced, or removed with None."""
    query = {**query_of(url), **changes}
    return f"{url.partition('?')[0]}?{urlencode({name: value for name, value in query.items() if value is not None})}"


def unsigned(claims: dict[str, Any]) -> str:
    """A token that says it needs no signature."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def token_request(country: Country, returned: str, verifier: str, **changes: str) -> tuple[int, dict[str, Any]]:
    """What a site asks the token endpoint, with changes."""
    form = {
        "grant_type": "authorization_code",
        "code": query_of(returned)["code"],
        "redirect_uri": f"{PORTAL}/signed-in",
        "code_verifier": verifier,
        "client_id": "portal",
        "client_assertion_type": clients.ASSERTION_TYPE,
        "client_assertion": clients.assertion(country.nodes["portal"], EID),
    }
    return country.back_channel("http://127.0.0.1:8602", "POST", "/token", {**form, **changes})


def request_of_our_own(**changes: str | None) -> tuple[str, str]:
    """A sound authorization request made by hand, changed, and its PKCE verifier."""
    verifier = tokens.random_text()
    asked = {
        "response_type": "code",
        "scope": "openid",
        "client_id": "portal",
        "redirect_uri": f"{PORTAL}/signed-in",
        "state": "s",
        "nonce": "n",
        "code_challenge": tokens.challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    return with_query(f"{EID}/authorize", **{**asked, **changes}), verifier
