"""What leaves: short, plain, the same for everybody; addresses as they can be used; providers as they answer."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest

from lienthong.portal import contacts, outgoing
from lienthong.portal.channels import Gateway, NotSent, Smtp
from lienthong.portal.kinds import KINDS

CODE = "G01.001.00-261120-010001"
OUTWARD = [name for name, kind in KINDS.items() if kind.short.vi]


@pytest.mark.parametrize("kind", OUTWARD)
def test_an_sms_is_one_part_of_plain_letters_with_code_and_state(kind: str) -> None:
    text = outgoing.sms(kind, CODE)
    assert text.isascii()
    assert len(text) <= 160
    assert CODE in text
    letter = outgoing.mail(kind, CODE)
    assert CODE in letter.subject
    assert KINDS[kind].short.en in letter.text
    for said in (text, letter.subject, letter.text):
        assert "{" not in said
        assert "http" not in said
        assert "www" not in said


def test_a_one_time_code_is_six_digits_of_its_look_up_and_node() -> None:
    one, other = outgoing.one_time_code("secret", "1"), outgoing.one_time_code("secret", "2")
    assert len(one) == 6
    assert one.isdigit()
    assert one == outgoing.one_time_code("secret", "1")
    assert len({one, other, outgoing.one_time_code("another", "1")}) == 3
    text = outgoing.sms_with_code("secret", "1")
    assert one in text
    assert len(text) <= 160
    assert text.isascii()


@pytest.mark.parametrize(
    ("typed", "usable"),
    [
        ("0912345678", "0912345678"),
        ("+84 912 345 678", "0912345678"),
        ("0084912345678", "0912345678"),
        ("84912345678", "0912345678"),
        ("091.234.5678", "0912345678"),
        ("12345", ""),
        ("0912345678\r\nBcc: x", ""),
        (None, ""),
    ],
)
def test_a_phone_number_is_read_however_it_is_written(typed: str | None, usable: str) -> None:
    assert contacts.usable_phone(typed) == usable


@pytest.mark.parametrize(
    "typed", ["ka.wen@example.vn\nBcc: all@example.vn", "ka wen@example.vn", "@example.vn", "", None]
)
def test_what_is_no_address_gets_no_mail(typed: str | None) -> None:
    assert contacts.usable_mail(typed) == ""
    assert contacts.usable_mail(" ka.wen@example.vn ") == "ka.wen@example.vn"


@pytest.mark.parametrize("url", ["http://host", "smtp://", "mailto:a@b", "host:25"])
def test_a_setting_that_names_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="smtp"):
        Smtp.at(url, "portal@example.vn")
    with pytest.raises(ValueError, match="from an address"):
        Smtp.at("smtp://host", "nobody")


@pytest.mark.parametrize("url", ["http://k:s@host/x?brand=B", "https://host/x?brand=B", "https://k:s@host/x"])
def test_a_gateway_needs_tls_key_secret_and_brand(url: str) -> None:
    with pytest.raises(ValueError, match="key:secret"):
        Gateway.at(url)


class Provider(BaseHTTPRequestHandler):
    """An SMS provider that answers with the code it was told to."""

    says: ClassVar[str] = "100"
    status: ClassVar[int] = 200
    heard: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        self.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(json.dumps({"CodeResult": self.says, "SMSID": "1"}).encode())

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    server = HTTPServer(("127.0.0.1", 0), Provider)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    Provider.says, Provider.status = "100", 200
    Provider.heard.clear()
    yield Gateway(f"http://127.0.0.1:{server.server_port}/sms", "key", "secret", "DVCQG")
    server.shutdown()
    server.server_close()


def test_a_gateway_takes_one_sms_under_its_reference(gateway: Gateway) -> None:
    gateway.send("0912345678", "Ho so", "ref-1")
    sent = Provider.heard[0]
    assert (sent["Phone"], sent["Content"], sent["RequestId"], sent["Brandname"]) == (
        "0912345678", "Ho so", "ref-1", "DVCQG",
    )  # fmt: skip
    Provider.says = "124"  # accepted before: our last attempt got through
    gateway.send("0912345678", "Ho so", "ref-1")


@pytest.mark.parametrize(("says", "for_good"), [("99", False), ("103", False), ("104", True), ("146", True)])
def test_a_gateway_that_does_not_accept_says_why(gateway: Gateway, says: str, for_good: bool) -> None:
    Provider.says = says
    with pytest.raises(NotSent, match=f"sms-{says}") as failed:
        gateway.send("0912345678", "Ho so", "ref-1")
    assert failed.value.for_good is for_good


def test_a_gateway_that_is_away_is_tried_again(gateway: Gateway) -> None:
    Provider.status = 502
    with pytest.raises(NotSent, match="sms-502") as failed:
        gateway.send("0912345678", "Ho so", "ref-1")
    assert not failed.value.for_good
