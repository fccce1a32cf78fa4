"""What a check says when something does not hold."""


class Broken(Exception):
    """The first broken link: where it is, and in plain words what was expected and what is there."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where, self.what = where, what


class Unreadable(Exception):
    """Not a file of ours, or not whole enough to be looked at."""


def differs(where: str, what: str, expected: str, found: str) -> Broken:
    """One value should be another."""
    return Broken(where, f"{what} should be {_short(expected)}, is {_short(found)}")


def _short(value: str) -> str:
    return value if len(value) <= 40 else f"{value[:16]}…{value[-8:]}"
