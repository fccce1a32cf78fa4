"""Signed results: what an agency sealed for this very case, and nothing else."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from lienthong.casework import results
from lienthong.casework.dossiers import Dossier, Identity
from lienthong.casework.states import State
from lienthong.exchange.directory import Directory, Entry, PublishedKey
from lienthong.exchange.envelopes import Envelope, Refused
from lienthong.kit.clock import ZONE
from lienthong.kit.signatures import SigningKey

AT = datetime(2026, 11, 20, 9, tzinfo=ZONE)
RECORD = {"register": "births", "key": "KS-1", "record": {"child_number": "068226000001", "child_name": "K’ Brêm"}}
NAMES = ("H36", "BHXH")
BY = {"birth": "H36", "card": "H36"}
SEALS = {name: SigningKey.generate() for name in NAMES}
TRANSPORT = {name: SigningKey.generate() for name in NAMES}
DIRECTORY = Directory(
    {
        name: Entry(
            "",
            "",
            [PublishedKey("transport", TRANSPORT[name].public.text), PublishedKey("seal", SEALS[name].public.text)],
        )
        for name in NAMES
    }
)


def node(name: str = "H36", seal: SigningKey | None = None) -> Any:
    return SimpleNamespace(name=name, seal=seal or SEALS[name], directory=DIRECTORY)


def sealed(by: Any, *, case: str = "P-1", branch: str = "birth", at: datetime = AT) -> str:
    facts = ("H36.012-261120-0001", "civil-status/birth-registration", "0" * 64, "H36.012", "068195001234", AT, AT)
    identity = Identity(*facts, parent=case, parent_node="portal", branch=branch)
    dossier = Dossier(identity, State(4, "record", "pending", "", AT), 3, b"")
    return results.issue(by, dossier, RECORD, at)


def refused(text: str, branch: str = "birth", case: str = "P-1") -> str:
    with pytest.raises(Refused) as caught:
        results.opened(node(), {branch: text}, case, BY)
    return caught.value.code


def test_a_result_opens_for_its_case_and_branch_at_every_agency() -> None:
    text = sealed(node())
    for reader in (node(), node("BHXH")):
        body = results.opened(reader, {"birth": text}, "P-1", BY)["birth"]
        assert body == {"code": "H36.012-261120-0001", "branch": "birth", "agency": "H36.012", **RECORD}


def test_a_result_stays_readable_for_a_lifetime() -> None:
    text = sealed(node(), at=AT - timedelta(days=30 * 365))
    assert results.opened(node(), {"birth": text}, "P-1", BY)


def test_a_result_of_another_case_or_branch_is_refused() -> None:
    assert refused(sealed(node(), case="P-2")) == "wrong-result"
    assert refused(sealed(node(), branch="card")) == "wrong-result"


def test_a_seal_that_is_not_the_agencys_is_refused() -> None:
    assert refused(sealed(node("H36", SigningKey.generate()))) == "bad-signature"
    assert refused(sealed(node("H36", SEALS["BHXH"]))) == "bad-signature"
    assert refused(sealed(node("H36", TRANSPORT["H36"]))) == "bad-signature"  # a transport key seals nothing
    assert refused(sealed(SimpleNamespace(name="Z", seal=SEALS["H36"]))) == "unknown-sender"


def test_an_altered_result_is_refused() -> None:
    text = sealed(node())
    assert refused(text.replace("068226000001", "068226000002")) == "altered"
    envelope = msgspec.json.decode(text, type=Envelope)
    other = Envelope(envelope.header, msgspec.Raw(b"[]"), envelope.signature)
    assert refused(msgspec.json.encode(other).decode()) == "altered"
    assert refused("{}") == "malformed"


def test_one_bad_result_among_good_ones_refuses_all() -> None:
    with pytest.raises(Refused):
        results.opened(node(), {"birth": sealed(node()), "card": sealed(node(), case="P-2", branch="card")}, "P-1", BY)


def test_the_portal_believes_a_branchs_result_only_from_the_agency_that_handles_it() -> None:
    by_h36, by_bhxh = sealed(node()), sealed(node("BHXH"))
    assert results.opened(node(), {"birth": by_h36}, "P-1", BY)
    with pytest.raises(Refused, match="wrong-result"):
        results.opened(node(), {"birth": by_bhxh}, "P-1", BY)


def test_a_result_sealed_by_an_agency_that_does_not_handle_the_branch_is_refused() -> None:
    assert refused(sealed(node("BHXH"), branch="birth")) == "wrong-result"
