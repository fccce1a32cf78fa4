"""Every address of every face: its headers, who may open it, and that nothing is taken without a token.

The walk goes through the whole application as a node serves it, without signing in. An address whose view has no rule
(`lienthong.kit.web.access`) fails here.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.architecture.tree import HOME

from lienthong.config import bootstrap, databases, directories
from lienthong.config.postgres import Cluster
from lienthong.exchange import directory_document

COUNTRY = bootstrap.places(18_000)
FACES = sorted({face for place in COUNTRY for face in place.faces})
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
# Posting here needs no token, because it changes nothing and speaks for nobody.
TOKENLESS = {"xac-minh/<str:issuer>/<str:code>": "compares a file with a paper"}
POWERS = ("camera", "geolocation", "microphone", "payment", "usb")
Walk = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def walk(
    cluster: Cluster, template: Callable[[str], databases.Credentials], tmp_path_factory: pytest.TempPathFactory
) -> Walk:
    bootstrap.ensure_keys(cluster.state, COUNTRY)
    cluster.state.run.mkdir(parents=True, exist_ok=True)

    @cache
    def go(face: str, *, tls: bool = False) -> list[dict[str, Any]]:
        place = next(place for place in COUNTRY if face in place.faces)
        template(place.name)
        told = bootstrap.environment(cluster, place)
        if tls:
            secure = tmp_path_factory.mktemp("tls") / "directory.json"
            authority = directories.authority(cluster.state)
            published = directory_document.read(Path(told["LIENTHONG_DIRECTORY"]).read_bytes(), [authority.public])
            sites = {name: replace(entry, site=f"https{entry.site[4:]}") for name, entry in published.nodes.items()}
            secure.write_bytes(directory_document.sign(replace(published, nodes=sites), authority))
            told["LIENTHONG_DIRECTORY"] = str(secure)
        program = [sys.executable, "-m", "tests.architecture.walk"]
        paths = os.pathsep.join([str(HOME / "src"), str(HOME)])
        environment = {**os.environ, **told, "PYTHONPATH": paths}
        done = subprocess.run(program, env=environment, cwd=HOME, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    return go


@pytest.mark.parametrize("face", FACES)
def test_every_address_says_who_may_open_it(walk: Walk, face: str) -> None:
    without = [one["route"] for one in walk(face) if one["rule"] is None]
    assert without == [], "mark the view: identity.guards, or public/machine of kit.web.access with a reason"
    assert [one["route"] for one in walk(face) if one["rule"] in ("public", "machine") and not one["why"]] == []


@pytest.mark.parametrize("face", FACES)
def test_a_guarded_address_shows_nothing_to_somebody_not_signed_in(walk: Walk, face: str) -> None:
    for one in walk(face):
        if one["rule"] in ("person", "officer"):
            for method, answer in one["answers"].items():
                assert answer["status"] in (302, 403, 405), (one["route"], method, answer)
                if answer["status"] == 302:
                    assert answer["headers"]["location"].startswith("/sign-in?next=%2F"), (one["route"], answer)


@pytest.mark.parametrize("face", FACES)
def test_every_answer_carries_the_security_headers(walk: Walk, face: str) -> None:
    for one in walk(face):
        for method, answer in one["answers"].items():
            headers, where = answer["headers"], (one["route"], method, answer["status"])
            if one["route"].startswith(("static/", "exchange/")):
                assert headers.get("x-content-type-options") == "nosniff" or answer["status"] == 405, where
                continue
            assert HEADERS.items() <= headers.items(), where
            _check_policy(headers["content-security-policy"])
            assert all(f"{power}=()" in headers["permissions-policy"] for power in POWERS), where
            assert "strict-transport-security" not in headers, where


def _check_policy(policy: str) -> None:
    assert "unsafe" not in policy
    directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    assert directives["default-src"] == "'self'"
    assert directives["frame-ancestors"] == directives["object-src"] == directives["base-uri"] == "'none'"
    assert not set(directives) & {"script-src", "style-src", "script-src-elem", "script-src-attr", "style-src-attr"}


def test_under_tls_browsers_are_told_never_to_speak_in_the_clear(walk: Walk) -> None:
    for one in walk("portal", tls=True):
        if not one["route"].startswith(("static/", "exchange/")):
            assert "max-age=31536000" in one["answers"]["GET"]["headers"]["strict-transport-security"], one["route"]


@pytest.mark.parametrize("face", FACES)
def test_nothing_is_taken_without_a_token_but_from_machines(walk: Walk, face: str) -> None:
    for one in walk(face):
        if one["route"] in TOKENLESS:
            assert "set-cookie" not in one["answers"]["POST"]["headers"], one["route"]
        elif one["rule"] in ("public", "person", "officer"):
            assert one["answers"]["POST"]["status"] in (403, 405), (one["route"], one["answers"]["POST"])
        elif one["rule"] == "machine":
            assert one["answers"]["POST"]["status"] in (400, 401, 403, 405), (one["route"], one["answers"]["POST"])
            assert "set-cookie" not in one["answers"]["GET"]["headers"], one["route"]


@pytest.mark.parametrize("face", FACES)
def test_head_is_get_without_a_page_and_trace_echoes_nothing(walk: Walk, face: str) -> None:
    for one in walk(face):
        answers = one["answers"]
        assert answers["HEAD"]["status"] in (answers["GET"]["status"], 405), one["route"]
        assert answers["TRACE"]["status"] >= 300, one["route"]
        assert not answers["TRACE"]["echoes"], one["route"]
        assert answers["OPTIONS"]["status"] >= 300 or "allow" in answers["OPTIONS"]["headers"], one["route"]
        for method, answer in answers.items():
            assert answer["status"] < 500 or answer["status"] == 503, (one["route"], method, answer)
            if answer["status"] == 405 and not one["route"].startswith(("static/", "exchange/")):
                assert answer["headers"]["allow"], (one["route"], method)
