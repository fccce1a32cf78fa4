"""What the catalogue promises, the code keeps: services, rights, rules, roles and words fit together."""

import re

import pytest
from tests.architecture.tree import HOME, SOURCE

from lienthong.agreements.consents import ANSWER, ASK
from lienthong.casework import journey, parents, telling
from lienthong.casework.consents import EID
from lienthong.casework.rules import CONSENTS, RULES, source_hashes
from lienthong.casework.words import ROLES, STATES
from lienthong.catalogue import check
from lienthong.catalogue.catalogue import Catalogue, load, read_nodes, read_registers, read_services
from lienthong.catalogue.holdings import Right
from lienthong.catalogue.messages import MESSAGES
from lienthong.catalogue.shapes import LookUp, Service
from lienthong.config import wiring
from lienthong.journal import feeds
from lienthong.kit import clock
from lienthong.registers import changing, feeding, numbers, reading, reconcile_wire, reconciled, recording

FOLDER = HOME / "catalogue"
SERVICES = read_services(FOLDER, source_hashes())
REGISTERS = {register.register: register for register in read_registers(FOLDER)}
NODES: dict[str, Catalogue] = {name: load(FOLDER, name, source_hashes()) for name in read_nodes(FOLDER)}
RIGHTS: list[Right] = list({id(r): r for catalogue in NODES.values() for r in catalogue.rights}.values())


def test_every_service_that_a_right_names_is_answered_and_every_one_answered_needs_a_right() -> None:
    assert {right.service for right in RIGHTS} == set(wiring.HANDLERS) | set(wiring.ANSWERERS)
    assert not set(wiring.HANDLERS) & set(wiring.ANSWERERS)
    assert set(wiring.SETTLERS) <= set(wiring.HANDLERS)


OPENING = (
    reading.SERVICE, recording.SERVICE, changing.SERVICE, feeding.READ, feeding.SNAPSHOT, reconcile_wire.SERVICE,
    reconciled.DIFFERING,
)  # fmt: skip


def test_every_right_names_its_legal_basis_and_a_register_where_it_opens_one() -> None:
    for right in RIGHTS:
        assert right.legal_basis.strip()
        assert bool(right.register) == (right.service in OPENING) or right.purpose == feeds.PUBLICATIONS
        assert bool(right.fields) == bool(right.register) or right.service == changing.SERVICE
        if right.register:
            assert right.grantor == REGISTERS[right.register].owner


def granted(grantor: str, grantee: str, service: str, purpose: str, register: str = "") -> set[str] | None:
    """The fields that rights open, or None where there is no right at all."""
    key = (grantor, grantee, service, purpose, register)
    found = [r for r in RIGHTS if (r.grantor, r.grantee, r.service, r.purpose, r.register) == key]
    return {field for right in found for field in right.fields} if found else None


def needed(service: Service, name: str) -> set[str]:
    """The columns of a look-up that a form uses."""
    form = service.form
    names = {name} | {other for other, look_up in form.look_ups.items() if name in look_up.either}
    paths = [path for field in form.fields.values() for path in (field.source, field.alive) if path]
    paths += [look_up.value for look_up in form.look_ups.values()]
    if form.choose:
        paths += [f"{form.choose.of}.{form.choose.key}", f"{form.choose.excluding}.{form.choose.excluding_key}"]
    return {column for path in paths for of, _, column in [path.partition(".")] if of in names}


LOOK_UPS = [
    (service, name, look_up)
    for service in SERVICES.values()
    for name, look_up in service.form.look_ups.items()
    if look_up.register and REGISTERS[look_up.register].owner != service.card.handled_by
]


@pytest.mark.parametrize(("service", "name", "look_up"), LOOK_UPS, ids=[f"{s.slug}:{n}" for s, n, _ in LOOK_UPS])
def test_a_form_reads_only_what_a_right_opens_to_its_node(service: Service, name: str, look_up: LookUp) -> None:
    owner = REGISTERS[look_up.register].owner
    fields = granted(owner, service.card.handled_by, reading.SERVICE, service.slug, look_up.register)
    assert fields is not None
    assert needed(service, name) <= fields


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_a_process_writes_only_what_a_right_opens_to_its_node(service: Service) -> None:
    for step in service.process.steps:
        if step.register:
            register = REGISTERS[step.register]
            if register.owner != service.card.handled_by:
                fields = granted(
                    register.owner, service.card.handled_by, recording.SERVICE, service.slug, step.register
                )
                assert fields is not None
                assert set(step.fields) <= fields
            missing = {
                name
                for name, column in register.fields.items()
                if not (column.optional or name in step.fields or name in ("registered_on", "state"))
            }
            assert missing <= ({register.key} if register.rule else set())


