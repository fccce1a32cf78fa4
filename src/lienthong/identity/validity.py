"""How long sessions, codes and tokens are good for, on the machine's own clock.

Not on `kit.clock`: moving the demo country two days ahead must not sign everybody out. What people read (when did I
sign in?) and what law dates (an officer's post) does follow `kit.clock`.
"""

import time
from datetime import UTC, datetime

CODE = 60
ASSERTION = 60
ID_TOKEN = 300
ACCESS_TOKEN = 300
AT_PROVIDER = 15 * 60
AT_RELYING_PARTY = 8 * 3600
UNDER_WAY = 600
OFFICER = 60
LEEWAY = 10


def seconds() -> int:
    """Unix time."""
    return int(time.time())


def moment(ahead: float = 0) -> datetime:
    """The instant `ahead` seconds from now."""
    return datetime.fromtimestamp(time.time() + ahead, UTC)
