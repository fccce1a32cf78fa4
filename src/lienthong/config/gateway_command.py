"""`lienthong gateway`: which systems outside may speak at the gateway of this country, in which language, for what."""

import argparse

from lienthong.catalogue.files import of_folder, section
from lienthong.catalogue.outside import FILE, OutsideSystem
from lienthong.config import directories
from lienthong.config.bootstrap import CATALOGUE, OUTSIDE
from lienthong.config.state import State, read_json
from lienthong.config.trouble import Trouble


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lienthong gateway", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("systems", help="list them, without their secrets")
    verbs.add_parser("secret", help="print the secret of one").add_argument("system")
    told = parser.parse_args(arguments)
    state = State.open()
    return _secret(state, told.system) if told.verb == "secret" else _systems(state)


def _secret(state: State, system: str) -> int:
    for file in sorted(state.keys.glob(f"*/{OUTSIDE}")):
        if secret := read_json(file).get(system):
            print(secret)
            return 0
    raise Trouble(f"no system {system} has a secret here", "./lienthong gateway systems; ./lienthong up makes secrets")


def _systems(state: State) -> int:
    found: dict[str, OutsideSystem] = section(of_folder(CATALOGUE), FILE, "systems", dict[str, OutsideSystem])
    gates = [file.parent.name for file in state.keys.glob(f"*/{OUTSIDE}")]
    nodes = directories.published(state).nodes if gates else {}
    for name in gates:
        print(f"gateway {name}: {nodes[name].site if name in nodes else 'not published'}")
    for name, system in found.items():
        print(f"\n{name}  ({system.name.en}; {system.holder})")
        print(f"  speaks   {', '.join(system.speaks)}{'  as ' + system.member if system.member else ''}")
        print(f"  for      {', '.join(f'{word} → {purpose}' for word, purpose in system.purposes.items())}")
        print(f"  from {system.since} until {system.until or 'further notice'}, {system.per_minute} calls a minute")
    return 0
