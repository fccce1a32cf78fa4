"""Vietnamese text made comparable: how a person types it, with or without accents."""

import re
import unicodedata

_APOSTROPHES = re.compile(r"['’‘ʼ`]")
_GAPS = re.compile(r"[^0-9a-z]+")


def fold(text: str) -> str:
    """Lower case, no accents, đ as d, no apostrophes, one space between words: "Xã D’Ran" → "xa dran"."""
    letters = unicodedata.normalize("NFD", _APOSTROPHES.sub("", text.lower()).replace("đ", "d"))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _GAPS.sub(" ", bare).strip()
