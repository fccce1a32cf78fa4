"""The portal's ways out, as its settings say: mail, SMS, and the threads of its worker that use them."""

from collections.abc import Callable
from functools import partial
from threading import Event, Thread

from lienthong.casework import handoff
from lienthong.config.environment import value
from lienthong.config.trouble import Trouble
from lienthong.exchange.node import Node
from lienthong.gateways import ministries
from lienthong.portal import sending
from lienthong.portal.channels import Gateway, Mail, Sms, Smtp

DEMO_SENDER = "Cong Dich vu cong <khong-tra-loi@portal.localhost>"


def threads(node: Node, stop: Event) -> list[Thread]:
    """The parts of a portal's worker that send messages; none at other nodes. Trouble when a setting is wrong."""
    if "portal" not in node.catalogue.card.faces:
        return []
    mail, sms = _outlets(node)
    channels = frozenset(name for name, outlet in (("email", mail), ("sms", sms)) if outlet)
    parts: dict[str, Callable[[], None]] = {
        "messages": partial(sending.run_spreading, node, stop, channels),
        "watch": partial(sending.run_watch, node, stop),
    }
    if sms:
        parts["sms"] = partial(sending.run_sms, node, stop, sms, value("LIENTHONG_SECRET"))
    if mail:
        parts["mail"] = partial(sending.run_mail, node, stop, mail)
    return [Thread(target=work, name=name, daemon=True) for name, work in parts.items()]


def _outlets(node: Node) -> tuple[Mail | None, Sms | None]:
    """What the settings name; in a demo country its own post office for what they do not."""
    server, sender, gateway = (value(f"LIENTHONG_{name}") for name in ("SMTP", "MAIL_FROM", "SMS"))
    try:
        mail: Mail | None = Smtp.at(server, sender) if server else None
        sms: Sms | None = Gateway.at(gateway) if gateway else None
    except ValueError as wrong:
        remedy = "see LIENTHONG_SMTP, LIENTHONG_MAIL_FROM and LIENTHONG_SMS in ARCHITECTURE.md"
        raise Trouble(str(wrong), remedy) from wrong
    if node.directory.demo and not (mail and sms):
        from lienthong.demo.post_office import PostOffice

        office = PostOffice(node.database)
        mail, sms = mail or Smtp.at(office.open(), DEMO_SENDER), sms or office
    return mail, sms


def handing_over(node: Node, stop: Event) -> list[Thread]:
    """Who hands steps over to ministries' systems, where a service of this node says so; in a demo country to its own
    ministry. Trouble when the setting is wrong."""
    cards = [service.card for service in node.catalogue.services.values()]
    if not any(card.handoff and card.handled_by == node.name for card in cards):
        return []
    try:
        addresses = ministries.addresses(value("LIENTHONG_HANDOFF"))
    except ValueError as wrong:
        raise Trouble(str(wrong), "see LIENTHONG_HANDOFF in ARCHITECTURE.md") from wrong
    if node.directory.demo and not addresses:
        from lienthong.demo.ministry import SYSTEM, Ministry

        site = Ministry().open()
        addresses = {SYSTEM: f"{site}/api/ho-so"}
        with node.database.transaction() as tx:
            handoff.at_places(tx, {SYSTEM: f"{site}/"})
    work = partial(ministries.run, node, stop, addresses, value("LIENTHONG_SECRET"))
    return [Thread(target=work, name="ministries", daemon=True)]
