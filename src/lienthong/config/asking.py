"""An operator's questions to every node of a running country: asked through the exchange, as the portal, and logged."""

from collections.abc import Sequence
from typing import Any

from lienthong.config import directories
from lienthong.config.state import State
from lienthong.config.trouble import Trouble
from lienthong.exchange.asking import Asker, Question
from lienthong.exchange.envelopes import Message
from lienthong.kit.signatures import SigningKey

OPERATOR = "portal"
PURPOSE = "operation"
WITHIN = 3.0


def ask_everybody(
    service: str, body: dict[str, Any], case: str, nodes: Sequence[str] | None = None
) -> dict[str, Message | None]:
    """Each node's answer, None where it is silent; of all `nodes`. Trouble when this country has never been started."""
    state = State.open()
    try:
        directory = directories.published(state)
        key = SigningKey.load(state.keys / OPERATOR / "transport.pem")
    except FileNotFoundError as missing:
        raise Trouble("there is no country here yet", "./lienthong up") from missing
    asker = Asker(OPERATOR, key, directory)
    names = list(directory.nodes if nodes is None else nodes)
    questions = [Question(name, service, body, PURPOSE, case) for name in names]
    return dict(zip(names, asker.ask_all(questions, within=WITHIN), strict=True))
