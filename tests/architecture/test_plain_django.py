"""Plain Django: views, forms of our own, SQL. What hides who calls whom, or who writes what, stays out."""

import ast

import pytest
from tests.architecture.tree import HOME, domain, modules

FORBIDDEN = {
    "django.dispatch": "call the function by name instead of sending a signal",
    "django.db": "SQL through kit.storage; there is no ORM model in this tree",
    "django.contrib.contenttypes": "no GenericForeignKey: name the record's register and key",
    "django.contrib.auth": "people sign in through identity",
    "django.contrib.admin": "officers work in the desk",
    "rest_framework": "an exchange service is a function in config.wiring",
    "pickle": "never read what could run",
    "requests": "asks go through exchange.asking, with deadline and breaker",
}


@pytest.mark.parametrize("forbidden", FORBIDDEN)
def test_what_hides_the_way_is_not_imported(forbidden: str) -> None:
    users = [
        module.name
        for module in modules()
        if module.room != "bench"
        for name in module.imports
        if name == forbidden or name.startswith(f"{forbidden}.")
    ]
    assert users == [], FORBIDDEN[forbidden]


def test_no_model_no_signal_no_generic_key_is_defined() -> None:
    for module in modules():
        names = {n.id for n in ast.walk(module.tree) if isinstance(n, ast.Name)}
        names |= {n.attr for n in ast.walk(module.tree) if isinstance(n, ast.Attribute)}
        assert not names & {"GenericForeignKey", "Signal", "post_save", "pre_save"}, module.name
        assert "receiver" not in _called(module.tree), module.name  # as a plain name: who received a dossier
        assert not any(isinstance(n, ast.ClassDef) and _is_model(n) for n in ast.walk(module.tree)), module.name


def _called(tree: ast.Module) -> set[str]:
    """Names of what is called, and of what decorates."""
    what = [n.func for n in ast.walk(tree) if isinstance(n, ast.Call)]
    what += [one for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) for one in n.decorator_list]
    return {n.id for n in what if isinstance(n, ast.Name)} | {n.attr for n in what if isinstance(n, ast.Attribute)}


def _is_model(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Attribute) and base.attr == "Model" for base in node.bases)


def test_faces_of_a_node_do_not_know_each_other() -> None:
    """import-linter holds the layers of modules; templates and names in strings are held here."""
    for room, other in (("portal", "desk"), ("desk", "portal")):
        for module in modules():
            if module.room == room:
                assert not any(name.startswith(f"lienthong.{other}") for name in module.imports), module.name
                assert not any(text.startswith(f"{other}/") for _, text in module.strings), module.name
        for template in (HOME / "src" / "lienthong" / room / "templates").rglob("*.html"):
            assert f'"{other}/' not in template.read_text(), template


def test_every_page_of_a_face_is_guarded_or_open_for_a_reason() -> None:
    unguarded = set()
    for module in modules():
        if module.room in ("portal", "desk"):
            for function in module.tree.body:
                if isinstance(function, ast.FunctionDef) and _is_view(function) and not _guards(function):
                    unguarded.add(f"{module.name}:{function.name}")
    assert unguarded == set(), "guard it, or say with kit.web.access.public why anybody may see it"


def _is_view(function: ast.FunctionDef) -> bool:
    first = function.args.args[0].arg if function.args.args else ""
    return first == "request" and not function.name.startswith("_") and bool(function.decorator_list)


def _guards(function: ast.FunctionDef) -> set[str]:
    names = {n.id for d in function.decorator_list for n in ast.walk(d) if isinstance(n, ast.Name)}
    return names & {"citizen_required", "officer_required", "person_required", "public", "machine"}


def test_every_view_says_which_methods_it_takes() -> None:
    for module in modules():
        if module.room in ("portal", "desk"):
            for function in module.tree.body:
                if isinstance(function, ast.FunctionDef) and _is_view(function):
                    names = {n.id for d in function.decorator_list for n in ast.walk(d) if isinstance(n, ast.Name)}
                    assert any(name.startswith("require_") for name in names), f"{module.name}:{function.name}"


def test_nothing_is_evaluated_from_text() -> None:
    for module in domain():
        called = [n.func for n in ast.walk(module.tree) if isinstance(n, ast.Call)]
        names = {function.id for function in called if isinstance(function, ast.Name)}
        assert not names & {"eval", "exec", "compile", "__import__"}, module.name
