"""What waits because of a story: what `lienthong stuck` tells, without the work that the demo's own dossiers make."""

from lienthong.bench.driver import Country


def known_cases(country: Country) -> set[str]:
    """Every dossier that stands at some node by now."""
    found: set[str] = set()
    for node in country.places:
        with country.looking(node) as tx:
            if tx.value("SELECT to_regclass('dossier') IS NOT NULL"):
                found |= {row.code for row in tx.all("SELECT code FROM dossier")}
    return found


def waits(country: Country, known: set[str]) -> list[str]:
    """The lines about anything but those cases: a step, a message, a record, a task, a node that does not answer."""
    told = country.command("stuck").splitlines()
    assert told[-1] == "nothing waits" or told[-1] == f"{len(told) - 1} waiting" or "does not answer" in "".join(told)
    return [line for line in told[:-1] if not known & set(line.split())]
