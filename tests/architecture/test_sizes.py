"""Files and functions stay small enough to read; an exception has a reason."""

from statistics import median

from tests.architecture.tree import DOMAIN, SOURCE, Module, modules

LONGEST_FILE, LONGEST_FUNCTION = 400, 50
FILES: dict[str, str] = {}
FUNCTIONS: dict[str, str] = {}


def length(module: Module) -> int:
    return len(module.text.splitlines())


def test_files_are_short() -> None:
    long = {module.name: length(module) for module in modules(tests=True)}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE and name not in FILES} == {}
    assert median(long.values()) <= 115


def test_functions_are_short() -> None:
    long = {
        f"{module.name}:{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for module in modules()
        for function in module.functions
    }
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FUNCTION and name not in FUNCTIONS} == {}
    assert median(long.values()) <= 10


def test_an_exception_that_is_no_longer_needed_is_taken_off_the_list() -> None:
    names = {module.name for module in modules(tests=True) if length(module) > LONGEST_FILE}
    assert set(FILES) <= names
    assert all(reason.strip() for reason in (*FILES.values(), *FUNCTIONS.values()))


def test_every_room_says_what_it_is_for() -> None:
    for module in modules():
        docstring = module.tree.body[0] if module.tree.body else None
        assert docstring is not None or not module.text, module.name
        if module.text:
            assert module.text.startswith('"""'), f"{module.name} begins without saying what it is for"
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert set(DOMAIN) <= rooms


def test_imports_stand_at_the_top_outside_config_and_tests() -> None:
    """Ruff's PLC0415 says the same; this one also counts `importlib.import_module`."""
    hidden = [m.name for m in modules() if m.room not in ("config", "bench") and "import_module(" in m.text]
    assert hidden == []
