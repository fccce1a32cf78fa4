"""Systems that run no node and speak at a gateway, as everybody may know them: catalogue/gateways/systems.yaml."""

from datetime import date

import msgspec

from lienthong.catalogue.shapes import Words

FILE = "gateways/systems.yaml"


class OutsideSystem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """`holder` answers for it; `purposes` gives its own word for a service the purpose of a right; `units` are codes it
    may speak for, with what lies below, `former_province` that whose communes it may file for; `member` is its X-Road
    name.
    """

    name: Words
    holder: str
    speaks: list[str]
    purposes: dict[str, str]
    since: date
    until: date | None = None
    units: list[str] = []
    former_province: str = ""
    per_minute: int = 60
    member: str = ""
