"""Strict reading: a file is exactly as it was written, every value of the kind that is expected."""

import json
from typing import Any

from lienthong_verifier.broken import Broken, Unreadable

LARGEST = 512 * 1024 * 1024


def pretty(value: Any) -> str:
    """How an evidence file is written: one form for one content."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def compact(value: Any) -> str:
    """How a line of a journal is written."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def parse(text: str) -> dict[str, Any]:
    """Raises Unreadable when it is no JSON object."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Unreadable("not a JSON object")
    return value


def decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Broken(f"byte {error.start}", "the file is not UTF-8 text there") from error


def need_same(text: str, value: Any, where: str) -> None:
    """The text must be the one form of its content: nothing hides in spaces, doubled names or other spellings."""
    wanted = pretty(value)
    if text == wanted:
        return
    for number, (line, expected) in enumerate(zip(text.splitlines(), wanted.splitlines(), strict=False), start=1):
        if line != expected:
            raise Broken(f"{where}, line {number}", "written otherwise than an evidence file is; it was edited")
    raise Broken(where, "something stands after its end, or its end is missing")


def text_of(value: Any, name: str, where: str) -> str:
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, str):
        raise Broken(where, f"{name} is missing")
    return found


def number_of(value: Any, name: str, where: str) -> int:
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, int) or isinstance(found, bool):
        raise Broken(where, f"{name} is missing")
    return found


def list_of(value: Any, name: str, where: str) -> list[Any]:
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, list):
        raise Broken(where, f"{name} is missing")
    return found


def bytes_of(value: Any, name: str, where: str) -> bytes:
    """A value written as lower-case hexadecimal digits."""
    text = text_of(value, name, where)
    return from_hex(text, f"{where}, {name}")


def from_hex(text: Any, where: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except (ValueError, TypeError) as error:
        raise Broken(where, "no hexadecimal digits") from error
    if found.hex() != text:
        raise Broken(where, "not written as lower-case digits")
    return found
