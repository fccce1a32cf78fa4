"""Applying for another: whom a signed-in person may act for, by the mandates that e-identity keeps.

A mandate is asked for when a draft is begun and again when it is submitted; a draft keeps under which one it was begun.
The account of such a draft is who is acted for: every register is asked about them. Who typed it stands beside it, and
sees what they filed while the mandate holds (Civil Code 91/2015/QH13, Art. 138, 140; Decree 118/2025/NĐ-CP).
"""

from dataclasses import replace
from typing import Any

import msgspec
from django.http import HttpRequest

from lienthong.agreements import mandates
from lienthong.agreements.mandates import Mandate
from lienthong.exchange.asking import Question
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.identity import validity
from lienthong.identity.types import Account
from lienthong.kit.storage import Tx
from lienthong.portal.request import node_of, signed_in

WITHIN = 2.0
REMEMBERED = 60  # seconds for which a page believes what e-identity said
CHANNELS = {mandates.COUNTER: "counter"}
_FILED = "SELECT 1 FROM dossier WHERE filed_by = %s AND parent IS NULL LIMIT 1"


class Acting(msgspec.Struct, frozen=True):
    """Under which mandate somebody types for another."""

    mandate: str
    kind: str
    principal: Account
    helper: str
    helper_name: str
    proof: str = ""  # e-identity's sealed word that the mandate holds
    proven_until: int = 0

    @property
    def channel(self) -> str:
        """As the dossier says how it came: counter or helper."""
        return CHANNELS.get(self.kind, "helper")


def under(mandate: Mandate, account: Account) -> Acting:
    """The account acting by this mandate. Raises ValueError when it is somebody else's."""
    if mandate.grantee != account.number:
        raise ValueError("this mandate was given to another")
    until = validity.seconds() + validity.AT_RELYING_PARTY
    return Acting(mandate.number, mandate.kind, mandate.principal, account.number, account.name, mandate.proof, until)


def for_whom(node: Node, who: Acting, account: Account, case: str) -> Account:
    """The principal as they appear before registers' owners: by the helper's session and the mandate, asked for anew
    where its proof is too old."""
    proof = who.proof
    if who.proven_until <= validity.seconds():
        found = [one for one in held(node, account, case) or [] if one.number == who.mandate]
        proof = found[0].proof if found else ""
    return replace(who.principal, proofs=(*account.proofs, proof) if proof else ())


def kept(text: str) -> Acting | None:
    """What a draft keeps of it."""
    return msgspec.json.decode(text, type=Acting) if text else None


def written(acting: Acting | None) -> str:
    return msgspec.json.encode(acting).decode() if acting else ""


def held(node: Node, account: Account, case: str) -> list[Mandate] | None:
    """Whom the account may act for today; None when e-identity does not answer."""
    name = next(name for name, card in node.catalogue.nodes.items() if "eid" in card.faces)
    body = {"by": "grantee", "person": account.number}
    answer = node.asker.ask(Question(name, mandates.HELD, body, mandates.PURPOSE, case), within=WITHIN)
    try:
        return mandates.heard(answer.body) if answer else None
    except Refused:
        return None


def why_not(node: Node, acting: Acting, service: str, case: str) -> str:
    """What stands in the way of submitting: 'mandate-ended', 'mandate-unknown' when e-identity is silent, or ''."""
    account = Account(acting.helper, acting.helper_name, acting.principal.birth_date, "", 0)
    found = held(node, account, case)
    if found is None:
        return "mandate-unknown"
    stands = any(one.number == acting.mandate and one.covers(service) for one in found)
    return "" if stands else "mandate-ended"


def acts_for(request: HttpRequest, node: Node, account: Account) -> frozenset[str]:
    """The people whose dossiers, filed by this account, it may see now. Silence of e-identity shows none.

    Asked at most once a minute, and never for who filed nothing for anybody.
    """
    with node.database.transaction() as tx:
        if tx.value(_FILED, (account.number,)) is None:
            return frozenset()
    known: dict[str, Any] = request.session.get("acts_for") or {}
    if known.get("who") != account.number or validity.seconds() - known["at"] >= REMEMBERED:
        found = held(node, account, "mandates")
        if found is None:
            return frozenset()
        people = sorted({mandate.grantor for mandate in found})
        request.session["acts_for"] = known = {"who": account.number, "at": validity.seconds(), "people": people}
    return frozenset(known["people"])


def of_dossier(tx: Tx, code: str) -> Acting | None:
    """Who filed a dossier for its applicant; None for one that the applicant filed."""
    text = tx.value("SELECT acting FROM draft WHERE submitted = %s AND filed_by <> ''", (code,))
    return kept(str(text)) if text else None


def account_for(request: HttpRequest, code: str) -> Account:
    """Whose account opens a dossier's page: the signed-in person's, or the applicant's where that person filed it for
    them and may still act for them. Then `request.acting` says so, and the page does."""
    node, account = node_of(request), signed_in(request)
    with node.database.transaction() as tx:
        row = tx.one("SELECT applicant, filed_by FROM dossier WHERE code = %s AND parent IS NULL", (code,))
        if row is None or row.applicant == account.number or row.filed_by != account.number:
            return account
        filed = of_dossier(tx, code)
    if filed is None or filed.principal.number not in acts_for(request, node, account):
        return account
    request.acting = filed  # type: ignore[attr-defined]
    return filed.principal


def of_page(request: HttpRequest) -> Acting | None:
    """For whom the page that is being answered acts, if for anybody."""
    return getattr(request, "acting", None)
