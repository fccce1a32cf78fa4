"""A tax office whose own database is joined, with the nodes around it; rows are written as its old programs would."""

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from lienthong.casework.tests.country import Country
from lienthong.catalogue.mappings import Joining
from lienthong.exchange.asking import Question
from lienthong.journal import feeds, sealer
from lienthong.registers import capturing

TAX, NAME = "G12-tax", "taxpayers"
_DEFAULTS = {
    "HO_TEN": "NGUYEN VAN BINH", "NGAY_SINH": "02/04/1980", "GIOI_TINH": "1", "DIA_CHI": "THON 3", "TT_ID": 1,
    "CQT_QL": "68001", "NGAY_CAP": "20110315", "NGAY_SUA": "2020-01-01 08:00:00",
}  # fmt: skip


class Taxes:
    """`country` has the tax office, the population office and who collects contributions."""

    def __init__(self, node_database: Callable[[str], Any], folder: Path) -> None:
        self.country = Country(node_database, folder, ("G01", "BHXH", TAX))
        self.node = self.country.nodes[TAX]
        self.owner = psycopg.connect(node_database(TAX).owner, autocommit=True)
        self.run = node_database(TAX).run
        self.register = self.node.catalogue.owned[NAME]
        self.declared = self.node.catalogue.joinings[NAME]
        self._numbers = count(1)
        states = [(1, "00"), (2, "10")]
        for row in states:
            self.owner.execute('INSERT INTO qlt."DM_TRANG_THAI" ("ID", "MA") VALUES (%s, %s)', row)

    def close(self) -> None:
        self.owner.close()
        self.country.close()

    def begin(self, **changes: Any) -> None:
        """Join anew, as the mapping says or with changes of it. Keys are not used again: the journal goes on."""
        self.owner.execute('TRUNCATE qlt."NNT_CA_NHAN", qlt."NNT_GIAY_TO"')
        self.owner.execute("DELETE FROM joined_row; DELETE FROM joined_register; DELETE FROM joined_change")
        joining: Joining = msgspec.structs.replace(self.declared, **changes)
        self.node.catalogue.joinings = {NAME: joining}

    def look(self, **more: Any) -> int:
        return capturing.look(self.node, NAME, **more)

    def taxpayer(self, *papers: tuple[str, str], **columns: Any) -> str:
        """A row with its papers (kind, number); its tax code."""
        code = f"8{next(self._numbers):09d}"
        self.write(code, columns)
        for kind, number in papers:
            self.paper(code, kind, number)
        return code

    def write(self, code: str, columns: dict[str, Any], link: Any = None) -> None:
        row = {"MST": code, **_DEFAULTS, **columns}
        names, places = ", ".join(f'"{name}"' for name in row), ", ".join(["%s"] * len(row))
        into = f'INSERT INTO qlt."NNT_CA_NHAN" ({names}) VALUES ({places})'
        (link or self.owner).execute(into.encode(), list(row.values()))

    def paper(self, code: str, kind: str, number: str) -> None:
        into = 'INSERT INTO qlt."NNT_GIAY_TO" ("ID", "MST", "LOAI_GT", "SO_GT") VALUES (%s, %s, %s, %s)'
        self.owner.execute(into, (next(self._numbers), code, kind, number))

    def change(self, code: str, column: str, value: Any, mark: str = "now()") -> None:
        change = f'UPDATE qlt."NNT_CA_NHAN" SET "{column}" = %s, "NGAY_SUA" = {mark} WHERE "MST" = %s'
        self.owner.execute(change.encode(), (value, code))

    def remove(self, code: str) -> None:
        self.owner.execute('DELETE FROM qlt."NNT_CA_NHAN" WHERE "MST" = %s', (code,))

    def ask(self, service: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """The tax office's answer to who collects contributions."""
        answer = self.country.nodes["BHXH"].asker.ask(Question(TAX, service, body, "contributions", "T-1"))
        return answer.body if answer else None

    def told(self, codes: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
        """What the feed says of these records, in order: (key, fields or why it was withdrawn)."""
        with self.node.database.transaction() as tx:
            sealer.seal_ready(tx)
        with self.node.database.transaction() as tx:
            rows = [msgspec.json.decode(row.payload) for _, row in feeds.page(tx, NAME, 0, 500)]
        return [(row["key"], row.get("fields", {"withdrawn": 1})) for row in rows if row["key"] in codes]
