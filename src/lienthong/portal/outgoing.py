"""What leaves by e-mail and SMS: a dossier's code and its state, no name, no reason, no link.

Anybody may see a phone's screen, and a link in a message is how people are robbed: details are read where the person
is signed in (Law 91/2025/QH15 on personal data, Art. 3: no more than the purpose needs).
"""

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass

from lienthong.portal.kinds import KINDS, SIGN_IN

CODE = "code"
MINUTES = 10
_DIGITS = 6


@dataclass(frozen=True)
class Letter:
    """A message as it leaves; SMS use the text alone."""

    subject: str
    text: str


def sms(kind: str, dossier: str) -> str:
    """One part of 160 characters: SMS with accents cost twice and break on old phones."""
    return _plain(f"Hồ sơ {dossier}: {KINDS[kind].short.vi}. {SIGN_IN.vi}")


def mail(kind: str, dossier: str) -> Letter:
    """Both languages, because nobody has told us which one is read."""
    short = KINDS[kind].short
    vietnamese, english = f"Hồ sơ {dossier}: {short.vi}", f"Dossier {dossier}: {short.en}"
    return Letter(vietnamese, f"{vietnamese}.\n{SIGN_IN.vi}\n\n{english}.\n{SIGN_IN.en}\n")


def sms_with_code(secret: str, look_up: str) -> str:
    return _plain(f"{one_time_code(secret, look_up)} là mã tra cứu hồ sơ, dùng trong {MINUTES} phút. Không đưa cho ai.")


def one_time_code(secret: str, look_up: str) -> str:
    """Six digits that hang on the look-up and this node's secret: worker and web know them, no table holds them."""
    proof = hmac.digest(secret.encode(), f"look-up {look_up}".encode(), hashlib.sha256)
    return f"{int.from_bytes(proof[:8], 'big') % 10**_DIGITS:0{_DIGITS}d}"


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
