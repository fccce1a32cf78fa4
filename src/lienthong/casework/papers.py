"""A dossier's papers: which there are, the paper itself, and what other nodes may ask about one.

    available(node, dossier, acts)   names of the papers there are, each with the act it is about
    paper(node, tx, code, name)      the paper, made now where it was not made before
    fetch, verify                    answer `document.fetch` (the applicant's portal) and `document.verify` (anybody)

Results are the templates in the service's own folder; forms follow from acts (paper_forms).
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from lienthong.casework import dossiers, paper_facts, results
from lienthong.casework.dossiers import Dossier
from lienthong.casework.paper_facts import Case
from lienthong.casework.paper_forms import FORM, FORMS, SLIP, of_form
from lienthong.casework.states import PROCESSED, RETURNED, Act
from lienthong.catalogue.shapes import Words
from lienthong.documents import papers
from lienthong.documents.papers import REVOKED, SUPERSEDED, VALID, BeingMade, Paper, Wanted
from lienthong.documents.sealing import NoCertificate
from lienthong.exchange.envelopes import Envelope, Message
from lienthong.exchange.node import Answer, Node, Read
from lienthong.kit.storage import Tx

FETCH, VERIFY = "document.fetch", "document.verify"
_RESULTS = ("issue", "correct")


class Void(LookupError):
    """There was such a paper, and it was annulled."""


def available(node: Node, dossier: Dossier, acts: Sequence[Act]) -> dict[str, Act]:
    """The papers there are, by name, each with the act it is about: results first."""
    found: dict[str, Act] = {}
    if dossier.state.status in (PROCESSED, RETURNED):
        last = next((act for act in reversed(acts) if act.verb in _RESULTS), None)
        found |= {name: last for name in result_names(node, dossier.identity.service) if last}
    found |= {FORMS[act.verb]: act for act in acts if act.verb in FORMS}
    return found | {SLIP: acts[-1]} if "form-01" in found else found


def result_names(node: Node, service: str) -> list[str]:
    """The papers that a service's result comes as."""
    return list(node.catalogue.papers.own.get(service, {}))


def paper(node: Node, tx: Tx, code: str, name: str, *, stamped: bool = False) -> Paper:
    """A dossier's paper. `stamped`: rather none than one without time-stamp.

    Raises LookupError when there is none, Void when it was annulled, sealing.NoCertificate,
    papers.BeingMade, stamping.NoStamp.
    """
    return papers.issue(node, tx, wanted(node, tx, code, name), stamped=stamped)


def wanted(node: Node, tx: Tx, code: str, name: str) -> Wanted:
    """What a dossier's paper says, gathered from its acts, content and result. Raises LookupError, Void."""
    dossier = dossiers.load(tx, code)
    if dossier is None:
        raise LookupError(code)
    acts = dossiers.acts(tx, code)
    act = available(node, dossier, acts).get(name)
    if act is None:
        raise Void(name) if papers.latest(tx, code, name) else LookupError(name)
    case = _case(node, tx, dossier, acts, act)
    facts = of_form(case, name) if name.startswith(FORM) else paper_facts.of_result(case)
    template = node.catalogue.papers.find(dossier.identity.service, name)
    assert template is not None, "available() names only what has a template"
    holder, issuer = dossier.identity.subject or facts["applicant"]["name"], facts["issuer"]
    return Wanted(code, template, facts, issuer["name"], issuer["place"], holder)


def _case(node: Node, tx: Tx, dossier: Dossier, acts: list[Act], act: Act) -> Case:
    identity = dossier.identity
    sealed = dossiers.kept_results(tx, identity.code).get(results.OWN)
    own: Mapping[str, Any] = msgspec.json.decode(msgspec.json.decode(sealed, type=Envelope).body) if sealed else {}
    content = dossiers.content(tx, identity.code)
    return Case(node, node.catalogue.shown(identity.service, identity.revision), dossier, content, acts, act, own)


# what other nodes ask


def fetch(node: Node, tx: Tx, message: Message) -> Answer:
    """Answer `document.fetch`: body {"dossier", "name"}; found false where there is no such paper in this case."""
    header, body = message.header, message.body
    code, name = str(body.get("dossier")), str(body.get("name"))
    dossier = dossiers.load(tx, code)
    identity = dossier.identity if dossier else None
    asked_for = (header.case, header.purpose, header.sender)
    if identity is None or name == SLIP or (identity.case, identity.service, identity.parent_node) != asked_for:
        return Answer({"found": False})
    try:
        made = paper(node, tx, code, name)
    except NoCertificate:
        return Answer({"found": False, "why": "no-certificate"})
    except BeingMade:
        return Answer({"found": False, "why": "being-made"})
    except LookupError:
        return Answer({"found": False})
    told = {"found": True, "pdf": base64.b64encode(made.pdf).decode(), **_about(node, made, identity.service)}
    return Answer(told, (Read(identity.applicant, "document", (name,)),))


def verify(node: Node, tx: Tx, message: Message) -> Answer:
    """Answer `document.verify`: body {"code"}. Tells whether the paper is valid, its kind, agency, day and digest, and
    the holder's name masked; of an unknown code, nothing."""
    made = papers.by_code(tx, str(message.body.get("code")))
    dossier = dossiers.load(tx, made.dossier if made else "")
    if made is None or dossier is None:
        return Answer({"found": False})
    return Answer({"found": True, **_about(node, made, dossier.identity.service), **_standing(node, tx, made, dossier)})


def _about(node: Node, made: Paper, service: str) -> dict[str, Any]:
    """What anybody who holds the paper reads on it, and its digest."""
    template = node.catalogue.papers.find(service, made.name)
    title = template.title if template else Words(made.name, made.name)
    return {
        "code": made.code,
        "name": made.name,
        "version": made.version,
        "title": {"vi": title.vi, "en": title.en},
        "issuer": made.issuer,
        "holder": made.holder,
        "made_at": made.made_at,
        "sha256": made.sha256,
        "level": made.level,
    }


def _standing(node: Node, tx: Tx, made: Paper, dossier: Dossier) -> dict[str, Any]:
    """Whether a paper holds today, by what was kept and by what has happened to its dossier since."""
    if made.state != VALID:
        return {"state": made.state, "ended_at": made.ended_at}
    acts = dossiers.acts(tx, made.dossier)
    about = available(node, dossier, acts).get(made.name)
    if about is None:
        return {"state": REVOKED, "ended_at": dossier.state.since}
    if about.at > made.made_at:
        return {"state": SUPERSEDED, "ended_at": about.at}
    return {"state": VALID, "ended_at": None}
