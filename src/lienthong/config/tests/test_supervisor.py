"""Children: started again when killed, gone when the supervisor is gone, refused a port that is taken."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lienthong.config.children import Child
from lienthong.config.state import HOME
from lienthong.config.supervisor import Door, demand_free
from lienthong.config.trouble import Trouble

SCRIPT = """
import http.server, os, sys, time
from pathlib import Path
from lienthong.config.children import Child
from lienthong.config.supervisor import Door, Supervisor

class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{os.getpid()} {os.environ.get('SECRET')} {os.environ.get('OUTSIDE')}".encode())

port, log = int(sys.argv[1]), Path(sys.argv[2])
serve = lambda: http.server.HTTPServer(("127.0.0.1", port), Healthy).serve_forever()
web = Child("web", log, lambda: {"SECRET": "ours"}, serve)
watcher = Supervisor([web], [Door("web", "127.0.0.1", port)])
watcher.start()
print("ready", flush=True)
watcher.watch()
watcher.stop()
print("stopped", flush=True)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def answer(port: int) -> list[str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().read().decode().split()
    finally:
        connection.close()


def eventually(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def running(tmp_path: Path) -> "Iterator[tuple[subprocess.Popen[str], int]]":
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(HOME / "src"), "OUTSIDE": "not for children"}
    started = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(port), str(tmp_path / "web.log")],
        stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert started.stdout
    assert started.stdout.readline() == "ready\n"
    yield started, port
    started.kill()
    started.wait()
    started.stdout.close()


def test_a_killed_child_is_started_again(running: "tuple[subprocess.Popen[str], int]") -> None:
    _, port = running
    before = answer(port)[0]
    os.kill(int(before), signal.SIGKILL)
    door = Door("web", "127.0.0.1", port)
    assert eventually(door.is_healthy)
    assert answer(port)[0] != before


def test_a_child_sees_its_own_environment_only(running: "tuple[subprocess.Popen[str], int]") -> None:
    assert answer(running[1])[1:] == ["ours", "None"]


def test_a_killed_supervisor_leaves_no_orphan_on_the_port(running: "tuple[subprocess.Popen[str], int]") -> None:
    supervisor, port = running
    supervisor.kill()
    assert eventually(Door("web", "127.0.0.1", port).is_free)


def test_asked_to_stop_it_stops_its_children_first(running: "tuple[subprocess.Popen[str], int]") -> None:
    supervisor, port = running
    began = time.monotonic()
    supervisor.terminate()
    assert supervisor.wait(10) == 0
    assert time.monotonic() - began < 3
    assert supervisor.stdout
    assert supervisor.stdout.read() == "stopped\n"
    assert Door("web", "127.0.0.1", port).is_free()


def test_a_busy_port_is_named_with_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(Trouble, match=f"port {port} is taken") as trouble:
            demand_free([Door("portal", "127.0.0.1", port)])
    assert "--port" in trouble.value.remedy


def test_a_child_that_never_starts_is_told_with_its_last_words(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom lienthong.config.children import Child\n"
        "from lienthong.config.supervisor import Door, Supervisor\nfrom lienthong.config.trouble import Trouble\n"
        "def body(): raise RuntimeError('the key is missing')\n"
        "watcher = Supervisor([Child('web', Path(sys.argv[1]), dict, body)], [Door('web', '127.0.0.1', 9)])\n"
        "try:\n    watcher.start()\nexcept Trouble as trouble:\n    print(trouble.what)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "web.log")],
        env={**os.environ, "PYTHONPATH": str(HOME / "src")}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "web does not start" in told
    assert "the key is missing" in told


def test_pauses_between_failures_grow_to_a_limit() -> None:
    child = Child("x", Path(os.devnull), dict, lambda: None)
    pauses = []
    for _ in range(12):
        child.pid = os.posix_spawnp("true", ["true"], os.environ)
        child.started = time.monotonic()
        assert eventually(child.reap)
        pauses.append(child.due - time.monotonic())
    assert pauses[0] < 0.2
    assert 4 < pauses[-1] <= 5
