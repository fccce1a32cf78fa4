"""The pages of intake at the counter: which service, for whom, the form with what registers hold, and taking it in."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import msgspec
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.casework.typed import date_of, typed_values
from lienthong.catalogue import forms
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Service
from lienthong.desk import counter, intake_drafts, intake_form, intake_page, intake_taking, pages
from lienthong.desk.counter import Claim
from lienthong.desk.counter_views import person_of, portal_of, typed_person
from lienthong.desk.intake_drafts import Applicant, Helper, Intake
from lienthong.desk.intake_form import AUTHORISATION, Reading
from lienthong.documents import attachments, receiving
from lienthong.documents.refusing import NotTaken
from lienthong.exchange.node import Node
from lienthong.identity import validity
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer
from lienthong.kit.web.files import download

RECEPTION: Final = ("reception_officer",)
KEPT_FOR: Final = 15 * 60
_LONGEST: Final = 300


@require_safe
@officer_required(*RECEPTION)
def start(request: HttpRequest) -> HttpResponse:
    """Which service, by which channel (`?channel=`), for whom; `?q=` searches services. Below, what was begun."""
    return _show_start(request)


@require_POST
@officer_required(*RECEPTION)
def who(request: HttpRequest) -> HttpResponse:
    """An organisation, or a person whom the silent population register could not tell: by the papers they show."""
    sent = request.POST
    if sent.get("kind") == "organisation":
        code, name = _cleaned(request, "tax_code").replace(" ", ""), _cleaned(request, "org_name")
        found = Applicant(code, name, kind="organisation")
        errors = {} if found.number and found.name else {"tax_code": "required"}
    else:
        typed = typed_person(request)
        errors = {name: "required" for name, value in typed.items() if not value}
        found = Applicant(typed["number"], typed["name"], typed["birth_date"], verified=False)
    if errors:
        return _show_start(request, errors)
    told = {**msgspec.to_builtins(found), "until": validity.seconds() + KEPT_FOR}
    request.session["intake_who"] = told
    request.session.pop("counter", None)
    return _to("intakes", channel=sent.get("channel", ""))


@require_POST
@officer_required(*RECEPTION)
def begin(request: HttpRequest) -> HttpResponse:
    """Open an intake of a service for who was identified."""
    node, officer, applicant = pages.node_of(request), pages.officer_of(request), _applicant(request)
    channel = "post" if request.POST.get("channel") == "post" else "counter"
    wanted = [one for one in intake_form.offered(node, channel) if one.slug == request.POST.get("service")]
    if applicant is None or not wanted:
        return _to("intakes", channel=channel)
    with node.database.transaction() as tx:
        intake = intake_drafts.open_for(tx, officer, point_of(officer), wanted[0], applicant, channel)
    return HttpResponseRedirect(reverse("intake", args=[intake]), status=HTTPStatus.SEE_OTHER)


@require_http_methods(["GET", "HEAD", "POST"])
@officer_required(*RECEPTION)
def intake(request: HttpRequest, intake: UUID) -> HttpResponse:
    """The form. A POST keeps what was typed and brought; `do` says what else: check, take, supplement, refuse, drop."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    found, service = _found(request, str(intake))
    if found.ended:
        return _ended(found)
    if request.method != "POST":
        reading = intake_form.fill(node, officer, found, service)
        return _show(request, reading, {})
    if request.POST.get("do") == "drop" and not found.slip:
        with node.database.transaction() as tx:
            intake_drafts.drop(tx, found)
        return _to("intakes")
    refused = _take_files(request, node, found, service)
    kept = _typed(request, node, found, service)
    with node.database.transaction() as tx:
        intake_drafts.keep(tx, kept)
    reading = intake_form.fill(node, officer, kept, service)
    return _done(request, reading, refused)


def _done(request: HttpRequest, reading: Reading, refused: dict[str, str]) -> HttpResponse:
    """What was asked for beside keeping; what is wrong is told beside its field."""
    do, errors = request.POST.get("do", ""), {**reading.errors, **refused}
    if do == "take" and not errors:
        return _taken(request, reading)
    if do in ("supplement", "refuse") and not refused:
        answer = intake_taking.ask_or_refuse(pages.node_of(request), pages.officer_of(request), reading, request.POST)
        if isinstance(answer, str):
            return _receipt(answer)
        return _show(request, reading, answer, do)
    wrong = refused if request.POST.get("upload") or request.POST.get("remove") else errors
    return _show(request, reading, wrong if do or refused else {})


