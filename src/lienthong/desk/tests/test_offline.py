"""Slips written without a line: each once, in order, under its own time; what stands against one is shown, not lost."""

import base64
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from lienthong.casework import dossiers
from lienthong.casework.tests.country import DI_LINH, Country, in_node
from lienthong.desk import offline_replay, offline_slips
from lienthong.desk.offline_slips import Slip
from lienthong.desk.tests.office import FARAWAY, RECEIVER, Desks
from lienthong.kit import clock

families = count(980)
MARITAL = "civil-status/marital-status"


class Machine:
    """A commune's computer: it seals slips as its page does, and sends them."""

    def __init__(self, browser: Client, *, off_by: timedelta = timedelta()) -> None:
        self.browser, self.off_by, self.used = browser, off_by, 0
        told = browser.post("/quay/offline/series", {"device": "máy thử"}).json()
        self.series, self.key = told["series"], base64.b64decode(told["key"])

    def write(self, whom: str, *, at: datetime | None = None, place: int = 0, **changed: Any) -> dict[str, str]:
        """A sealed slip under the next number, or under that of a place."""
        self.used += 1
        number = f"{self.series}-{place or self.used:04d}"
        said = {
            "service": MARITAL, "at": at or clock.now() - timedelta(hours=3), "officer": "Ka Hiếu",
            "person": {"number": whom, "name": "Ka Wẽn", "birth_date": "1995-04-02", "shown": "slip"},
            "contact": {"phone": "0912345678"}, "values": {"certificate_use": "marriage", "pledge": "yes"},
        } | changed  # fmt: skip
        mine = ec.generate_private_key(ec.SECP256R1())
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.key)
        key = HKDF(SHA256(), 32, salt=b"", info=number.encode()).derive(mine.exchange(ec.ECDH(), theirs))
        iv = secrets.token_bytes(12)
        data = AESGCM(key).encrypt(iv, msgspec.json.encode(said), number.encode())
        own = mine.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        parts = {"key": own, "iv": iv, "data": data}
        return {"number": number, **{name: base64.b64encode(part).decode() for name, part in parts.items()}}

    def send(self, slip: dict[str, str]) -> Any:
        body = msgspec.json.encode({"slip": slip, "machine": {"now": clock.now() - self.off_by}})
        return self.browser.post("/quay/offline/take", body, content_type="application/json")


@pytest.fixture
def machine(desks: Desks) -> Machine:
    return Machine(desks("H36", RECEIVER))


@pytest.fixture
def person(country: Country) -> Iterator[str]:
    yield country.family(next(families)).number
    country.silent = set()


def opened(country: Country) -> int:
    return int(in_node(country.nodes["H36"], lambda tx: tx.value("SELECT count(*) FROM dossier")))


def test_a_slip_opens_a_dossier_that_came_in_at_its_own_time(country: Country, machine: Machine, person: str) -> None:
    at = clock.now() - timedelta(days=1, hours=2)
    slip = machine.write(person, at=at)
    told = machine.send(slip).json()
    assert (told["state"], told["problems"]) == ("opened", [])
    dossier = in_node(country.nodes["H36"], lambda tx: dossiers.load(tx, told["dossier"]))
    assert dossier.identity.received_at == at
    assert dossier.times.accepted_at == at
    assert dossier.state.deadline == country.nodes["H36"].catalogue.calendar.due(at, 3)
    before = opened(country)
    assert machine.send(slip).json() == told, "sent again it is answered like the first time"
    assert opened(country) == before


def test_slips_come_in_order_and_a_used_number_overwrites_nothing(
    country: Country, machine: Machine, person: str
) -> None:
    first, second = machine.write(person), machine.write(country.family(next(families)).number)
    answer = machine.send(second)
    assert (answer.status_code, answer.json()["expected"]) == (409, 1)
    one = machine.send(first).json()
    copied = machine.write(country.family(next(families)).number, place=1)
    told = machine.send(copied).json()
    assert told["state"] == "conflict"
    assert "Số phiếu này đã có" in told["problems"][0]
    assert machine.send(first).json() == one
    assert machine.send(second).json()["state"] == "opened"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"person": {"number": "068195099999", "name": "Ka Wẽn", "birth_date": "1995-04-02"}}, "Không tìm thấy người"),
        ({"values": {"pledge": "yes"}}, "còn thiếu"),
        ({"at": datetime(2026, 11, 1, 9, tzinfo=clock.ZONE)}, "quá 7 ngày"),
        ({"at": datetime(2030, 1, 1, tzinfo=clock.ZONE)}, "Đồng hồ của máy"),
        ({"service": "no/such"}, "không còn nhận"),
        ({"service": "residence/newborn-residence"}, "không còn nhận"),
    ],
)
def test_what_stands_against_a_slip_is_told_and_nothing_opens(
    country: Country, machine: Machine, person: str, changed: dict[str, Any], said: str
) -> None:
    before = opened(country)
    told = machine.send(machine.write(person, **changed)).json()
    assert told["state"] == "conflict"
    assert said in " ".join(told["problems"])
    assert opened(country) == before
    assert said in machine.browser.get("/quay/offline/slips").content.decode()


