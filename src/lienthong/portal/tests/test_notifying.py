"""Which acts of a parent dossier a citizen hears of, as what."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from lienthong.casework.states import PROCESSING, RETURNED, Act
from lienthong.kit import clock
from lienthong.portal import notifying
from lienthong.portal.kinds import KINDS

AT = datetime(2026, 11, 20, 9, tzinfo=clock.ZONE)
READER = "068195001234"


class Tx:
    """Remembers what was written."""

    def __init__(self) -> None:
        self.rows: list[Any] = []

    def run(self, _: str, params: Any) -> None:
        self.rows.append(params)


def heard(act: Act, *, status: int = PROCESSING, parent: str | None = None) -> list[tuple[str, dict[str, Any]]]:
    """Kind and detail of each message that an act leads to."""
    identity = SimpleNamespace(code="G01.001.00-261120-010001", applicant=READER, parent=parent)
    branches = {"birth": SimpleNamespace(service="civil-status/birth-registration", node="H36")}
    state = SimpleNamespace(status=status, branches=branches, deadline=AT)
    tx: Any = Tx()
    dossier: Any = SimpleNamespace(identity=identity, state=state)
    notifying.told(SimpleNamespace(name="portal"), tx, dossier, act)  # type: ignore[arg-type]
    return [(row[3], msgspec.json.decode(row[4])) for row in tx.rows]


def progress(*verbs: str, **outlook: Any) -> Act:
    told = [{"verb": verb, "at": AT.isoformat()} for verb in verbs]
    return Act("progress", AT, "H36", branch="birth", outlook={"state": "open", **outlook}, detail={"acts": told})


@pytest.mark.parametrize(
    ("verbs", "kind"),
    [
        (("receive",), "received"),
        (("receive", "check", "decide", "issue"), "issued"),
        (("supplement",), "supplement"),
        (("ask_consent",), "consent"),
        (("verify",), "extended"),
        (("refuse",), "refused"),
        (("stop",), "stopped"),
        (("correct",), "corrected"),
        (("annulled",), "annulled"),
    ],
)
def test_a_step_forward_is_told_once_as_its_weightiest_act(verbs: tuple[str, ...], kind: str) -> None:
    assert [told for told, _ in heard(progress(*verbs))] == [kind]


def test_what_only_concerns_the_agency_is_not_told() -> None:
    assert heard(progress("acknowledge")) == []
    assert heard(progress("check", "return", "check")) == []
    assert heard(progress("receive"), parent="G01.001.00-261120-010001") == []


def test_a_branch_that_its_agency_would_not_take_is_told_as_refused() -> None:
    assert heard(progress(state="refused", reason="not-competent")) == [
        (
            "refused",
            {
                "branch": "birth", "service": "civil-status/birth-registration", "node": "H36",
                "reason": "not-competent", "until": None,
            },
        )
    ]  # fmt: skip


def test_the_last_result_is_told_as_the_end() -> None:
    assert [kind for kind, _ in heard(progress("issue", state="done"), status=RETURNED)] == ["finished"]


def test_a_promise_and_a_term_come_with_their_moment() -> None:
    submitted = heard(Act("submit", AT, READER))[0]
    assert submitted == ("submitted", {"until": AT.isoformat()})
    received = heard(progress("receive", deadline=AT.isoformat()))[0][1]
    asked = heard(progress("supplement", asks={"until": AT.isoformat()}, deadline="2020-01-01T00:00:00+07:00"))[0][1]
    assert received["until"] == asked["until"] == AT.isoformat()


def test_every_kind_has_its_words_in_both_languages() -> None:
    assert set(notifying._BY_VERB.values()) | notifying._BY_STATE <= set(KINDS)
    for name, kind in KINDS.items():
        for words in (kind.title, kind.text, *filter(None, (kind.until, kind.following))):
            assert words.vi
            assert words.en
        assert bool(kind.short.vi) == bool(kind.short.en) == (name != "answered")
