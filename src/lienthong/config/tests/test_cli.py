"""The command line and the launcher: usage, refusals, remedies."""

import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

from lienthong.config import bootstrap, cli
from lienthong.config.state import HOME, State, running, sole_instance, write_json
from lienthong.config.trouble import Trouble
from lienthong.exchange import directory_document
from lienthong.exchange.directory import Entry
from lienthong.exchange.directory_document import Content
from lienthong.kit import clock
from lienthong.kit.signatures import SigningKey


def call(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "lienthong.config.cli", *arguments],
        env={**os.environ, "PYTHONPATH": str(HOME / "src"), **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["up", "--nonsense"], ["clock", "soon"], ["up", "--people", "0"]]
)
def test_what_is_not_understood_gets_the_usage_and_exit_2(arguments: list[str]) -> None:
    told = call(*arguments)
    assert told.returncode == 2
    assert told.stderr.startswith("usage: lienthong")


@pytest.mark.parametrize(
    ("text", "meant"),
    [("+2d", timedelta(days=2)), ("-3h", timedelta(hours=-3)), ("+30m", timedelta(minutes=30)), ("reset", "reset")],
)
def test_durations(text: str, meant: timedelta | str) -> None:
    assert cli.parser().parse_args(["clock", "--", text]).by == meant


def test_the_clock_of_the_demo_country_moves_and_returns(tmp_path: Path) -> None:
    here = {"LIENTHONG_STATE": str(tmp_path)}
    assert "moved by 2 days" in call("clock", "+2d", **here).stdout
    assert "moved by 1 day, 21:00:00" in call("clock", "-3h", **here).stdout
    assert "real time" in call("clock", "reset", **here).stdout


def test_a_node_alone_refuses_a_demo_directory(tmp_path: Path) -> None:
    authority = SigningKey.generate()
    content = Content(1, clock.now(), {"G01": Entry("http://g01", "http://g01", [])}, demo=True)
    (tmp_path / "directory.json").write_bytes(directory_document.sign(content, authority))
    told = call(
        "node", "G01", DATABASE_URL="postgresql://", LIENTHONG_KEY="k", LIENTHONG_SEAL_KEY="s", LIENTHONG_SECRET="x",
        LIENTHONG_CATALOGUE="c", LIENTHONG_DIRECTORY=str(tmp_path / "directory.json"),
        LIENTHONG_DIRECTORY_KEY=authority.public.text,
    )  # fmt: skip
    assert told.returncode == 1
    assert "demo directory" in told.stderr
    assert "remedy" in told.stderr


def test_a_node_alone_names_every_setting_it_misses() -> None:
    told = call("node", "G01", DATABASE_URL="")
    assert told.returncode == 1
    assert "DATABASE_URL" in told.stderr
    assert "LIENTHONG_SEAL_KEY" in told.stderr


def test_a_key_is_private_printed_by_its_public_half_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "node.pem"
    first = call("key", "generate", str(file))
    assert first.stdout.strip() == SigningKey.load(file).public.text
    assert file.stat().st_mode & 0o077 == 0
    kept = file.read_bytes()
    assert call("key", "generate", str(file)).returncode == 1
    assert file.read_bytes() == kept


def test_two_supervisors_cannot_hold_one_country(tmp_path: Path) -> None:
    script = (
        "import time\nfrom lienthong.config.state import State, sole_instance\n"
        "with sole_instance(State.open()):\n print('held', flush=True)\n time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(HOME / "src"), "LIENTHONG_STATE": str(tmp_path)},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with holder:
        assert holder.stdout
        holder.stdout.readline()
        state = State(tmp_path)
        assert running(state) == holder.pid
        with pytest.raises(Trouble, match=str(holder.pid)), sole_instance(state):
            pass
        holder.kill()
    assert running(state) is None


def test_keys_are_made_once_and_the_directory_follows_the_port(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.keys.mkdir()
    bootstrap.ensure_keys(state, bootstrap.places(8600))
    first = json.loads(state.directory.read_text())["signed"]
    bootstrap.ensure_keys(state, bootstrap.places(8700))
    second = json.loads(state.directory.read_text())["signed"]
    assert first["demo"] is True
    assert (first["version"], second["version"]) == (1, 2)
    assert second["nodes"]["portal"]["site"] == "http://portal.localhost:8700"
    assert {name: node["keys"] for name, node in first["nodes"].items()} == {
        name: node["keys"] for name, node in second["nodes"].items()
    }
    assert {key["purpose"] for key in first["nodes"]["H36"]["keys"]} == {"transport", "seal"}
    assert all(file.stat().st_mode & 0o077 == 0 for file in state.keys.glob("*/*"))


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"k": 1})
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"k": object()})
    assert json.loads((tmp_path / "a.json").read_text()) == {"k": 1}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_state_folder_without_permission_is_named_with_a_remedy(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    told = call("status", LIENTHONG_STATE=str(tmp_path / "var"))
    assert "no permission" in told.stderr
    assert "LIENTHONG_STATE" in told.stderr


# ---------------------------------------------------------------------- the launcher


@pytest.fixture(scope="module")
def launcher() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("launcher", str(HOME / "lienthong"))
    spec = importlib.util.spec_from_loader("launcher", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("output", "named"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("[Errno 13] Permission denied: 'x'", "no permission"),
        ("WARNING: Retrying … NewConnectionError", "cannot be reached"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "differs from the hash"),
        ("ERROR: No matching distribution found for x", "no build for this machine"),
        ("something else", "pip failed"),
    ],
)
def test_the_launcher_names_why_an_installation_failed(launcher: ModuleType, output: str, named: str) -> None:
    with pytest.raises(SystemExit, match=named) as ended:
        launcher.explain(output, "pip failed", "read on")
    assert "remedy" in str(ended.value)


def test_the_launcher_names_a_python_without_venv(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(launcher, "PYTHON", tmp_path / "none")
    monkeypatch.setattr(launcher.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        launcher.make_venv()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_pinned_by_hash_and_no_index_is_named(name: str) -> None:
    text = (HOME / name).read_text()
    assert "://" not in text
    entries = text.replace("\\\n", " ").splitlines()
    pinned = [entry for entry in entries if "==" in entry and not entry.lstrip().startswith("#")]
    assert pinned
    assert all("--hash=sha256:" in entry for entry in pinned)


def test_every_direct_dependency_carries_its_reason() -> None:
    text = (HOME / "pyproject.toml").read_text()
    for block in (text.split("dependencies = [")[1].split("\n]")[0], text.split("dev = [")[1].split("\n]")[0]):
        for line in filter(None, map(str.strip, block.splitlines())):
            assert line.startswith('"')
            assert "#" in line, f"say in one line why we need {line}"
