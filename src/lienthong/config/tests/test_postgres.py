"""The embedded server: durable, recovered after a kill, run by an account that may run it."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from lienthong.config import programs
from lienthong.config.postgres import Cluster
from lienthong.config.state import HOME, State
from lienthong.config.trouble import Trouble


@contextmanager
def state_folder() -> Iterator[State]:
    root = Path(tempfile.mkdtemp(prefix="lienthong-own-"))
    root.chmod(0o711)
    state = State(root)
    for folder in (state.keys, state.log):
        folder.mkdir()
    yield state
    shutil.rmtree(root)
    shutil.rmtree(state.short, ignore_errors=True)


@pytest.fixture
def own_state() -> Iterator[State]:
    with state_folder() as state:
        yield state


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    """A server of this module's own, for it is killed here."""
    with state_folder() as state:
        cluster = Cluster(state)
        assert cluster.ensure()
        cluster.start()
        cluster.wait()
        yield cluster
        cluster.stop()


def test_what_was_committed_survives_a_killed_server(own: Cluster) -> None:
    with psycopg.connect(own.superuser(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        os.kill(own.pid or 0, signal.SIGKILL)
    while not own.has_died():
        time.sleep(0.01)
    own.start()
    own.wait()
    with psycopg.connect(own.superuser()) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)


def test_a_stale_trace_that_names_another_program_is_no_hindrance(own: Cluster) -> None:
    own.stop()
    (own.data / "postmaster.pid").write_text(f"{os.getpid()}\n{own.data}\n")
    own.start()
    own.wait()
    assert own.is_ready()


def test_a_server_that_outlived_its_supervisor_is_replaced(own: Cluster) -> None:
    orphan = own.pid
    successor = Cluster(own.state)
    assert not successor.ensure()
    successor.start()
    successor.wait()
    assert own.has_died()
    assert successor.pid != orphan
    successor.stop()
    own.start()
    own.wait()


def test_vietnamese_letters_have_lower_case(own: Cluster) -> None:
    with psycopg.connect(own.superuser()) as connection:
        assert connection.execute("SELECT lower('ĐẶNG THỊ ÁNH')").fetchone() == ("đặng thị ánh",)


def test_a_database_without_its_keys_is_left_alone_with_a_remedy(own_state: State) -> None:
    cluster = Cluster(own_state)
    cluster.ensure()
    (own_state.keys / "cluster.json").unlink()
    with pytest.raises(Trouble, match="keys"):
        cluster.ensure()
    assert (cluster.data / "PG_VERSION").exists()


def test_passwords_and_sockets_are_ours_alone(own: Cluster) -> None:
    assert stat.S_IMODE((own.state.keys / "cluster.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(own.sockets.stat().st_mode) == 0o700
    assert not (own.sockets / "superuser").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down")
def test_started_by_root_the_server_runs_as_nobody(own: Cluster) -> None:
    assert Path(f"/proc/{own.pid}").stat().st_uid == pwd.getpwnam("nobody").pw_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a home that others cannot enter")
def test_a_private_home_is_left_private_and_the_database_lies_elsewhere(own_state: State) -> None:
    own_state.root.chmod(0o700)
    cluster = Cluster(own_state)
    try:
        cluster.ensure()
        cluster.start()
        cluster.wait()
        assert stat.S_IMODE(own_state.root.stat().st_mode) == 0o700
        assert cluster.data.is_relative_to(programs.SHARED_PLACE)
        with psycopg.connect(cluster.superuser()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        cluster.stop()
        shutil.rmtree(cluster.data.parent)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
@pytest.mark.skipif(
    not all(programs.Account(1, 1).reaches(place) for place in (HOME, Path(sys.executable).resolve())),
    reason="others cannot read this checkout, or its Python",
)
def test_an_ordinary_account_makes_its_own_cluster() -> None:
    account = pwd.getpwnam("daemon")
    with tempfile.TemporaryDirectory(prefix="lienthong-daemon-") as folder:
        os.chown(folder, account.pw_uid, account.pw_gid)
        script = (
            "from lienthong.config.state import State\nfrom lienthong.config.postgres import Cluster\n"
            "import psycopg, shutil\nstate = State.open()\ncluster = Cluster(state)\ncluster.ensure()\n"
            "cluster.start()\ncluster.wait()\npsycopg.connect(cluster.superuser()).close()\ncluster.stop()\nshutil.rmtree(state.short)\n"
        )
        subprocess.run(
            [sys.executable, "-c", script], check=True, user=account.pw_uid, group=account.pw_gid, extra_groups=[],
            cwd="/", env={"PYTHONPATH": str(HOME / "src"), "LIENTHONG_STATE": f"{folder}/var", "HOME": folder},
        )  # fmt: skip


def test_programs_that_cannot_run_are_named_with_a_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIENTHONG_PG_BIN", str(tmp_path))
    with pytest.raises(Trouble, match="does not run here") as trouble:
        programs.find(programs.Account(None, None))
    assert "LIENTHONG_PG_BIN" in trouble.value.remedy
