"""Consents of other people on e-identity: who must agree, the question, the sealed answer.

The question goes to e-identity, where the person signs in and answers. Its answer is a token under e-identity's seal.
Meanwhile the clock stands; after the days the process allows without an answer the dossier stops (Decree
63/2024/NĐ-CP, Art. 4).
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from lienthong.agreements.consents import ASK, TOKEN
from lienthong.casework import dossiers, limits, rules
from lienthong.casework.desks import locked
from lienthong.casework.dossiers import Dossier
from lienthong.casework.facts import Facts
from lienthong.casework.states import MACHINE, Act
from lienthong.casework.telling import save_and_tell
from lienthong.catalogue.shapes import Consent, Service
from lienthong.exchange import envelopes, outbox
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Sent
from lienthong.kit import clock
from lienthong.kit.storage import Tx

EID = "G01-eid"
OTHER_PARENT = "$other_parent"
UNTOLD = timedelta(days=60)
DECLINED, BY_PAPER = "consent-declined", "consent-by-paper"

GoOn = Callable[..., None]


def ask(facts: Facts) -> bool:
    """Ask everybody who must agree and has not been asked; whether the dossier now waits for them."""
    node, dossier, service = facts.node, facts.dossier, facts.service
    wanted = [
        (consent, number)
        for consent in service.process.consents
        if consent.consent not in dossier.state.consents
        and rules.CONSENTS[consent.when](facts)
        and (number := number_of(consent, facts))
    ]
    if not wanted:
        return False
    at = clock.now()
    until = limits.counted(limits.competent(node, dossier).due, at, min(consent.days for consent, _ in wanted))
    asks = {
        "kind": "consent",
        "ids": [consent.consent for consent, _ in wanted],
        "says": [{"vi": consent.says.vi, "en": consent.says.en} for consent, _ in wanted],
        "until": limits.iso(until),
    }
    step = service.process.step(dossier.state.step)
    rule = "; ".join(sorted({consent.rule for consent, _ in wanted}))
    act = Act("ask_consent", at, MACHINE, "", dossier.identity.agency, step.step, rule, due=until, asks=asks)
    dossiers.add(service, dossier, act)
    for consent, number in wanted:
        body: dict[str, Any] = {
            "id": f"{dossier.identity.code}/{consent.consent}",
            "dossier": dossier.identity.code,
            "of": number,
            "says": {"vi": consent.says.vi, "en": consent.says.en},
            "about": dossier.identity.subject,
            "rule": consent.rule,
            "until": until or at + UNTOLD,  # the question stays open; the dossier's own term is counted later
        }
        outbox.send(node, facts.tx, EID, ASK, body, case=dossier.identity.case, purpose=service.slug, key=body["id"])
    return True


def number_of(consent: Consent, facts: Facts) -> str:
    """Whose consent it is: a declared number, or the parent who does not declare; "" when nobody's is known."""
    if consent.of != OTHER_PARENT:
        return str(facts.declared.get(consent.of) or "")
    parents = {facts.declared.get("mother_number"), facts.declared.get("father_number")}
    others = parents - {None, "", facts.declared.get("requester_number")}
    return str(next(iter(others))) if len(others) == 1 else ""


def answered(node: Node, tx: Tx, message: Message, go_on: GoOn) -> Outcome:
    """Handle `consent.answer`: somebody agreed, or declined and the dossier stops.

    Raises Refused when the token does not bear it out. A dossier that no longer waits is left alone.
    """
    body = message.body
    dossier, service = locked(node, tx, str(body.get("dossier")))
    name = str(body.get("id", "")).rpartition("/")[2]
    if dossier.state.waiting != "consent" or dossier.state.consents.get(name) != "asked":
        return Done()
    token = opened(node, str(body.get("token")), str(body.get("id")), dossier)
    if bool(token["given"]) != bool(body.get("given")):
        raise Refused("wrong-token", "the token says otherwise")
    if token["given"]:
        _agreed(node, tx, service, dossier, name, go_on, token=str(body["token"]))
    else:
        act = Act("stop", clock.now(), MACHINE, "", dossier.identity.agency, dossier.state.step, reason=DECLINED)
        dossiers.add(service, dossier, act)
    save_and_tell(node, tx, service, dossier)
    return Done()


def asked(node: Node, tx: Tx, sent: Sent, outcome: Outcome, go_on: GoOn) -> None:
    """E-identity cannot ask somebody who has no account: an officer takes the consent on paper."""
    if not isinstance(outcome, Refusal):
        return
    dossier, service = locked(node, tx, sent.body["dossier"])
    name = str(sent.body["id"]).rpartition("/")[2]
    if dossier.state.consents.get(name) == "asked" and dossier.state.waiting == "consent":
        _agreed(node, tx, service, dossier, name, go_on, by="paper")
        save_and_tell(node, tx, service, dossier)


def opened(node: Node, token: str, request: str, dossier: Dossier) -> dict[str, Any]:
    """What a token says, once it is certain that e-identity sealed it for this request. Raises Refused."""
    envelope = envelopes.decode(token.encode())
    message = envelopes.open_envelope(envelope, node.directory, recipient="", at=None, purpose="seal")
    fits = (message.header.sender, message.header.service, message.header.case) == (EID, TOKEN, dossier.identity.case)
    if not fits or message.body.get("id") != request:
        raise Refused("wrong-token", "the token belongs elsewhere")
    return message.body


def _agreed(
    node: Node, tx: Tx, service: Service, dossier: Dossier, name: str, go_on: GoOn, *, by: str = "given",
    token: str = "",
) -> None:  # fmt: skip
    at, last = clock.now(), list(dossier.state.consents.values()).count("asked") == 1
    deadline, paused = limits.resumed(node, service, dossier, at) if last else (None, {"paused_hours": 0.0})
    step = service.process.step(dossier.state.step)
    detail = {"consent": name, "by": by, "token": token, **paused}
    due = limits.step_due(node, step, at, unit=dossier.desk) if last else None
    reason = BY_PAPER if by == "paper" else ""
    act = Act(
        "consent", at, MACHINE, "", dossier.identity.agency, step.step, _rule(service, name), reason, due, deadline,
        detail=detail,
    )  # fmt: skip
    dossiers.add(service, dossier, act)
    if last:
        go_on(node, tx, service, dossier, dossiers.content(tx, dossier.identity.code))


def _rule(service: Service, name: str) -> str:
    return next((consent.rule for consent in service.process.consents if consent.consent == name), "")
