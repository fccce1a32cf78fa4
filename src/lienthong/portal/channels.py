"""The ways out: e-mail by SMTP, SMS by a provider's gateway. Each takes one message and says plainly if it failed.

    smtp://host:25                    plain, for a server on this machine
    smtp://user:password@host:587     STARTTLS, demanded as soon as there is a password
    smtps://user:password@host:465    TLS from the first byte
    https://key:secret@host/path?brand=NAME    an SMS gateway in the manner of Vietnamese brand-name providers

A message keeps one reference over all its attempts (Message-ID, RequestId), by which a recipient knows a copy.
"""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import msgspec
import urllib3

from lienthong.kit import clock

PATIENCE = 15.0
_PORTS = {"smtp": 25, "smtps": 465}


class NotSent(Exception):
    """It did not go. `code` says why without saying to whom; `for_good` when trying again cannot help."""

    def __init__(self, code: str, *, for_good: bool = False) -> None:
        super().__init__(code)
        self.code, self.for_good = code, for_good


class Mail(Protocol):
    def send(self, address: str, subject: str, text: str, reference: str) -> None:
        """Hand one message over. Raises NotSent."""


class Sms(Protocol):
    def send(self, number: str, text: str, reference: str) -> None:
        """Hand one message over. Raises NotSent."""


@dataclass(frozen=True)
class Smtp:
    """A mail server, and the address we write from."""

    server: SplitResult
    sender: str

    @classmethod
    def at(cls, url: str, sender: str) -> "Smtp":
        """Raises ValueError for anything but smtp:// and smtps:// with a host, or a sender that is no address."""
        server = urlsplit(url)
        if server.scheme not in _PORTS or not server.hostname or "@" not in sender:
            raise ValueError("mail goes by smtp://host:port or smtps://host:port, from an address")
        return cls(server, sender)

    def send(self, address: str, subject: str, text: str, reference: str) -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, address, subject
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = f"<{reference}@{self.sender.rpartition('@')[2].rstrip('>')}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        try:
            with self._connect() as link:
                link.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            code = next(iter(refused.recipients.values()))[0]
            raise NotSent(f"smtp-{code}", for_good=code >= 500) from None  # its text holds the address
        except smtplib.SMTPResponseException as refused:
            raise NotSent(f"smtp-{refused.smtp_code}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(f"smtp-{type(error).__name__}") from None

    def _connect(self) -> smtplib.SMTP:
        host, port = str(self.server.hostname), self.server.port or _PORTS[self.server.scheme]
        if self.server.scheme == "smtps":
            link: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=ssl.create_default_context())
        else:
            link = smtplib.SMTP(host, port, timeout=PATIENCE)
        if self.server.username:
            if self.server.scheme == "smtp":
                link.starttls(context=ssl.create_default_context())
            link.login(unquote(self.server.username), unquote(self.server.password or ""))
        return link


class _Reply(msgspec.Struct):
    code: str = msgspec.field(name="CodeResult", default="")


@dataclass(frozen=True)
class Gateway:
    """An SMS provider that takes JSON over HTTPS and answers with a result code, "100" for accepted."""

    url: str
    key: str
    secret: str
    brand: str

    ACCEPTED = frozenset({"100", "124"})  # 124: this RequestId was accepted before
    FOR_GOOD = frozenset({"104", "118", "119", "131", "146", "177"})  # brand, type or template is wrong, not the moment

    @classmethod
    def at(cls, url: str) -> "Gateway":
        """Raises ValueError unless it is https:// with key, secret and brand."""
        parts = urlsplit(url)
        brand = parse_qs(parts.query).get("brand", [""])[0]
        if parts.scheme != "https" or not (parts.hostname and parts.username and parts.password and brand):
            raise ValueError("SMS goes by https://key:secret@host/path?brand=NAME")
        place = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
        return cls(f"https://{place}{parts.path}", unquote(parts.username), unquote(parts.password), brand)

    def send(self, number: str, text: str, reference: str) -> None:
        body = {
            "ApiKey": self.key,
            "SecretKey": self.secret,
            "Brandname": self.brand,
            "SmsType": "2",  # to customers, no advertising
            "IsUnicode": "0",
            "Phone": number,
            "Content": text,
            "RequestId": reference,
        }
        try:
            answer = urllib3.request(
                "POST", self.url, json=body, timeout=urllib3.Timeout(total=PATIENCE), retries=False, redirect=False
            )
            code = msgspec.json.decode(answer.data, type=_Reply).code if answer.status == 200 else f"{answer.status}"
        except urllib3.exceptions.HTTPError as error:
            raise NotSent(f"sms-{type(error).__name__}") from None
        except (ValueError, msgspec.ValidationError):
            raise NotSent("sms-malformed") from None
        if code not in self.ACCEPTED:
            raise NotSent(f"sms-{code}", for_good=code in self.FOR_GOOD)