def test_a_register_that_another_completes_may_ask_it_to() -> None:
    for register in REGISTERS.values():
        if completion := register.completed_by:
            owner = REGISTERS[completion.register].owner
            fields = granted(owner, register.owner, recording.SERVICE, register.register, completion.register)
            assert fields is not None
            assert set(completion.takes) <= fields
            of, to, name = owner, register.owner, completion.register
            assert granted(of, to, changing.SERVICE, register.register, name) == set(completion.takes)
            assert NODES[of].may_withdraw(to, changing.SERVICE, register.register, name, clock.today())


def test_every_branch_may_be_filed_and_may_tell_its_progress() -> None:
    for service in SERVICES.values():
        for branch in service.branches:
            handler = SERVICES[branch.service].card.handled_by
            assert granted(handler, service.card.handled_by, journey.FILE, branch.service) is not None
            assert granted(service.card.handled_by, handler, telling.PROGRESS, branch.service) is not None
            assert granted(handler, service.card.handled_by, parents.FOLLOW_UP, branch.service) is not None


def test_every_consent_that_a_process_asks_for_may_be_asked_and_answered() -> None:
    for service in SERVICES.values():
        if service.process.consents:
            handler = service.card.handled_by
            assert granted(EID, handler, ASK, service.slug) is not None
            assert granted(handler, EID, ANSWER, service.slug) is not None
        assert {consent.when for consent in service.process.consents} <= set(CONSENTS)


def test_every_rule_that_is_named_is_at_hand_and_cites_its_article() -> None:
    named = {step.straight_through for s in SERVICES.values() for step in s.process.steps if step.straight_through}
    assert named == set(RULES)
    assert {register.rule for register in REGISTERS.values() if register.rule} == set(numbers.RULES)
    for name, rule in RULES.items():
        assert re.search(r"Art\.|Điều|Decree|Law", rule.__doc__ or ""), name
        assert re.fullmatch(r"[a-z-]+@\d{4}-\d{2}", name)


def test_every_role_of_a_process_has_a_name_and_a_limit() -> None:
    for service in SERVICES.values():
        for step in service.process.steps:
            if step.verb in ("check", "decide"):
                assert step.role in ROLES, f"{service.slug}: {step.step}"
                assert step.hours > 0, f"{service.slug}: {step.step}"
            assert step.rule or step.verb == "gather", f"{service.slug}: {step.step}"
            if step.verb == "record":
                assert step.refused_to, f"{service.slug}: {step.step}"


_OWNERS = ("recording", "changing", "checking", "same_birth", "identity_cards", "parents")
REFUSALS = (*(f"registers/{name}.py" for name in _OWNERS), "casework/journey.py", "casework/results.py")


def test_every_reason_a_person_may_read_has_words() -> None:
    code = re.compile(r'(?:Refused|Refusal)\(\s*"([a-z-]+)"|return "([a-z]+-[a-z-]+)"|"reason": "([a-z-]+)"')
    for name in REFUSALS:
        for found in code.findall((SOURCE / name).read_text()):
            assert next(filter(None, found)) in MESSAGES, name
    for register in (REGISTERS[step.register] for s in SERVICES.values() for step in s.process.steps if step.register):
        once = {name for name, column in register.fields.items() if column.unique}
        once |= set() if register.rule else {register.key}
        assert {f"taken-{field}" for field in once} <= set(MESSAGES)


def test_every_word_of_the_catalogue_is_there_in_both_languages() -> None:
    for catalogue in NODES.values():
        words = [term.words for term in catalogue.terms.values()]
        words += [w for term in catalogue.terms.values() for w in term.codes.values()]
        for service in catalogue.services.values():
            card = service.card
            words += [card.name, card.short, card.summary, *card.results]
            words += [step.name for step in service.process.steps]
            words += [section.title for section in service.form.sections]
            words += [w for f in service.form.fields.values() for w in (f.label, f.help) if w]
        assert all(w.vi.strip() and w.en.strip() for w in words)
    assert set(STATES) == set(range(1, 11))


def test_every_example_of_every_service_holds() -> None:
    assert list(check.failures(FOLDER, source_hashes())) == []
