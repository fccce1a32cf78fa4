"""Opening a dossier: everything this node holds of it, then what registers say, asked with no transaction open."""

from dataclasses import replace

from lienthong.casework import dossiers, notes
from lienthong.desk import attachments, evidence, performing, phrases, queries
from lienthong.desk.comparison import Evidence
from lienthong.desk.inside_deeds import colleagues
from lienthong.exchange.node import Node
from lienthong.identity import officers
from lienthong.identity.types import Officer
from lienthong.kit import clock


def held(node: Node, officer: Officer, code: str) -> Evidence | None:
    """A dossier of this officer's as this node holds it; None where it is not theirs to know."""
    with node.database.transaction() as tx:
        found = performing.seen(node, tx, code, officer)
        if found is None:
            return None
        content, history = dossiers.content(tx, code), dossiers.acts(tx, code)
        service = node.catalogue.shown(found.identity.service, found.identity.revision)
        return Evidence(
            node,
            found,
            service,
            content,
            history=history,
            files=attachments.listed(node, tx, service, found, content),
            tasks=[row.kind for row in queries.open_tasks(tx, found.identity.case)],
            notes=notes.of_dossier(tx, code),
            colleagues=colleagues(tx, officer, found),
            phrases=phrases.of_unit(tx, found.desk),
            posts=officers.posts(tx, clock.today()) if found.state.waiting == "open" else [],
        )


def beside(held: Evidence, officer: Officer) -> Evidence:
    """The dossier beside the registers, as they answered at filing and as they answer now."""
    filed = evidence.at_filing(held.node, held.dossier, held.service, held.content)
    present = evidence.now(held.node, held.dossier, held.service, held.content, officer)
    return replace(held, filed=filed, present=present, asked_at=clock.now())
