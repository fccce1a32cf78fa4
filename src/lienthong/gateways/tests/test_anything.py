"""Whatever a stranger sends, in any language: an answer in that language's words, never a breakdown."""

import base64
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.gateways.tests.outsiders import BANK, LOOK_UP, MEMBERS, ONE_STOP, OURS, SECRETS, Gateway, asked

PATHS = (LOOK_UP, "/token", "/apiHoTichTuPhap/dangKyHoTich", "/apiHoTichTuPhap/traTrangThaiHoSo", "/dmdc/Category/x",
         f"{OURS}/population/v1/persons/match", f"{OURS}/territory/v1/units/1", f"{OURS}/getOpenAPI",
         "/r1/a")  # fmt: skip
KINDS = ("application/json", "text/xml", "application/x-www-form-urlencoded", "", "\x00")
HEADERS = ("x_road_client", "x_road_id", "x_road_userid", "x_road_issue", "x_road_represented_party", "authorization",
           "timestamp", "x_road_security_server", "accept")  # fmt: skip
text = st.text(max_size=60) | st.sampled_from(["", "VN-TEST/COM/Z01/accounts", "%", "%FF", "Bearer x", "Basic x"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=4),
    max_leaves=6,
)
bodies = st.one_of(
    st.binary(max_size=200),
    anything.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(sorted(asked())), anything, max_size=3).map(
        lambda changes: json.dumps(asked() | changes).encode()
    ),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PATHS), st.sampled_from(("GET", "POST", "PUT", "")), bodies, st.sampled_from(KINDS),
       st.dictionaries(st.sampled_from(HEADERS), text, max_size=2), st.text(max_size=30))  # fmt: skip
def test_no_call_breaks_the_gateway(
    gateway: Gateway, path: str, method: str, body: bytes, kind: str, headers: dict[str, str], query: str
) -> None:
    gateway.fresh()
    answered = gateway.call(method, path, body, query, content_type=kind, **(_proof(gateway, path) | headers))
    assert answered.status < 500 or answered.headers.get("X-Road-Error", "").startswith("Server."), answered
    assert answered.headers.get("X-Road-Error") != "Server.ServerProxy.InternalError"


def _proof(gateway: Gateway, path: str) -> dict[str, Any]:
    if path == LOOK_UP:
        return gateway.signed()
    user = BANK if path.startswith("/r1") else ONE_STOP
    pair = base64.b64encode(f"{user}:{SECRETS[user]}".encode()).decode()
    if path.startswith(("/dmdc", "/api")):
        given = gateway.call("POST", "/token", b"grant_type=client_credentials", authorization=f"Basic {pair}")
        return {"authorization": f"Bearer {given.json['access_token']}"}
    return {"authorization": f"Basic {pair}", "x_road_client": MEMBERS[BANK]}
