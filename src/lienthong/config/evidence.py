"""`lienthong evidence ID`: one file with all that proves a message, a dossier or a read, from every side that answers.

It is checked by `lienthong verify FILE`, or anywhere by `python -m lienthong_verifier FILE`. Whose data it opens can
see so in their record of reads.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import msgspec

from lienthong.config.trouble import Trouble

HOLDERS = """
SELECT 1 FROM outbox WHERE message = %(about)s OR case_code = %(about)s
UNION ALL SELECT 1 FROM inbox WHERE message = %(about)s
UNION ALL SELECT 1 FROM journal_entry
    WHERE stream IN ('dossier/' || %(about)s, 'read/' || %(about)s, 'asked/' || %(about)s)
LIMIT 1
"""
WITHIN = 5.0


def main(arguments: list[str]) -> int:
    from lienthong.config import one_node

    parser = argparse.ArgumentParser(prog="lienthong evidence", description=__doc__.splitlines()[0])
    parser.add_argument("about", metavar="ID", help="a message's id, a dossier's code or the id of a read")
    parser.add_argument("--node", help="whose operator asks (default: the first node here that knows it)")
    parser.add_argument("--reason", default="", help="why it is wanted; stands in the log of reads")
    parser.add_argument("--output", "-o", type=Path, help="file to write (default evidence-ID.json)")
    told = parser.parse_args(arguments)
    name = told.node or one_node.holding(HOLDERS, told.about)
    if not name:
        raise Trouble(f"no node here knows {told.about}", "./lienthong trace CODE lists a dossier's messages")
    file = told.output or Path(f"evidence-{told.about}.json")
    text = gathered(one_node.opened(name), told.about, told.reason)
    file.write_text(text, encoding="utf-8")
    print(f"{file}: {len(text):,} characters from {name}; check it with ./lienthong verify {file}")
    return 0


def gathered(node: Any, about: str, reason: str = "") -> str:
    """The evidence file's text. Trouble when the node knows nothing about it."""
    from lienthong.casework import proving
    from lienthong.exchange import proof
    from lienthong.exchange.asking import Question
    from lienthong.journal import entries
    from lienthong.kit import clock
    from lienthong.kit.identifiers import new_id

    with node.database.transaction() as tx:
        found = proving.find(tx, about)
        if not found.messages and not found.streams:
            raise Trouble(f"{node.name} knows nothing about {about}", "name another node with --node")
        content = msgspec.json.encode(proving.own(tx, about, found))
        asked = {"asker": "operator", "service": proof.SERVICE, "purpose": proof.PURPOSE, "case": about}
        reads = [(person, {**asked, "register": "dossier", "fields": ["evidence"], "reason": reason})
                 for person in found.people]  # fmt: skip
        entries.append_reads(tx, f"read/{new_id()}", reads or [(None, {**asked, "reason": reason})], clock.now())
    partners = found.partners or _asked(node, found)
    questions = [Question(name, proof.SERVICE, {"about": about}, proof.PURPOSE, about) for name in partners]
    answers = dict(zip(partners, node.asker.ask_all(questions, within=WITHIN), strict=True))
    parts = [proof.signed(node, about, content), *(answer.envelope for answer in answers.values() if answer)]
    file = {
        "lienthong": "evidence",
        "version": 1,
        "about": about,
        "by": node.name,
        "at": clock.now().isoformat(),
        "directory": node.directory.document,
        "parts": [proof.as_texts(part) for part in parts],
        "silent": [name for name, answer in answers.items() if answer is None],
    }
    return _text({**file, "signature": node.seal.sign(_text(file).encode())})


def _asked(node: Any, found: Any) -> list[str]:
    """Where only a read is known: who asked it, or who was asked."""
    with node.database.transaction() as tx:
        rows = tx.all("SELECT payload FROM journal_entry WHERE stream = ANY(%s) AND number = 1", (found.streams,))
    contents = [msgspec.json.decode(row.payload) for row in rows if row.payload]
    named = {str(content.get("asker") or content.get("asked") or "") for content in contents}
    return sorted(named & set(node.directory.nodes) - {node.name})


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
