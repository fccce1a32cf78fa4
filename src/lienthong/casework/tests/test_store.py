"""Papers kept once where they were issued: whose they are, who may open them, what a dossier that reuses one hears."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lienthong.casework import digitisation, dossiers, intake, journey, parents, reusing, revisions, store
from lienthong.casework.digitisation import About, Component
from lienthong.casework.dossiers import Content, Dossier
from lienthong.casework.tests.country import CHAIR, DI_LINH, Country, in_node
from lienthong.documents import attachments, contents, fetching, receiving, scanning
from lienthong.documents.attachments import Entry
from lienthong.documents.tests import trust as trusting
from lienthong.documents.tests.test_contents import pdf, picture
from lienthong.exchange.asking import Question
from lienthong.identity.types import Account, Officer, Post
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id

COPY, PERMIT = "certification/certified-copy", "construction/house-permit"
RECEIVER = Officer("068080000003", "Trần Thị Nhận", (Post("reception_officer", DI_LINH),))
SURVEYOR = Officer("068080000031", "Lê Văn Đất", (Post("land_officer", DI_LINH),))


@pytest.fixture(scope="module")
def country(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    made = Country(node_database, Path(tmp_path_factory.mktemp("run")))
    trust = trusting.make(Path(tmp_path_factory.mktemp("trust")))
    h36 = made.nodes["H36"]
    h36.seal_chain = trust.chain("H36", h36.seal)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def own_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_CLOCK", str(tmp_path / "clock"))


def copied(country: Country, owner: Account) -> Dossier:
    """A certified copy, made at the counter while its owner waits."""
    node = country.nodes["H36"]
    service = node.catalogue.service(COPY)
    said = {
        "requester_number": owner.number, "requester_name": owner.name, "requester_birth_date": "1995-04-02",
        "document_title": "Giấy chứng nhận quyền sử dụng đất", "pages": "2", "copies": "1",
    }  # fmt: skip
    content = Content({name: value for name, value in said.items() if name in service.form.fields})
    more = {"applicant": owner.number, "channel": "counter", "unit": DI_LINH, "subject": owner.name}
    opened = in_node(node, lambda tx: intake.open_here(node, tx, RECEIVER, service, content, **more))
    code = opened.identity.code
    in_node(node, lambda tx: journey.receive_dossier(node, tx, code, RECEIVER))
    in_node(node, lambda tx: journey.decide(node, tx, code, CHAIR))
    return at(country, code)


def at(country: Country, code: str) -> Dossier:
    found: Dossier | None = in_node(country.nodes["H36"], lambda tx: dossiers.load(tx, code))
    assert found is not None
    return found


def ask(country: Country, asker: str, service: str, body: dict[str, Any], **about: Any) -> dict[str, Any] | None:
    proofs, purpose, case = about["proofs"], about.get("purpose", "my-data"), about.get("case", "my-data/1")
    answer = country.nodes[asker].asker.ask(Question("H36", service, body, purpose, case, evidence=proofs))
    return answer.body if answer else None


def mine(country: Country, owner: Account, **about: Any) -> list[dict[str, Any]]:
    body = ask(country, "portal", store.MINE, {"of": about.pop("of", owner.number)}, proofs=owner.proofs, **about)
    return body["papers"] if body else []


def handed_in(country: Country, case: str, kind: str, data: bytes = b"") -> Entry:
    """A file of a draft at the portal."""
    return receiving.take(
        country.nodes["portal"].database, case, "", kind, "ban-ve.pdf", data or pdf(), len(data or pdf())
    )


def applied(country: Country, owner: Account, number: int, entries: list[Entry]) -> Dossier:
    """A house permit applied for at the portal with these papers; as it lies at the commune's one-stop."""
    portal, code = country.nodes["portal"], f"000.00.01.G22-261122-02{number:04d}"
    service = portal.catalogue.service(PERMIT)
    declared = {
        "requester_number": owner.number, "requester_name": owner.name, "requester_birth_date": "1995-04-02",
        "residence_address": "Thôn 3", "house_unit": DI_LINH, "house_address": "Thôn 3", "land_plot": "112/14",
        "land_area": "180", "floor_area": "120", "floors": "2", "house_kind": "plain", "drawings": "yes",
        "delivery": "electronic", "pledge": True,
    }  # fmt: skip
    proofs = list(country.submitted(owner, code))

    def submit(tx: Any) -> None:
        manifest = [_manifest(entry) for entry in attachments.filed(tx, f"draft/{number}", code)]
        content = Content(declared, attachments=manifest, evidence=proofs)
        parents.submit(portal, tx, service, code=code, applicant=owner.number, content=content)

    in_node(portal, submit)
    country.deliver()
    fetching.fetch_missing(country.nodes["H36"])
    return at(country, code)


