"""`lienthong verify FILE…`: checks evidence files and exported journals; without a file, every journal of this country.

The checking is `lienthong_verifier`'s, which knows nothing of lienthong and runs anywhere.
"""

import sys

from lienthong_verifier import journals
from lienthong_verifier.__main__ import BROKEN, PROVEN
from lienthong_verifier.__main__ import main as verify
from lienthong_verifier.broken import Broken


def main(arguments: list[str]) -> int:
    if arguments:
        return verify(arguments)
    return running()


def running() -> int:
    """Check every journal of this country as it stands in its database, under the keys of the present directory."""
    from lienthong.config import directories, one_node
    from lienthong.config.journal import exported
    from lienthong.config.state import State

    authority = directories.authority(State.open()).public.text
    worst = PROVEN
    for name in one_node.names():
        try:
            print(journals.check((line.encode() for line in exported(name)), authority=authority).text())
        except Broken as broken:
            print(f"BROKEN  {name}\n  {broken}")
            worst = BROKEN
        sys.stdout.flush()
    return worst
