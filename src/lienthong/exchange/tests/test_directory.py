"""The directory: only what its authority signed, only forwards, and while the node runs."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lienthong.exchange import directory_document, distribution
from lienthong.exchange.directory import Directory, Entry, PublishedKey
from lienthong.exchange.directory_document import BadDirectory, Content
from lienthong.exchange.distribution import Follower
from lienthong.exchange.node import Node
from lienthong.exchange.tests.pair import Pair
from lienthong.kit.signatures import SigningKey

AUTHORITY = SigningKey.generate()
NODE_KEY = SigningKey.generate()
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


def entry(key: SigningKey = NODE_KEY, address: str = "http://a") -> Entry:
    return Entry(address, "http://a.site", [PublishedKey("transport", key.public.text, AT)])


def document(version: int = 1, nodes: dict[str, Entry] | None = None, by: SigningKey = AUTHORITY) -> bytes:
    return directory_document.sign(Content(version, AT, nodes or {"A": entry()}), by)


def raw(content: str, by: SigningKey = AUTHORITY) -> bytes:
    """A document of any words, rightly signed."""
    return b'{"signed": %s, "signature": "%s"}' % (content.encode(), by.sign(content.encode()).encode())


def code(document: bytes, above: int = 0) -> str:
    with pytest.raises(BadDirectory) as refused:
        directory_document.read(document, [AUTHORITY.public], above)
    return refused.value.code


def curve(named: ec.EllipticCurve) -> str:
    der = (
        ec.generate_private_key(named)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return base64.urlsafe_b64encode(der).rstrip(b"=").decode()


def with_key(**about: str) -> str:
    key = {"purpose": "transport", "public": NODE_KEY.public.text, "from": "2026-11-22T08:00:00Z"} | about
    nodes = {"A": {"address": "", "site": "", "keys": [key]}}
    return msgspec.json.encode({"version": 1, "issued": "2026-11-22T08:00:00Z", "nodes": nodes}).decode()


def test_what_the_authority_signed_is_read_back() -> None:
    content = directory_document.read(document(3), [SigningKey.generate().public, AUTHORITY.public])
    assert (content.version, content.nodes) == (3, {"A": entry()})


@pytest.mark.parametrize(
    ("refusal", "bad"),
    [
        ("wrong-signature", lambda: document(by=SigningKey.generate())),
        ("wrong-signature", lambda: document().replace(b"http://a", b"http://b")),
        ("unsigned", lambda: b'{"demo": false, "nodes": {}}'),
        ("unsigned", lambda: b'{"signed": {"version": 1}}'),
        ("malformed", lambda: b"\xff"),
        ("malformed", lambda: b"[]"),
        ("malformed", lambda: b"[" * 100_000),
        ("malformed", lambda: raw('{"version": 0, "issued": "2026-11-22T08:00:00Z", "nodes": {}}')),
        ("malformed", lambda: raw('{"version": 1, "issued": "2026-11-22T08:00:00", "nodes": {}}')),
        ("malformed", lambda: raw(with_key().replace('{"A":', '{"A": {"address": "", "site": "", "keys": []}, "A":'))),
        ("wrong", lambda: raw(with_key(public=curve(ec.SECP384R1())))),
        ("wrong", lambda: raw(with_key(public=curve(ec.SECP256K1())))),
        ("wrong", lambda: raw(with_key(public="AAAA"))),
        ("wrong", lambda: raw(with_key(until="2026-11-21T08:00:00Z"))),
        ("wrong", lambda: raw(with_key(purpose="tls"))),
        ("wrong", lambda: raw(msgspec.json.encode(Content(1, AT, {"A": entry(), "B": entry()})).decode())),
        ("wrong", lambda: raw(msgspec.json.encode(Content(1, AT, {"A": entry(address="https://a")})).decode())),
    ],
)  # fmt: skip
def test_what_is_not_to_be_believed_is_refused_by_name(refusal: str, bad: Callable[[], bytes]) -> None:
    assert code(bad()) == refusal


def test_versions_go_up_only() -> None:
    assert code(document(3), above=3) == "older"
    assert code(document(2), above=3) == "older"
    assert directory_document.read(document(4), [AUTHORITY.public], above=3).version == 4


def test_the_authority_signs_nothing_that_no_node_would_take_over() -> None:
    with pytest.raises(BadDirectory, match="purpose"):
        document(nodes={"A": Entry("", "", [PublishedKey("transprot", NODE_KEY.public.text)])})
    with pytest.raises(BadDirectory, match="twice"):
        document(nodes={"A": entry(), "B": entry()})


def test_the_key_that_signed_last_is_tried_first(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [SigningKey.generate() for _ in range(3)]
    known = Directory({"A": Entry("", "", [PublishedKey("transport", key.public.text) for key in keys])})
    signature = keys[0].sign(b"x")
    assert known.signer("A", "transport", b"x", signature) is not None
    tried = []
    monkeypatch.setattr(
        "lienthong.kit.signatures.VerifyKey.verify",
        lambda key, *_: tried.append(key.text) or True,  # type: ignore[func-returns-value]
    )
    known.signer("A", "transport", b"x", signature)
    assert tried == [keys[0].public.text]


# ---------------------------------------------------------------------- while a node runs


class Followed:
    """The pair's B over a signed directory in a file; A's word is taken from another, newer one."""

    def __init__(self, pair: Pair, file: Path) -> None:
        self.pair, self.file = pair, file
        nodes = dict(pair.directory.nodes)
        self.nodes = nodes
        self.write(1, nodes)
        loaded = directory_document.load(file, [AUTHORITY.public])
        self.b: Node = pair.b
        self.b.directory = self.b.asker._directory = loaded
        self.b.asker.lines._directory = loaded
        self.follower = Follower(self.b, file, [AUTHORITY.public])

    def write(self, version: int, nodes: dict[str, Entry], by: SigningKey = AUTHORITY) -> None:
        draft = self.file.with_suffix(".draft")
        draft.write_bytes(document(version, nodes, by))
        draft.replace(self.file)

    def with_new_key(self, version: int) -> tuple[SigningKey, bytes]:
        """A next version in which A has one key more."""
        key = SigningKey.generate()
        known = self.nodes["A"]
        more = msgspec.structs.replace(known, keys=[*known.keys, PublishedKey("transport", key.public.text)])
        return key, document(version, {**self.nodes, "A": more})


@pytest.fixture
def followed(pair: Pair, tmp_path: Path) -> "Followed":
    before = pair.b.directory
    with pair.b.database.transaction() as tx:
        last = tx.value("SELECT coalesce(max(version), 0) FROM directory_version")
    assert last == 0, "each of these tests begins with nothing kept"
    yield Followed(pair, tmp_path / "directory.json")
    pair.b.directory = pair.b.asker._directory = pair.b.asker.lines._directory = before


@pytest.fixture(autouse=True)
def nothing_kept(pair: Pair, node_database: Callable[[str], object]) -> None:
    import psycopg

    with psycopg.connect(node_database("G01").owner) as owner:
        owner.execute("TRUNCATE directory_version")


def test_a_new_version_of_the_file_is_taken_over_and_kept(followed: Followed) -> None:
    _, newer = followed.with_new_key(2)
    followed.file.write_bytes(newer)
    followed.follower.look()
    assert followed.b.directory.version == 2
    assert len(followed.b.directory.keys("A", "transport")) == 2
    with followed.b.database.transaction() as tx:
        assert tx.value("SELECT document FROM directory_version WHERE version = 2").encode() == newer


@pytest.mark.parametrize("bad", ["forged", "older", "rubbish", "without-us"])
def test_a_file_that_is_not_to_be_believed_changes_nothing_and_is_named(
    followed: Followed, caplog: pytest.LogCaptureFixture, bad: str
) -> None:
    followed.write(5, followed.nodes)
    followed.follower.look()
    others = {name: one for name, one in followed.nodes.items() if name != "B"}
    followed.file.write_bytes(
        {
            "forged": document(6, followed.nodes, SigningKey.generate()),
            "older": document(4, followed.nodes),
            "rubbish": b"{",
            "without-us": document(6, others),
        }[bad]
    )
    followed.follower.look()
    assert followed.b.directory.version == 5
    named = {"forged": "wrong-signature", "older": "older", "rubbish": "malformed", "without-us": "B is not in it"}[bad]
    assert named in caplog.text
    followed.write(7, followed.nodes)
    followed.follower.look()
    assert followed.b.directory.version == 7


def test_after_a_restart_an_older_file_does_not_come_into_force(followed: Followed) -> None:
    followed.write(9, followed.nodes)
    followed.follower.look()
    followed.write(8, followed.nodes)
    followed.b.directory = directory_document.load(followed.file, [AUTHORITY.public])
    again = Follower(followed.b, followed.file, [AUTHORITY.public])
    assert followed.b.directory.version == 8
    again.look()
    assert followed.b.directory.version == 9


def test_a_message_signed_with_an_unknown_key_fetches_the_directory_before_it_is_refused(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, newer = followed.with_new_key(2)
    asked = []

    class Body:
        body = msgspec.json.encode({"version": 2, "document": newer.decode()})

    monkeypatch.setattr(followed.b.asker, "fetch", lambda question, within: asked.append(question) or Body())
    pair = followed.pair
    assert [pair.said(one) for one in pair.receive(pair.envelope(key))] == ["done"]
    assert [question.recipient for question in asked] == ["A"]


def test_strangers_cannot_make_a_node_ask_all_the_time(followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Nothing:
        body = b'{"version": 1, "document": ""}'

    monkeypatch.setattr(followed.b.asker, "fetch", lambda question, within: asked.append(question) or Nothing())
    pair = followed.pair
    forged = [pair.envelope(SigningKey.generate()) for _ in range(5)] + [pair.envelope(sender="Z")]
    said = [pair.said(receipt) for receipt in pair.receive(*forged)]
    assert said == ["bad-signature"] * 5 + ["unknown-sender"]
    assert len(asked) == 1


def test_a_partner_hands_on_its_document_only_where_it_is_newer(pair: Pair) -> None:
    newer = Directory(pair.directory.nodes, version=4, document="{}")

    class Asking:
        body: dict[str, object]

    def answered(version: object) -> dict[str, object]:
        asking = Asking()
        asking.body = {"version": version}
        node = type("N", (), {"directory": newer})
        return distribution.current(node, None, asking).body  # type: ignore[arg-type]

    assert answered(3) == {"version": 4, "document": "{}"}
    assert answered(4) == answered(5) == answered("x") == {"version": 4, "document": ""}