def _manifest(entry: Entry) -> dict[str, Any]:
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(entry)
    return found


def referred(country: Country, owner: Account, number: int, paper: dict[str, Any]) -> Entry:
    """One of the owner's papers, named in a draft instead of a file."""
    told = ask(
        country,
        "portal",
        store.OPEN,
        {"paper": paper["paper"]},
        proofs=owner.proofs,
        purpose="reuse",
        case=f"draft/{number}",
    )
    assert told is not None
    entry = Entry(
        new_id(), "land_paper", told["file"], told["type"], told["size"], told["sha256"], store.reference("H36", told)
    )
    found: Entry = in_node(
        country.nodes["portal"], lambda tx: attachments.refer(tx, f"draft/{number}", owner.number, entry)
    )
    return found


def components(country: Country, dossier: Dossier) -> dict[str, Component]:
    found = in_node(country.nodes["H36"], lambda tx: digitisation.of(tx, dossier.identity.code))
    return {one.kind: one for one in found}


def live(country: Country, dossier: Dossier) -> dict[str, str]:
    node = country.nodes["H36"]
    content = in_node(node, lambda tx: dossiers.content(tx, dossier.identity.code))
    found = reusing.ask(node, dossier, content.evidence, components(country, dossier).values())
    return {one.component.kind: one.state for one in found}


def test_a_result_lies_in_its_owners_store_once_and_nobody_elses(country: Country) -> None:
    owner, other = country.family(901), country.family(902)
    dossier = copied(country, owner)
    [paper] = mine(country, owner)
    assert (paper["code"], paper["origin"], paper["state"]) == ("KQ.G15.000101", "result", "valid")
    assert (paper["dossier"], paper["issuer"]) == (dossier.identity.code, "Ủy ban nhân dân xã Di Linh")
    assert mine(country, other) == []
    assert mine(country, other, of=owner.number) == [], "another's session opens nothing"
    assert ask(country, "portal", store.OPEN, {"paper": paper["paper"]}, proofs=other.proofs) is None
    told = ask(country, "portal", store.OPEN, {"paper": paper["paper"]}, proofs=owner.proofs)
    assert told is not None
    assert told["found"]
    again = in_node(
        country.nodes["H36"],
        lambda tx: tx.value("SELECT count(*) FROM store_paper WHERE dossier = %s", (dossier.identity.code,)),
    )
    assert again == 1


def test_a_paper_is_reused_by_reference_and_falls_with_its_dossier(country: Country) -> None:
    owner = country.family(903)
    first = copied(country, owner)
    [paper] = mine(country, owner)
    handed_in(country, "draft/903", "drawings")
    entry = referred(country, owner, 903, paper)
    dossier = applied(country, owner, 903, [])
    found = components(country, dossier)
    assert (found["drawings"].state, found["land_paper"].state) == (digitisation.DIGITISED, digitisation.OF_RESULT)
    assert found["land_paper"].reused == entry.reused
    lies = "SELECT content IS NULL FROM attachment WHERE id = %s AND case_code = %s"
    assert in_node(country.nodes["H36"], lambda tx: tx.value(lies, (entry.id, dossier.identity.case))), "kept once"
    assert live(country, dossier) == {"land_paper": "valid"}
    node = country.nodes["H36"]
    in_node(node, lambda tx: revisions.annul(node, tx, first.identity.code, CHAIR, "12/QĐ (2026-11-22)", "annul-false"))
    assert live(country, dossier) == {"land_paper": "revoked"}
    assert mine(country, owner)[0]["state"] == "revoked"