def test_a_silent_register_leaves_a_slip_waiting_on_its_machine(
    country: Country, machine: Machine, person: str
) -> None:
    slip, before = machine.write(person), opened(country)
    country.silent = {"G01"}
    told = machine.send(slip).json()
    assert (told["state"], told["erase"]) == ("waiting", False)
    assert opened(country) == before
    country.silent = set()
    told = machine.send(slip).json()
    assert (told["state"], told["erase"]) == ("opened", True)


def test_a_second_dossier_about_the_same_waits_for_an_officer(country: Country, machine: Machine, person: str) -> None:
    assert machine.send(machine.write(person)).json()["state"] == "opened"
    told = machine.send(machine.write(person)).json()
    assert told["state"] == "conflict"
    assert "đang có hồ sơ khác" in told["problems"][0]
    second = next(slip for slip in listed(country, machine) if slip.number.endswith("-0002"))
    url = f"/quay/offline/slips/{second.number}/{second.digest}"
    assert machine.browser.post(url, {"do": "drop"}).status_code == 422, "not without a reason"
    machine.browser.post(url, {"do": "drop", "reason": "Ghi trùng"})
    assert "Ghi trùng" in machine.browser.get("/quay/offline/slips").content.decode()


def listed(country: Country, machine: Machine) -> list[Slip]:
    """The machine's own slips that have come."""
    found = in_node(country.nodes["H36"], lambda tx: offline_slips.listed(tx, [DI_LINH]))
    return [slip for slip in found if slip.series == machine.series]


def test_an_officer_completes_a_slip_at_the_time_it_was_written(country: Country, desks: Desks, person: str) -> None:
    machine = Machine(desks("H36", RECEIVER), off_by=timedelta(hours=1))
    at = clock.now() - timedelta(hours=5)
    told = machine.send(machine.write(person, at=at)).json()
    assert told["state"] == "conflict"
    assert "lệch với máy chủ" in told["problems"][0]
    [slip] = listed(country, machine)
    assert slip.other_at is not None
    assert abs(slip.other_at - at - timedelta(hours=1)) < timedelta(minutes=1)
    url = f"/quay/offline/slips/{slip.number}/{slip.digest}"
    intake = machine.browser.post(url, {"do": "open", "time": "other"}).headers["Location"]
    answer = machine.browser.post(intake, {"do": "take", "contact_phone": "0912345678", "asked": ""})
    assert answer.status_code == 303
    code = answer.headers["Location"].rpartition("/")[2]
    dossier = in_node(country.nodes["H36"], lambda tx: dossiers.load(tx, code))
    assert dossier.identity.received_at == slip.other_at
    assert [(one.state, one.dossier) for one in listed(country, machine)] == [("opened", code)]


def test_a_node_that_died_while_a_slip_was_taken_goes_on_with_it(
    country: Country, machine: Machine, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slip, before = machine.write(person), opened(country)
    with monkeypatch.context() as broken:
        broken.setattr(offline_replay, "_go_on", lambda *_facts: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            machine.send(slip)
    assert [one.state for one in listed(country, machine)] == ["waiting"]
    assert machine.send(slip).json()["state"] == "opened"
    assert machine.send(slip).json()["state"] == "opened"
    assert opened(country) == before + 1


def test_a_void_slip_keeps_its_number_and_a_torn_one_holds_up_nothing(machine: Machine, person: str) -> None:
    void = machine.send(machine.write(person, void="Ghi nhầm người")).json()
    assert void["state"] == "dropped"
    torn = machine.write(person)
    told = machine.send({**torn, "iv": torn["key"][:16]}).json()
    assert (told["state"], told["erase"]) == ("conflict", False)
    assert machine.send(machine.write(person)).json()["state"] == "opened"


def test_slips_of_another_commune_are_not_there(country: Country, desks: Desks, machine: Machine, person: str) -> None:
    slip = machine.write(person)
    stranger = Machine(desks("H36", FARAWAY))
    assert stranger.send(slip).status_code == 404
    machine.send(slip)
    assert machine.series not in stranger.browser.get("/quay/offline/slips").content.decode()
    keys = in_node(
        country.nodes["H36"], lambda tx: tx.one("SELECT * FROM offline_series WHERE name = %s", (machine.series,))
    )
    assert keys.unit == DI_LINH
    assert machine.send({**slip, "number": "x"}).status_code == 422
    assert machine.browser.post("/quay/offline/take", b"{", content_type="application/json").status_code == 422


def test_the_page_and_its_worker_are_whole(desks: Desks) -> None:
    browser = desks("H36", RECEIVER)
    worker = browser.get("/quay/offline/worker.js")
    assert worker.headers["Service-Worker-Allowed"] == "/quay/offline"
    assert "/quay/offline/kit.json" in worker.content.decode()
    kit = browser.get("/quay/offline/kit.json").json()
    marital = next(service for service in kit["services"] if service["slug"] == MARITAL)
    assert [field["name"] for field in marital["fields"]][:2] == ["certificate_use", "other_use"]
    assert "068" not in browser.get("/quay/offline").content.decode().partition("<main")[2], "nobody's number is kept"
