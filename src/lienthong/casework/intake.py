"""A dossier opened at the agency itself: somebody stands at the counter, or an envelope has come by post."""

from collections.abc import Mapping
from datetime import datetime

from lienthong.casework import codes, journey, synchronising
from lienthong.casework.dossiers import Content, Dossier, Identity
from lienthong.casework.states import NotPossible
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx

RECEPTION = "reception_officer"


class Invalid(ValueError):
    """What was declared does not hold; `errors` by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(f"{field}: {error}" for field, error in sorted(errors.items())))
        self.errors = dict(errors)


def open_here(
    node: Node,
    tx: Tx,
    officer: Officer,
    service: Service,
    content: Content,
    *,
    applicant: str,
    channel: str,
    unit: str | None,
    point: str = "",
    subject: str = "",
    came_at: datetime | None = None,
    complete: bool = True,
) -> Dossier:
    """Acknowledge it under a code of ours. `unit` is the competent one, `point` the reception point that takes it in;
    `came_at` is when the person came, where that was earlier. One not `complete` is only opened, for form 02 or 03.

    Raises Invalid; NotPossible for a channel or a place that the service does not know; PermissionError;
    psycopg.errors.UniqueViolation when another open dossier is about the same.
    """
    point = point or unit or ""
    if not (officer.holds(RECEPTION, point) if point else RECEPTION in officer.roles):
        raise PermissionError(f"{RECEPTION} of {point or node.name} takes dossiers in")
    if channel not in service.card.channels:
        raise NotPossible(f"{service.slug} is not taken in by {channel}")
    if point != (unit or "") and not service.card.placeless:
        raise NotPossible(f"{service.slug} is taken in where it is decided")
    errors = forms.check(service.form, service.terms, content.declared, clock.today())
    if complete and errors:
        raise Invalid(errors)
    at = came_at or clock.now()
    agency = codes.agency_for(node, unit)
    identity = Identity(
        code=codes.agency_code(tx, agency, clock.now()),
        service=service.slug,
        revision=service.revision,
        agency=agency,
        applicant=applicant,
        received_at=at,
        unit=unit,
        subject=subject,
        about=content.declared.get(service.card.about) or None,
        channel=channel,
        filed_by=officer.number,
        intake=point if point != (unit or "") else "",
    )
    dossier = journey.open_dossier(node, tx, service, identity, content, complete=complete)
    synchronising.wanted(node, tx, dossier)
    return dossier