def _taken(request: HttpRequest, reading: Reading) -> HttpResponse:
    node, officer = pages.node_of(request), pages.officer_of(request)
    answer = intake_taking.take(node, officer, reading)
    if isinstance(answer, str):
        return _receipt(answer)
    return _show(request, reading, answer)


@require_POST
@officer_required(*RECEPTION)
def person(request: HttpRequest, intake: UUID) -> HttpResponse:
    """Look again who the applicant is: the register was silent, or a slip's number or name was not right."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    found, _service = _found(request, str(intake))
    typed = typed_person(request)
    claim = counter.read_card(request.POST.get("card", "")) or Claim(
        typed["number"], typed["name"], typed["birth_date"]
    )
    known, problem = counter.identify(node, claim, officer)
    if known is None:
        request.session["intake_problem"] = problem
    elif not found.ended:
        applicant = Applicant(known.number, known.name, known.birth_date.isoformat(), known.gender, known.shown)
        with node.database.transaction() as tx:
            intake_drafts.keep_applicant(tx, found.id, applicant)
    return HttpResponseRedirect(reverse("intake", args=[found.id]), status=HTTPStatus.SEE_OTHER)


@require_safe
@officer_required(*RECEPTION)
def file(request: HttpRequest, intake: UUID, file: UUID) -> HttpResponse:
    """A scan of an intake, as it is kept."""
    found, _service = _found(request, str(intake))
    with pages.node_of(request).database.transaction() as tx:
        kept = attachments.known(tx, str(file))
        data = attachments.content(tx, str(file)) if kept and kept.case == found.case else None
    if kept is None or data is None:
        raise Http404
    return download(data, kept.entry.name, kept.entry.type)


# what was sent


def _typed(request: HttpRequest, node: Node, found: Intake, service: Service) -> Intake:
    """The intake with everything that the page sent."""
    sent = request.POST
    typed = typed_values(service.form, node.catalogue.terms, sent, _shown(request))
    contact = {part: _cleaned(request, f"contact_{part}") for part in ("phone", "email", "address")}
    contact["result"] = "there" if sent.get("contact_result") == "there" else "here"
    number, name, paper = (_cleaned(request, f"helper_{part}") for part in ("number", "name", "paper"))
    papers = {
        name.removeprefix("pages-"): _count(str(value)) for name, value in sent.items() if name.startswith("pages-")
    }
    changed = {
        "typed": {**found.typed, **typed},
        "contact": msgspec.structs.replace(found.contact, **contact, tracking=_cleaned(request, "tracking")),
        "helper": Helper(number.replace(" ", ""), name, paper),
        "papers": {**found.papers, **papers},
    }
    if found.channel == "post" and not found.slip:
        changed["came_at"] = _came(request)
    return msgspec.structs.replace(found, **changed)


def _shown(request: HttpRequest) -> set[str]:
    """The fields that the page asked: an empty box counts only where there was one."""
    return set(request.POST.get("asked", "").split())


def _came(request: HttpRequest) -> Any:
    try:
        return intake_page.moment_of(date_of(request.POST, "came_at"), _cleaned(request, "came_time"))
    except ValueError:
        return None


def _count(value: str) -> int:
    return min(int(value), 999) if value.strip().isdecimal() else 0


def _take_files(request: HttpRequest, node: Node, found: Intake, service: Service) -> dict[str, str]:
    """Take the scans that the page brought, forget the one that was not wanted; codes by kind of what was refused."""
    terms, sent = node.catalogue.terms, request.POST
    kinds = {name for name, spec in service.form.fields.items() if terms[spec.term].type == "paper"} | {AUTHORISATION}
    brought = [(name.removeprefix("file-"), f) for name, files in request.FILES.lists() for f in files]
    refused: dict[str, str] = {}
    if unwanted := sent.get("remove"):
        with node.database.transaction() as tx:
            receiving.drop(tx, unwanted, found.case)
    if (pressed := sent.get("upload")) and pressed not in {kind for kind, _file in brought}:
        refused[pressed] = "file-missing"
    for kind, scan in brought:
        if kind not in kinds:
            continue
        try:
            name, size = scan.name or "", scan.size or 0
            receiving.take(node.database, found.case, found.applicant.number, kind, name, scan.read(), size)
        except NotTaken as problem:
            refused[kind] = problem.code
    return refused


# what is shown


def _show(request: HttpRequest, reading: Reading, errors: dict[str, str], doing: str = "") -> HttpResponse:
    node = pages.node_of(request)
    context = {
        **pages.frame(request, "counter"),
        **intake_page.page(node, reading, errors),
        **intake_taking.choices(node, reading, request.POST, doing),
        "who_problem": message(problem) if (problem := request.session.pop("intake_problem", "")) else "",
        "again": intake_page.again(reading.intake.applicant),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return render(request, "desk/intake.html", context, status=status)


def _show_start(request: HttpRequest, errors: dict[str, str] | None = None) -> HttpResponse:
    node, officer, applicant = pages.node_of(request), pages.officer_of(request), _applicant(request)
    channel = "post" if (request.GET.get("channel") or request.POST.get("channel")) == "post" else "counter"
    asked = request.GET.get("q", "")[:100].strip()
    with node.database.transaction() as tx:
        begun = intake_drafts.under_way(tx, officer.units_as(*RECEPTION))
    wrong = errors or {}
    context = {
        **pages.frame(request, "counter"),
        "place": pages.place(node, point_of(officer)),
        "channel": channel,
        "channels": intake_page.CHANNELS.items(),
        "asked": asked,
        "who": intake_page.applicant_lines(node, applicant) if applicant else [],
        "verified": applicant.verified if applicant else True,
        "services": [_service_row(one) for one in intake_form.offered(node, channel, asked)],
        "begun": [_begun_row(node, one) for one in begun],
        "portal": portal_of(node),
        "errors": [{"id": name, "message": message(code)} for name, code in wrong.items()],
    }
    return render(request, "desk/intake_start.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else 200)


def _service_row(service: Service) -> dict[str, Any]:
    card, language = service.card, pages.language()
    return {
        "slug": service.slug,
        "name": card.name.in_language(language),
        "code": card.code,
        "hours": card.limit.hours,
        "days": card.limit.working_days,
        "fee": card.fee,
        "on_the_spot": card.on_the_spot,
        "placeless": card.placeless,
    }


def _begun_row(node: Node, intake: Intake) -> dict[str, Any]:
    service = node.catalogue.shown(intake.service, intake.revision)
    return {
        "url": reverse("intake", args=[intake.id]),
        "name": intake.applicant.name,
        "service": service.card.short.in_language(pages.language()),
        "at": intake.updated_at,
        "officer": intake.officer_name,
    }


def _found(request: HttpRequest, intake: str) -> tuple[Intake, Service]:
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        found = intake_drafts.load(tx, intake, officer.units_as(*RECEPTION))
    if found is None:
        raise Http404
    return found, node.catalogue.shown(found.service, found.revision)


def _applicant(request: HttpRequest) -> Applicant | None:
    """Who was identified last at this counter, for a quarter of an hour."""
    if person := person_of(request):
        return Applicant(person.number, person.name, person.birth_date.isoformat(), person.gender, person.shown)
    kept = request.session.get("intake_who")
    if kept is None or kept["until"] <= validity.seconds():
        return None
    return msgspec.convert({name: value for name, value in kept.items() if name != "until"}, Applicant)


def point_of(officer: Officer) -> str:
    """The reception point where the officer sits; the first by code for one who serves several."""
    return min(officer.units_as(*RECEPTION))


def _ended(found: Intake) -> HttpResponse:
    return _receipt(found.dossier) if found.dossier else _to("intakes")


def _receipt(code: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("intake_receipt", args=[code]), status=HTTPStatus.SEE_OTHER)


def _to(name: str, **query: str) -> HttpResponse:
    address = reverse(name)
    if channel := query.get("channel"):
        address = f"{address}?channel={'post' if channel == 'post' else 'counter'}"
    return HttpResponseRedirect(address, status=HTTPStatus.SEE_OTHER)


def _cleaned(request: HttpRequest, name: str) -> str:
    return forms.clean(request.POST.get(name, ""))[:_LONGEST]
