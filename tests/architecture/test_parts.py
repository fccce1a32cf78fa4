"""Settings, dependencies and data: each is named once, with its reason."""

import re
import tomllib

import pytest
from tests.architecture.tree import HOME, modules

from lienthong.config import environment
from lienthong.config.databases import APPEND_ONLY

PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text())
OF_COMMANDS = {
    "LIENTHONG_STATE": "where the country in a box keeps its state",
    "LIENTHONG_PG_BIN": "PostgreSQL's programs, where they are not the embedded ones",
    "LIENTHONG_BEGAN": "when the launcher began, for the seconds that `up` tells",
    "DATABASE_OWNER_URL": "a single node's database through its owner, for migrations",
}


def test_every_setting_has_a_help_text_and_stands_once() -> None:
    names = [setting.name for setting in environment.SETTINGS]
    assert len(names) == len(set(names))
    for setting in environment.SETTINGS:
        assert len(setting.help.split()) >= 4, f"{setting.name}: say what it is"
        assert setting.help.isprintable()


def test_every_variable_that_is_read_is_listed() -> None:
    named = re.compile(r"(LIENTHONG|DATABASE)_[A-Z_]+")
    read = {text for m in modules() for _, text in m.strings if named.fullmatch(text)}
    assert read == {setting.name for setting in environment.SETTINGS} | set(OF_COMMANDS)


def test_a_setting_that_must_be_set_is_named_with_its_help_when_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIENTHONG_KEY", raising=False)
    with pytest.raises(KeyError, match="transport key"):
        environment.value("LIENTHONG_KEY")


def _listed(section: str) -> list[str]:
    """The lines of a list in pyproject.toml, as written."""
    text = (HOME / "pyproject.toml").read_text()
    start = text.index(f"{section} = [") + len(section) + 4
    return [line.strip() for line in text[start : text.index("\n]", start)].splitlines() if line.strip()]


@pytest.mark.parametrize("section", ["dependencies", "dev"])
def test_every_direct_dependency_has_its_reason_beside_it(section: str) -> None:
    for line in _listed(section):
        package, _, reason = line.partition("#")
        assert package.strip().startswith('"'), line
        assert len(reason.split()) >= 1, f"{package.strip()} stands without a reason"


def test_direct_dependencies_are_few_and_pinned_with_hashes() -> None:
    wanted = PROJECT["project"]["dependencies"]
    assert len(wanted) <= 20
    pinned = (HOME / "requirements.txt").read_text().lower()
    for dependency in wanted:
        package = re.match(r"[A-Za-z0-9-]+", dependency)
        assert package
        assert re.search(rf"^{package[0].lower()}(\[[a-z,]+\])?==", pinned, re.MULTILINE), dependency
    assert pinned.count("--hash=sha256:") >= pinned.count("==")


def test_every_lint_exception_has_its_reason() -> None:
    inside = re.search(r"^ignore = \[(.*?)^\]", (HOME / "pyproject.toml").read_text(), re.MULTILINE | re.DOTALL)
    assert inside
    for line in inside[1].strip().splitlines():
        assert "#" in line, line


def test_the_tables_that_only_grow_are_named() -> None:
    assert {"journal_entry", "seal", "inbox"} <= set(APPEND_ONLY)


def test_no_path_or_host_of_a_machine_is_in_the_tree() -> None:
    for module in modules():
        for line, text in module.strings:
            assert not re.search(r"/(home|root|work|Users)/", text), f"{module.name}:{line}"
