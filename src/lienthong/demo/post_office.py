"""The demo country's post office: a real SMTP server on loopback, and a provider of SMS that sends nothing.

Both lay what they are given into `demo_letter`, where `/demo/thu-tin` shows it. A second copy under the same reference
is the same letter, as it would be to a mail server or an SMS provider.
"""

import asyncio
from email import message_from_bytes, policy
from threading import Thread

from aiosmtpd.smtp import SMTP, Envelope, Session

from lienthong.kit import clock
from lienthong.kit.storage import Database

HOST = "127.0.0.1"
LARGEST = 256 * 1024
KEPT = 5_000

_PUT = """
INSERT INTO demo_letter (channel, recipient, subject, text, reference, at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
_TIDY = "DELETE FROM demo_letter WHERE id <= (SELECT max(id) FROM demo_letter) - %s"


class PostOffice:
    """Takes mail at `address` and SMS by `send`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._port: int | None = None

    def open(self) -> str:
        """Start the SMTP server on a free port of this machine; its address, `smtp://host:port`."""
        loop = asyncio.new_event_loop()
        server = loop.run_until_complete(loop.create_server(lambda: self._desk(loop), HOST, 0))
        self._port = server.sockets[0].getsockname()[1]
        Thread(target=loop.run_forever, name="post-office", daemon=True).start()
        return f"smtp://{HOST}:{self._port}"

    def send(self, number: str, text: str, reference: str) -> None:
        """An SMS, as the provider's adapter (`portal.channels.Sms`)."""
        self._keep("sms", number, "", text, reference)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 — aiosmtpd's
        """A mail has come in whole."""
        mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        body = mail.get_body(("plain",))
        text = body.get_content() if body else ""
        for recipient in envelope.rcpt_tos:
            reference = f"{mail['Message-ID']} {recipient}"
            await asyncio.to_thread(self._keep, "email", recipient, str(mail["Subject"]), text, reference)
        return "250 taken"

    def _desk(self, loop: asyncio.AbstractEventLoop) -> SMTP:
        return SMTP(self, loop=loop, hostname="localhost", data_size_limit=LARGEST, ident="demo post office")

    def _keep(self, channel: str, recipient: str, subject: str, text: str, reference: str) -> None:
        with self._database.transaction() as tx:
            tx.run("SET LOCAL synchronous_commit = off")  # nobody's letter is lost with it: there is none
            tx.run(_PUT, (channel, recipient, subject, text, reference, clock.now()))
            tx.run(_TIDY, (KEPT,))