def test_another_agency_opens_it_with_the_owners_submission_only(country: Country) -> None:
    owner, other = country.family(904), country.family(905)
    copied(country, owner)
    [paper] = mine(country, owner)
    case = "000.00.01.G22-261122-029904"
    proofs, foreign = country.submitted(owner, case), country.submitted(other, case)
    wanted = {"paper": paper["paper"]}
    assert ask(country, "BHXH", store.OPEN, wanted, purpose="reuse", case=case, proofs=foreign) is None
    assert ask(country, "BHXH", store.OPEN, wanted, purpose="reuse", case=case, proofs=()) is None
    assert ask(country, "BHXH", store.OPEN, wanted, purpose="my-data", case=case, proofs=proofs) is None
    told = ask(country, "BHXH", store.OPEN, wanted, purpose="reuse", case=case, proofs=proofs)
    assert told is not None
    entry = Entry(
        new_id(), "land_paper", told["file"], told["type"], told["size"], told["sha256"], store.reference("H36", told)
    )
    bhxh = country.nodes["BHXH"]
    about = {"origin": "portal", "case": case, "purpose": "x", "here": "BHXH", "proofs": proofs}
    in_node(bhxh, lambda tx: attachments.expect(tx, [_manifest(entry)], **about))
    assert fetching.fetch_missing(bhxh) == 1
    data = in_node(bhxh, lambda tx: attachments.content(tx, entry.id))
    assert hashlib.sha256(data).hexdigest() == told["sha256"]
    said = ask(
        country,
        "BHXH",
        store.CHECK,
        {"papers": [{**wanted, "sha256": "0" * 64}]},
        purpose="reuse",
        case=case,
        proofs=proofs,
    )
    assert said is not None
    assert [one["state"] for one in said["papers"].values()] == ["superseded"], "not the paper that is handed out now"


def test_a_result_that_holds_for_months_expires(country: Country, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = country.family(906)
    copied(country, owner)
    whose = "SELECT code FROM dossier WHERE applicant = %s"
    sql = f"UPDATE store_paper SET valid_until = issued_on + 30 WHERE dossier IN ({whose})"
    in_node(country.nodes["H36"], lambda tx: tx.run(sql, (owner.number,)))
    assert mine(country, owner)[0]["state"] == "valid"
    clock.shift(timedelta(days=31))
    assert mine(country, owner)[0]["state"] == "expired"


def test_a_scan_takes_the_place_of_what_was_there_and_the_old_one_stays(country: Country) -> None:
    owner, node = country.family(907), country.nodes["H36"]
    handed_in(country, "draft/907", "drawings")
    dossier = applied(country, owner, 907, [])
    found = components(country, dossier)["drawings"]
    entry = receiving.take(node.database, "scan/1", owner.number, "drawings", "q.jpg", picture(size=(1200, 800)), 9)
    seen = scanning.measured(in_node(node, lambda tx: attachments.content(tx, entry.id)), entry.type)
    about = {"originals": 1, "about": About("12"), "reason": "scan-better"}
    for wrong, code in (({"reason": ""}, "reason"), ({"originals": 2}, "pages")):
        with pytest.raises(ValueError, match=code):
            in_node(
                node,
                lambda tx, wrong=wrong: digitisation.scanned(tx, found, SURVEYOR, [(entry, seen)], **(about | wrong)),
            )
    in_node(node, lambda tx: digitisation.scanned(tx, found, SURVEYOR, [(entry, seen)], **about))
    now = components(country, dossier)["drawings"]
    assert (now.version, now.by_name, now.flaws) == (2, SURVEYOR.name, ["coarse"])
    past = in_node(node, lambda tx: digitisation.history(tx, dossier.identity.code, "drawings"))
    assert [one.version for one in past] == [2, 1]
    assert past[1].files == found.files


def test_what_is_counted_of_a_scan() -> None:
    fine = contents.retype(picture(size=(2400, 1700)))
    assert scanning.measured(fine.data, fine.type).dpi >= scanning.FINE_ENOUGH
    assert scanning.measured(pdf(), contents.PDF).pages == 1
