"""Keep `locale/en` whole: every Vietnamese text of templates and Python has its English, compiled as written.

`python scripts/messages.py` adds texts that are new (empty, to be translated), drops those no longer said, compiles.
`python scripts/messages.py --check` changes nothing and fails with a list of what is missing. Texts that are data
(names of services, agencies, fields) carry their English in the catalogue, not here.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polib
from django.conf import settings
from django.utils.translation.template import templatize

ROOMS = Path(__file__).parents[1] / "src/lienthong"
ENGLISH = ROOMS / "locale/en/LC_MESSAGES/django.po"
METADATA = {
    "Content-Type": "text/plain; charset=utf-8",
    "Language": "en",
    "Plural-Forms": "nplurals=2; plural=(n != 1);",
}
CALLS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "ngettext": 2, "ngettext_lazy": 2}
LITERAL = r"""u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
TEMPLATE_CALL = re.compile(rf"\bn?gettext\({LITERAL}(?:,\s*{LITERAL})?")


class Message(NamedTuple):
    """A text to translate; `plural` is empty for texts that count nothing."""

    text: str
    plural: str = ""


def main() -> int:
    said = spoken()
    if "--check" in sys.argv:
        faults = missing(said)
        print("\n".join(faults) or "every text has its English")
        return 1 if faults else 0
    catalogue = updated(said)
    catalogue.save(str(ENGLISH))
    catalogue.save_as_mofile(str(ENGLISH.with_suffix(".mo")))
    untranslated = [entry.msgid for entry in catalogue if not entry.translated()]
    print("\n".join(untranslated) or f"{len(catalogue)} texts, all in English")
    return 0


def spoken() -> dict[Message, list[str]]:
    """Every text of the tree, in order, with the files that say it."""
    places: dict[Message, list[str]] = {}
    for path in sorted([*ROOMS.rglob("*.html"), *ROOMS.rglob("*.py")]):
        if "tests" not in path.parts:
            read = in_template if path.suffix == ".html" else in_python
            for message in read(path.read_text("utf-8")):
                places.setdefault(message, []).append(path.relative_to(ROOMS).as_posix())
    return dict(sorted(places.items()))


def in_template(source: str) -> Iterator[Message]:
    if not settings.configured:
        settings.configure()
    for found in TEMPLATE_CALL.finditer(templatize(source)):
        yield Message(*(ast.literal_eval(literal) for literal in found.groups() if literal))


def in_python(source: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (count := CALLS.get(called(node.func))):
            texts = [one.value for one in node.args[:count] if isinstance(one, ast.Constant)]
            if len(texts) == count and all(isinstance(text, str) for text in texts):
                yield Message(*map(str, texts))


def called(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def updated(said: dict[Message, list[str]]) -> polib.POFile:
    written = {entry.msgid: entry for entry in (polib.pofile(str(ENGLISH)) if ENGLISH.exists() else ())}
    catalogue = polib.POFile(wrapwidth=120)
    catalogue.metadata = METADATA
    for message, places in said.items():
        entry = written.get(message.text) or polib.POEntry(msgid=message.text)
        entry.msgid_plural = message.plural
        if message.plural and not entry.msgstr_plural:
            entry.msgstr_plural = {0: "", 1: ""}
        entry.occurrences = [(place, "") for place in sorted(set(places))]
        # gettext checks placeholders only where it is told that there are some.
        entry.flags = ["python-format"] if re.search(r"%\(\w+\)s", message.text) else []
        catalogue.append(entry)
    return catalogue


def missing(said: dict[Message, list[str]]) -> list[str]:
    """What is wrong with the English, one line each: untranslated, other placeholders, left over, not compiled."""
    written = {entry.msgid: entry for entry in polib.pofile(str(ENGLISH))}
    compiled = {entry.msgid: entry for entry in polib.mofile(str(ENGLISH.with_suffix(".mo")))}
    faults = [f"left over: {text}" for text in written.keys() - {message.text for message in said}]
    for message, places in said.items():
        entry = written.get(message.text)
        english = [*entry.msgstr_plural.values(), entry.msgstr] if entry else []
        if not entry or not entry.translated():
            faults.append(f"no English: {message.text} ({places[0]})")
        elif any(placeholders(text) != placeholders(message.text) for text in english if text):
            faults.append(f"other placeholders: {message.text}")
        elif message.text not in compiled or compiled[message.text].msgstr != entry.msgstr:
            faults.append(f"not compiled: {message.text}")
    return faults


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))


if __name__ == "__main__":
    sys.exit(main())
