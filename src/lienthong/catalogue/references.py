"""Following every reference of the catalogue: what is named must exist."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from lienthong.catalogue.shapes import LookUp, NodeCard, Register, Right, Service, Term

# (where it is named, what kind of thing, its name, what there is of that kind)
Reference = tuple[str, str, str, Collection[str]]


def dangling(
    nodes: Mapping[str, NodeCard],
    terms: Mapping[str, Term],
    registers: Mapping[str, Register],
    services: Mapping[str, Service],
    rights: Iterable[Right],
) -> str | None:
    """The first reference that leads nowhere, in words; None when all hold."""
    every = [
        *(ref for register in registers.values() for ref in _of_register(register, nodes, terms, registers)),
        *(ref for service in services.values() for ref in _of_service(service, nodes, terms, registers, services)),
        *(ref for right in rights for ref in _of_right(right, nodes, registers)),
    ]
    return next((f"{place}: no such {kind}: {name!r}" for place, kind, name, names in every if name not in names), None)


def _of_register(
    register: Register, nodes: Mapping[str, NodeCard], terms: Mapping[str, Term], registers: Mapping[str, Register]
) -> Iterator[Reference]:
    place = f"registers/{register.register}.yaml"
    yield place, "node", register.owner, nodes
    yield place, "field", register.key, register.fields
    yield from ((place, "term", column.term, terms) for column in register.fields.values())
    yield from ((place, "field", name, register.fields) for names in register.lookups.values() for name in names)
    if register.completed_by:
        yield place, "register", register.completed_by.register, registers


def _of_service(
    service: Service,
    nodes: Mapping[str, NodeCard],
    terms: Mapping[str, Term],
    registers: Mapping[str, Register],
    services: Mapping[str, Service],
) -> Iterator[Reference]:
    yield service.slug, "node", service.card.handled_by, nodes
    place, form = f"{service.slug}/form.yaml", service.form
    for name, field in form.fields.items():
        yield f"{place} {name}", "term", field.term, terms
        if field.source:
            yield f"{place} {name}", "look-up", field.source.split(".")[0], form.look_ups
    for look_up in form.look_ups.values():
        yield from _of_look_up(place, look_up, form.look_ups, registers)
    for step in service.process.steps:
        if step.register:
            yield f"{service.slug}/process.yaml", "register", step.register, registers
            if step.register in registers:
                columns = registers[step.register].fields
                yield from ((f"{service.slug}/process.yaml", "field", column, columns) for column in step.fields)
    for branch in service.branches:
        place = f"{service.slug}/branches.yaml"
        yield place, "service", branch.service, services
        if branch.service in services:
            asked = services[branch.service].form.fields
            yield from ((f"{place}: {branch.service} asks", "field", name, form.fields) for name in asked)


def _of_look_up(
    place: str, look_up: LookUp, look_ups: Mapping[str, LookUp], registers: Mapping[str, Register]
) -> Iterator[Reference]:
    yield from ((place, "look-up", other, look_ups) for other in look_up.either)
    if look_up.register:
        yield place, "register", look_up.register, registers
        if look_up.register in registers:
            yield place, "look-up of it", look_up.by, registers[look_up.register].lookups


def _of_right(right: Right, nodes: Mapping[str, NodeCard], registers: Mapping[str, Register]) -> Iterator[Reference]:
    yield "rights.yaml", "node", right.grantee, nodes
    if right.grantor != "*":
        yield "rights.yaml", "node", right.grantor, nodes
    if right.register:
        yield "rights.yaml", "register", right.register, registers
        columns = registers[right.register].fields if right.register in registers else {}
        yield from ((f"rights.yaml: {right.register}", "field", name, columns) for name in right.fields)
