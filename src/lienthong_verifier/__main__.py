"""`python -m lienthong_verifier FILE…`: exits with 0 when everything holds, 1 at a broken link, 2 for another file."""

import argparse
import sys
from pathlib import Path

from lienthong_verifier import evidence, journals
from lienthong_verifier.broken import Broken, Unreadable
from lienthong_verifier.reading import LARGEST, decoded
from lienthong_verifier.report import Report
from lienthong_verifier.signing import Directory

PROVEN, BROKEN, UNREADABLE = 0, 1, 2


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lienthong verify", description="Check evidence files and journals offline.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="an evidence file or an exported journal")
    parser.add_argument("--directory", type=Path, help="the directory of keys to believe, instead of the one inside")
    parser.add_argument(
        "--authority", default="", help="the directory authority's public key: its signature is checked"
    )
    told = parser.parse_args(arguments)
    try:
        keys = Directory(told.directory.read_text(), told.authority) if told.directory else None
    except (OSError, ValueError, Broken, Unreadable) as error:
        print(f"unreadable: {told.directory}: {error}")
        return UNREADABLE
    return max(_one(file, keys, told.authority) for file in told.files)


def _one(file: Path, keys: Directory | None, authority: str) -> int:
    try:
        print(check(file, keys, authority).text())
    except Broken as broken:
        print(f"BROKEN  {file}\n  {broken}")
        return BROKEN
    except (OSError, Unreadable) as error:
        print(f"unreadable: {file}: {error}")
        return UNREADABLE
    return PROVEN


def check(file: Path, keys: Directory | None = None, authority: str = "") -> Report:
    """Raises Broken, Unreadable, OSError."""
    with file.open("rb") as opened:
        first = opened.readline(LARGEST)
        if first.strip() == b"{":  # an evidence file is written over many lines, a journal is one object a line
            return evidence.check(decoded(first + opened.read(LARGEST)), keys, authority)
        opened.seek(0)
        return journals.check(opened, keys, authority)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
