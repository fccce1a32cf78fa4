"""Following every reference of the catalogue: what is named must exist."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from lienthong.catalogue.holdings import ANY, NodeCard, Register, Right
from lienthong.catalogue.shapes import Branch, Field, Form, LookUp, Service, Step, Term

# (where it is named, what kind of thing, its name, what there is of that kind)
Reference = tuple[str, str, str, Collection[str]]

# Names that a process table may use beside declared fields and earlier results; casework's values give them.
KNOWN = frozenset({"$unit", "$code", "$today", "$sixth_birthday", "$grounds"})
_ABOUT_DOSSIERS = ("dossier", "document", "attachment", "consent", "feedback", "rating")
APPLICANT = frozenset({"number", "full_name", "birth_date", "gender"})


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
    if register.subject:
        yield from ((place, "field", name, register.fields) for name in (register.subject, *register.also))
    if follow := register.follows:
        yield place, "register", follow.register, registers
        theirs = registers[follow.register].fields if follow.register in registers else {}
        yield from ((place, "field", name, register.fields) for name in (follow.by, *follow.takes))
        yield from ((place, "field", name, theirs) for name in follow.takes.values())
        yield place, "buckets", register.buckets, [follow.by]
        followed = registers.get(follow.register)
        if followed and followed.key in followed.fields:
            yield f"registers/{follow.register}.yaml", "buckets", followed.buckets, [followed.key]
        if follow.ends:
            yield place, "field", follow.ends.by, theirs
            yield from ((place, "field", name, register.fields) for name in follow.ends.sets)
    if completion := register.completed_by:
        yield place, "register", completion.register, registers
        theirs = registers[completion.register].fields if completion.register in registers else {}
        yield from ((place, "field", name, register.fields) for name in (*completion.takes.values(), *completion.gives))
        yield from ((place, "field", name, theirs) for name in (*completion.takes, *completion.gives.values()))


def _of_service(
    service: Service,
    nodes: Mapping[str, NodeCard],
    terms: Mapping[str, Term],
    registers: Mapping[str, Register],
    services: Mapping[str, Service],
) -> Iterator[Reference]:
    yield service.slug, "node", service.card.handled_by, nodes
    yield from ((f"{service.slug}/service.yaml", "service", slug, services) for slug in service.card.takes.values())
    limit = service.card.limit  # one of the two says how long it may take; on the spot is the same day
    given = _given(limit.working_days or limit.hours or service.card.on_the_spot)
    yield f"{service.slug}/service.yaml", "limit", "working_days or hours", given
    named = (service.card.about, service.card.unit, service.card.subject)
    yield from ((f"{service.slug}/service.yaml", "field", name, service.form.fields) for name in named if name)
    yield from _of_form(f"{service.slug}/form.yaml", service.form, terms, registers)
    steps = [step.step for step in service.process.steps]
    for step in service.process.steps:
        place = f"{service.slug}/process.yaml"
        if step.refused_to:
            yield place, "step", step.refused_to, steps
        if step.register:
            yield place, "register", step.register, registers
            columns = registers[step.register].fields if step.register in registers else {}
            yield from ((place, "field", column, columns) for column in step.fields)
            yield from _of_values(place, step, service, services, registers)
    for branch in service.branches:
        yield from _of_branch(f"{service.slug}/branches.yaml", branch, service, services)


def _given(number: float) -> Collection[str]:
    return {"working_days or hours"} if number else ()


def _of_form(
    place: str, form: Form, terms: Mapping[str, Term], registers: Mapping[str, Register]
) -> Iterator[Reference]:
    for look_up in form.look_ups.values():
        yield from _of_look_up(place, look_up, form, registers)
    earlier: list[str] = []
    for name, field in form.fields.items():
        yield f"{place} {name}", "term", field.term, terms
        for path in (field.source, field.alive, *field.differ, *field.hints.values()):
            if path:
                yield from _of_path(f"{place} {name}", path, form, registers)
        yield from _of_conditions(f"{place} {name}", name, field, tuple(earlier), form, terms)
        earlier.append(name)
    for section in form.sections:
        for note in section.notes:
            named = [condition_on(note.when), note.date]
            yield from ((f"{place} {section.id}", "field", name, form.fields) for name in named if name)
    if choose := form.choose:
        yield place, "field", choose.by, form.fields
        yield from _of_path(place, f"{choose.of}.{choose.key}", form, registers)
        if choose.excluding:
            yield from _of_path(place, f"{choose.excluding}.{choose.excluding_key}", form, registers)


def condition_on(when: str) -> str:
    """The field that a comparison is about; empty for none."""
    return when.partition("=")[0].removesuffix("!")


def _of_conditions(
    place: str, name: str, field: Field, earlier: Collection[str], form: Form, terms: Mapping[str, Term]
) -> Iterator[Reference]:
    """A field hangs on one that stands before it, and on a value that one can have."""
    on, value = condition_on(field.when), field.when.partition("=")[2]
    if field.most:
        yield place, "earlier field", field.most, earlier
    if on:
        yield place, "earlier field", on, earlier
        codes = terms[form.fields[on].term].codes if on in form.fields and form.fields[on].term in terms else {}
        if value and codes:
            yield f"{place} when {on}", "code", value, codes
    own = terms[field.term].codes if field.term in terms else {}
    meanings = {*field.derived.values(), *field.hints} if own else set()
    for suggested in field.suggest:
        if suggested.by:
            yield place, "field", suggested.by, form.fields
        meanings |= {*suggested.values.values(), *([suggested.otherwise] if suggested.otherwise else [])}
    yield from ((f"{place} {name}", "code", meaning, own) for meaning in sorted(meanings))


def _of_path(place: str, path: str, form: Form, registers: Mapping[str, Register]) -> Iterator[Reference]:
    """`look-up.column`: the look-up, and the column of the register it reads."""
    name, _, column = path.partition(".")
    yield place, "look-up", name, form.look_ups
    if name in form.look_ups:
        yield f"{place}: {name}", "field", column, _columns(form.look_ups[name], form, registers)


def _columns(look_up: LookUp, form: Form, registers: Mapping[str, Register]) -> Collection[str]:
    while look_up.among and look_up.among[0] in form.look_ups:
        look_up = form.look_ups[look_up.among[0]]
    return registers[look_up.register].fields if look_up.register in registers else {}


def _of_look_up(place: str, look_up: LookUp, form: Form, registers: Mapping[str, Register]) -> Iterator[Reference]:
    yield from ((place, "look-up", other, form.look_ups) for other in look_up.among)
    if look_up.pick:
        yield from _of_value(place, look_up.pick, form, registers)
    if look_up.register:
        yield place, "register", look_up.register, registers
        declared = registers.get(look_up.register)
        yield place, "look-up of it", look_up.by, declared.lookups if declared else {}
        yield from ((place, "field", column, declared.fields if declared else {}) for column in look_up.match)
        yield from ((place, "field", field, form.fields) for field in look_up.match.values())
        yield from _of_value(place, look_up.value, form, registers)


def _of_value(place: str, value: str, form: Form, registers: Mapping[str, Register]) -> Iterator[Reference]:
    """What a look-up goes by: the applicant, something declared, a column of an earlier look-up."""
    match value.partition("."):
        case "applicant", _, claim:
            yield place, "claim of the applicant", claim, APPLICANT
        case "declared", _, name:
            yield place, "field", name, form.fields
        case _:
            yield from _of_path(place, value, form, registers)


def _of_values(
    place: str, step: Step, service: Service, services: Mapping[str, Service], registers: Mapping[str, Register]
) -> Iterator[Reference]:
    """What goes into a record: declared fields, known names, fields of the results that came before."""
    for value in step.fields.values():
        branch, _, field = value.partition(".")
        if value.startswith("$"):
            yield place, "value", value, KNOWN
        elif field:
            yield place, f"field in a result {branch!r}", field, _results(branch, service, services, registers)
        elif not value.startswith("="):
            names = value.split("|")
            yield from ((place, "field", name.removesuffix("_of_choice"), service.form.fields) for name in names)


def _results(
    name: str, service: Service, services: Mapping[str, Service], registers: Mapping[str, Register]
) -> Collection[str]:
    """Fields of the records that branches of this name make, wherever this service is a branch beside them."""
    beside = [s.branches for s in services.values() if service.slug in {branch.service for branch in s.branches}]
    makers = [b.service for branches in beside for b in branches if b.branch == name and b.service in services]
    made = [step.register for maker in makers for step in services[maker].process.steps if step.register in registers]
    return {column for register in made for column in registers[register].fields}


def _of_branch(place: str, branch: Branch, service: Service, services: Mapping[str, Service]) -> Iterator[Reference]:
    yield place, "service", branch.service, services
    if branch.after:
        yield place, "branch", branch.after, {other.branch for other in service.branches} - {branch.branch}
    yield from ((place, "field", n, service.form.fields) for n in (branch.unit, condition_on(branch.when)) if n)
    asked = services[branch.service].form.fields if branch.service in services else {}
    yield from ((f"{place}: {branch.service} asks", "field", name, service.form.fields) for name in asked)


def _of_right(right: Right, nodes: Mapping[str, NodeCard], registers: Mapping[str, Register]) -> Iterator[Reference]:
    place = f"rights of {right.grantor}"
    if right.grantee != "*":
        yield place, "node", right.grantee, nodes
    if right.grantor != "*":
        yield place, "node", right.grantor, nodes
    if right.purpose == ANY and right.service.partition(".")[0] not in _ABOUT_DOSSIERS:
        yield place, "purpose", f"{ANY} for {right.service}", ()
    if right.register:
        yield place, "register", right.register, registers
        columns = registers[right.register].fields if right.register in registers else {}
        yield from ((f"{place}: {right.register}", "field", name, columns) for name in right.fields)
