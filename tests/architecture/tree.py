"""The source tree as text and syntax, for rules about it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

HOME = Path(__file__).parents[2]
SOURCE = HOME / "src" / "lienthong"
DOMAIN = (
    "kit",
    "journal",
    "territory",
    "catalogue",
    "identity",
    "exchange",
    "documents",
    "registers",
    "agreements",
    "casework",
    "portal",
    "desk",
    "steering",
    "gateways",
)


@dataclass(frozen=True)
class Module:
    path: Path

    @property
    def name(self) -> str:
        """From the source folder: `casework/journey.py`."""
        return self.path.relative_to(SOURCE).as_posix()

    @property
    def room(self) -> str:
        return self.name.split("/")[0]

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def imports(self) -> Iterator[str]:
        """Every module imported, wherever the statement stands."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        yield from (n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))

    @property
    def strings(self) -> Iterator[tuple[int, str]]:
        """String constants that are no docstrings, with their lines."""
        told = {
            id(node.body[0].value)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
                yield node.lineno, node.value


@cache
def modules(*, tests: bool = False) -> tuple[Module, ...]:
    """Every module of the package; its tests only when asked for."""
    found = [Module(path) for path in sorted(SOURCE.rglob("*.py"))]
    return tuple(m for m in found if tests or ("tests" not in m.path.parts and m.path.name != "conftest.py"))


def domain() -> list[Module]:
    return [module for module in modules() if module.room in DOMAIN]
