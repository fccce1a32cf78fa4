"""The disk of every node's database is full: what writes is refused clearly, nothing is half done, and with room again
everything goes on where it was.

The country lies on a small file system of its own. Needs root to mount one; elsewhere it is skipped and says so.
"""

import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from lienthong.bench.delivering import PUBLISHER, TOGETHER, Publisher
from lienthong.bench.driver import Country, until

pytestmark = pytest.mark.long

PEOPLE, SIZE, AT = 500, "1400m", "G15"
FIRST = "SELECT substr(stream, 6) AS task FROM journal_entry WHERE stream LIKE %s AND number = 1"
PAGES = ("/", "/services", "/verify", "/sign-in", "/status")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    for folder in (place, *place.parents[:3]):
        folder.chmod(0o755)  # the database server may run under another account
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0755", "none", place], check=True)
    except (subprocess.CalledProcessError, FileNotFoundError) as missing:
        pytest.skip(f"no file system of a size of its own here: {missing}")
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(place: Path) -> Path:
    """A file that takes what room is left."""
    ballast, block = place / "ballast", b"\0" * (1 << 20)
    with ballast.open("ab", buffering=0) as out, suppress(OSError):
        while out.write(block) == len(block):
            pass
        while out.write(b"\0" * 512):
            pass
    return ballast


def answer(url: str) -> tuple[int, str]:
    request = urllib.request.Request(url, headers={"Accept-Language": "vi"})
    try:
        with urllib.request.urlopen(request, timeout=30) as page:
            return page.status, ""
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode(errors="replace")


def refused(publisher: Publisher) -> list[str]:
    """Send until nothing is taken any more; the events of the transaction that was refused."""
    while True:
        before = len(publisher.sent.get(AT, []))
        try:
            publisher.send(TOGETHER, [AT])
        except (psycopg.Error, PoolTimeout):
            lost = publisher.sent[AT][before:]
            del publisher.sent[AT][before:]
            return lost


def test_a_full_disk_refuses_clearly_and_room_brings_everything_back(small: Path) -> None:
    with Country(PEOPLE) as country:
        country.up()
        publisher = Publisher.of(country)
        try:
            publisher.send(TOGETHER, [AT])
            publisher.settled()
            ballast = fill(small)
            doubtful = refused(publisher)
            door = f"http://127.0.0.1:{country.places[PUBLISHER].port}"
            pages = {path: answer(door + path) for path in PAGES}
            print("\nfull: " + ", ".join(f"{path} {status}" for path, (status, _) in pages.items()))
            assert {status for status, _ in pages.values()} <= {200, 302, 404, 503}
            assert all("tạm dừng" in text for status, text in pages.values() if status == 503)
            ballast.unlink()
            until(lambda: _goes_on(publisher), 120, "writing again", pause=0.5)
            publisher.settled(180)
            with country.looking(AT) as tx:
                found = [row.task for row in tx.all(FIRST, (f"task/bench/{publisher.mark}/%",))]
            print(f"{len(found)} effects of {len(publisher.sent[AT])} accepted events; {len(doubtful)} were refused")
            assert len(found) == len(set(found))
            assert set(publisher.sent[AT]) <= set(found) <= {*publisher.sent[AT], *doubtful}
            assert not country.command("stuck").count("task.open")
        finally:
            publisher.close()


def _goes_on(publisher: Publisher) -> bool:
    before = len(publisher.sent[AT])
    try:
        publisher.send(1, [AT])
    except (psycopg.Error, PoolTimeout):
        del publisher.sent[AT][before:]
        return False
    return True
