"""What is prepared for a person before they ask: a child that a hospital has notified and nobody has declared.

Read from the same registers as the form, under the same rights and for the same purpose, for the person signed in and
nobody else. A source that is silent makes no offer. Who does not want offers says so once, and nothing is read
(Decree 224/2026/NĐ-CP: proactive services, of which anybody may opt out).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.urls import reverse
from django.utils.translation import gettext as _

from lienthong.casework import prefill
from lienthong.casework.states import FINAL
from lienthong.catalogue.shapes import Form, Service
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx
from lienthong.kit.web.templatetags.vietnam import day
from lienthong.portal.request import language, offered

FRESH = 600  # seconds for which an answer is believed
AGAIN = 60  # seconds after which a silent source is asked again
_KEPT = "offers"
_UNDER_WAY = "SELECT about FROM dossier WHERE about = ANY(%s) AND NOT status = ANY(%s)"
_CHOOSE = """
INSERT INTO offer_choice (account, wanted, at) VALUES (%s, %s, %s)
ON CONFLICT (account) DO UPDATE SET wanted = EXCLUDED.wanted, at = EXCLUDED.at
"""


@dataclass(frozen=True)
class Offer:
    text: str
    service: str
    url: str


def are_wanted(tx: Tx, account: Account) -> bool:
    """Whether this person has not opted out."""
    return tx.value("SELECT wanted FROM offer_choice WHERE account = %s", (account.number,)) is not False


def choose(tx: Tx, account: Account, *, wanted: bool) -> None:
    tx.run(_CHOOSE, (account.number, wanted, clock.now()))


def of(node: Node, account: Account, session: Any) -> list[Offer]:
    """What can be offered now. What registers said is kept in the session for a few minutes."""
    at = clock.now().timestamp()
    kept = session.get(_KEPT)
    if not kept or kept["who"] != account.number or kept["until"] <= at:
        rows, is_whole = _read(node, account)
        kept = {"who": account.number, "until": at + (FRESH if is_whole else AGAIN), "rows": rows}
        session[_KEPT] = kept
    return _told(node, kept["rows"])


def forget(session: Any) -> None:
    """What registers said is not kept any longer: the person has opted out, or has just declared."""
    session.pop(_KEPT, None)


def _read(node: Node, account: Account) -> tuple[list[dict[str, str]], bool]:
    """What could be declared, by service, and whether everybody answered."""
    rows, is_whole = [], True
    for service in offered(node):
        if not (service.card.life_event and service.form.choose):
            continue
        form, case = _part(service.form), f"offer/{new_id()}"
        answers = prefill.ask_registers(node, form, account, purpose=service.slug, case=case, typed={})
        try:
            found = prefill.read_answers(node, form, account, answers, {})
        except Refused:
            continue
        is_whole = is_whole and not prefill.silent_nodes(node, form, found)
        rows += [{**row, "service": service.slug} for row in _free(service, found.rows, found.sources)]
    return rows, is_whole


def _part(form: Form) -> Form:
    """The form's look-ups behind its choice, and no field: nothing else is read for an offer."""
    assert form.choose is not None
    wanted = {form.choose.of, form.choose.excluding}
    for name in reversed(form.look_ups):
        if name in wanted:
            look_up = form.look_ups[name]
            wanted |= {look_up.value.partition(".")[0], *look_up.among}
    looked_up = {
        name: look_up
        for name, look_up in form.look_ups.items()
        if name in wanted and not look_up.value.startswith("declared.")
    }
    kept = {
        name: msgspec.structs.replace(look_up, either=[one for one in look_up.either if one in looked_up])
        for name, look_up in looked_up.items()
    }
    return msgspec.structs.replace(form, look_ups=kept, sections=[])


def _free(service: Service, rows: Mapping[str, Any], sources: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows nothing was registered from. Unless both sides answered, nothing is offered."""
    choose = service.form.choose
    assert choose is not None
    if choose.of not in sources or choose.excluding not in sources:
        return []
    used = {row.get(choose.excluding_key) for row in rows.get(choose.excluding) or []}
    free = [row for row in rows.get(choose.of) or [] if row[choose.key] not in used]
    return [{"key": row[choose.key], "born_at": row.get("born_at", "")} for row in free]


def _told(node: Node, rows: list[dict[str, str]]) -> list[Offer]:
    """The offers in words, without those that a dossier is already about."""
    if not rows:
        return []
    with node.database.transaction() as tx:
        busy = {row.about for row in tx.all(_UNDER_WAY, ([row["key"] for row in rows], list(FINAL)))}
    return [_offer(node, row) for row in rows if row["key"] not in busy]


def _offer(node: Node, row: Mapping[str, str]) -> Offer:
    service = node.catalogue.services[row["service"]]
    born = datetime.fromisoformat(row["born_at"]) if row["born_at"] else None
    text = (
        _("Con bạn sinh ngày %(day)s đã sẵn sàng để khai sinh") % {"day": day(born)}
        if born
        else _("Có việc đã chuẩn bị sẵn cho bạn")
    )
    return Offer(text, service.card.short.in_language(language()), reverse("start", args=service.slug.split("/")))
