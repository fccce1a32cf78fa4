"""An operator's questions to every node of a running country: asked through the exchange, as the portal, and logged."""

from lienthong.config.state import State
from lienthong.config.trouble import Trouble
from lienthong.exchange.asking import Asker, Question
from lienthong.exchange.directory import Directory
from lienthong.exchange.envelopes import Message
from lienthong.kit.signatures import SigningKey

OPERATOR = "portal"
PURPOSE = "operation"
WITHIN = 3.0


def ask_everybody(service: str, body: dict[str, str], case: str) -> dict[str, Message | None]:
    """Each node's answer, or None where it is silent. Trouble when this country has never been started."""
    state = State.open()
    try:
        directory = Directory.load(state.directory)
        key = SigningKey.load(state.keys / OPERATOR / "transport.pem")
    except FileNotFoundError as missing:
        raise Trouble("there is no country here yet", "./lienthong up") from missing
    asker = Asker(OPERATOR, key, directory)
    names = list(directory.nodes)
    questions = [Question(name, service, body, PURPOSE, case) for name in names]
    return dict(zip(names, asker.ask_all(questions, within=WITHIN), strict=True))
