"""No page waits for another node beyond a limit of its own: every ask says within how many seconds."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "lienthong"
WEB = ("portal", "desk", "steering", "agreements")  # rooms whose asks a person waits for
LONGEST = 3.0


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        if "tests" not in path.parts and path != SOURCE / "exchange" / "asking.py":
            yield path, ast.parse(path.read_text())


def asks(tree: ast.Module) -> Iterator[ast.Call]:
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in ("ask", "ask_all"):
            whom = call.func.value
            if getattr(whom, "attr", getattr(whom, "id", "")) in ("asker", "_asker"):
                yield call


def limit(call: ast.Call) -> ast.expr | None:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "within"]
    return (named or call.args[1:2] or [None])[0]


def test_every_ask_says_within_how_long() -> None:
    found = [(path.relative_to(SOURCE), call) for path, tree in modules() for call in asks(tree)]
    assert len(found) >= 12, "the search finds the asks that there are"
    assert [f"{path}:{call.lineno}" for path, call in found if limit(call) is None] == []


def test_no_page_waits_longer_than_three_seconds() -> None:
    """What the limit's name is set to in its module; `left` is what remains of one."""
    for path, tree in modules():
        if path.relative_to(SOURCE).parts[0] not in WEB:
            continue
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        for call in asks(tree):
            named = limit(call)
            assert isinstance(named, ast.Name), f"{path}:{call.lineno}: a named limit"
            if named.id != "left":
                assert 0 < constants[named.id] <= LONGEST, f"{path}:{call.lineno}"


def test_people_are_answered_by_no_other_road() -> None:
    """Only the exchange, the sign-in's back channel, and what no page waits for open connections of their own."""
    roads = {"urllib3", "requests", "httpx", "http.client"}
    for path, tree in modules():
        if path.relative_to(SOURCE).parts[0] in WEB:
            imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
            imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
            assert path.name == "channels.py" or not roads & imported, path
