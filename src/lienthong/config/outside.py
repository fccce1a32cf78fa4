"""What a node's web process has to do with systems outside: the gateway's door, registers and services asked there."""

from pathlib import Path
from threading import Event, Thread

from lienthong.config.environment import value
from lienthong.config.trouble import Trouble
from lienthong.exchange.node import Node
from lienthong.gateways import door, synchronising_out, tables
from lienthong.gateways.calls import Gate
from lienthong.gateways.door import Application
from lienthong.gateways.registered import Registered
from lienthong.gateways.upstream import Upstream
from lienthong.gateways.xroad_asking import Consumer

POPULATION, XROAD, PORTAL = "LIENTHONG_POPULATION", "LIENTHONG_XROAD", "LIENTHONG_NATIONAL_PORTAL"


def connect(node: Node, catalogue: Path) -> None:
    """Hang up what the settings name. Trouble when one is wrong."""
    try:
        if address := value(POPULATION):
            node.sources = {**node.sources, "persons": Upstream(tables.load(catalogue).population, address).find}
        if address := value(XROAD):
            node.outside = Consumer(tables.load(catalogue).xroad, address)
    except ValueError as wrong:
        raise Trouble(f"an address outside is wrong: {wrong}", f"see the settings {POPULATION} and {XROAD}") from wrong


def threads(node: Node, stop: Event) -> list[Thread]:
    """The part of a gateway's worker that tells a national portal outside; none where no setting names one. Trouble
    when it is wrong."""
    address = value(PORTAL)
    if not address or "gateway" not in node.catalogue.card.faces:
        return []
    try:
        portal = synchronising_out.Portal(address)
    except ValueError as wrong:
        raise Trouble(f"an address outside is wrong: {wrong}", f"see the setting {PORTAL}") from wrong
    return [Thread(target=synchronising_out.run, args=(node, stop, portal), name="national portal", daemon=True)]


def gateway(node: Node, catalogue: Path, pages: Application) -> Application:
    """The pages, with the outside languages before them at a node that shows the face `gateway`."""
    if "gateway" not in node.catalogue.card.faces:
        return pages
    secrets = value("LIENTHONG_OUTSIDE")
    systems = Registered.load(Path(secrets)) if secrets else Registered({})
    return door.door(Gate(node, systems), tables.load(catalogue), pages)
