"""One declared birth and what its people do, over the country of a test."""

from collections.abc import Callable
from functools import partial
from typing import Any

from lienthong.casework import dossiers, journey, parents, tasks
from lienthong.casework.dossiers import Content, Dossier
from lienthong.casework.states import derive
from lienthong.casework.tests.country import CHAIR, CHECKER, DI_LINH, Country, in_node
from lienthong.catalogue import forms
from lienthong.identity.types import Account, Officer, Post
from lienthong.journal import entries
from lienthong.kit import clock

SERVICE = "interlinked/birth-residence-card"
RECEIVER = Officer("068080000003", "Trần Thị Nhận", (Post("reception_officer", DI_LINH),))
POLICE = Officer("068080000004", "Phạm Văn Trú", (Post("residence_officer", DI_LINH),))
INSURER = Officer("068080000005", "Đỗ Thị Thẻ", (Post("insurance_officer", "68"),))
STEWARD = Officer("068080000006", "Võ Thị Gốc", (Post("data_steward", "68"),))


class Case:
    """One declared birth, and what its people do."""

    def __init__(
        self, country: Country, number: int, corrections: list[dict[str, Any]] | None = None, **changed: Any
    ) -> None:
        self.country, self.portal = country, country.nodes["portal"]
        head = changed.pop("householder", f"0681950{number:05d}")
        self.mother: Account = country.family(number, householder=head)
        self.father = f"0680920{number:05d}"
        self.code = f"000.00.01.G22-261122-01{number:04d}"
        declared = {
            "notice_number": f"GCS.68009.2026.{number:06d}", "child_name": "K’ Brêm", "birth_date": "2026-11-12",
            "gender": "male", "birth_place": "68009", "ethnicity": "mother", "hometown": "mother",
            "mother_number": self.mother.number, "mother_name": "Ka Wẽn", "mother_birth_date": "1995-04-02",
            "mother_ethnicity": "16", "mother_nationality": "VN", "mother_hometown": DI_LINH,
            "residence_unit": DI_LINH, "birth_unit": DI_LINH, "residence_address": "Thôn 3",
            "household": f"HK68{number:08d}", "householder_number": head, "householder_name": "Ka Wẽn",
            "relation": "child", "facility": "68009", "requester_number": self.mother.number,
            "requester_name": "Ka Wẽn", "pledge": True, **self._of_form(), **changed,
        }  # fmt: skip
        service = self.portal.catalogue.service(SERVICE)
        proofs = country.submitted(self.mother, self.code, self.father, head)
        said = {k: v for k, v in declared.items() if k in service.form.fields and v is not None}
        content = Content(said, evidence=list(proofs))
        errors = forms.check(service.form, self.portal.catalogue.terms, content.declared, clock.today())
        for field in [field for field, error in errors.items() if error == "not-asked"]:
            del content.declared[field]
        in_node(
            self.portal,
            lambda tx: parents.submit(
                self.portal, tx, service, code=self.code, applicant=self.mother.number, content=content,
                corrections=corrections,
            ),
        )  # fmt: skip
        country.deliver()
        assert "refused" not in self.states().values(), errors

    def _of_form(self) -> dict[str, Any]:
        return {
            "parents": "mother", "requester_relation": "mother", "mother_papers": "number",
            "birth_at": "facility", "surname_after": "mother",
            "lives_with": "mother", "registered_at": "mother", "wants_identity_card": "no", "support": "no",
            "delivery_birth": "electronic", "delivery_residence": "electronic", "delivery_card": "electronic",
            "keep_in_store": "yes", "birth_count": "1", "birth_order": "1",
        }  # fmt: skip

    @property
    def parent(self) -> Dossier:
        found = in_node(self.portal, lambda tx: dossiers.load(tx, self.code))
        assert found is not None
        return found

    def branch(self, node: str = "H36", name: str = "birth") -> Dossier:
        sql = "SELECT code FROM dossier WHERE parent = %s AND branch = %s"
        place = self.country.nodes[node]
        code = in_node(place, lambda tx: tx.value(sql, (self.code, name)))
        found = in_node(place, lambda tx: dossiers.load(tx, str(code)))
        assert found is not None
        return found

    def at(self, node: str, act: Callable[..., Any], officer: Officer, *more: Any, branch: str = "birth") -> Any:
        place, code = self.country.nodes[node], self.branch(node, branch).identity.code
        done = in_node(place, lambda tx: act(place, tx, code, officer, *more))
        self.country.deliver()
        return done

    def decide(self) -> None:
        if self.branch().state.step == "receive":
            self.at("H36", journey.receive_dossier, RECEIVER)
        self.at("H36", journey.check, CHECKER)
        self.at("H36", journey.decide, CHAIR)

    def states(self) -> dict[str, str]:
        return {name: branch.state for name, branch in self.parent.state.branches.items()}

    def count(self, node: str, sql: str, *params: Any) -> int:
        return int(in_node(self.country.nodes[node], lambda tx: tx.value(sql, params)))

    def verify(self) -> None:
        """Every dossier of the case is what its acts amount to, and every chain holds."""
        for node in self.country.nodes.values():
            with node.database.transaction() as tx:
                rows = tx.all("SELECT code FROM dossier WHERE code = %s OR parent = %s", (self.code, self.code))
                for row in rows:
                    found = dossiers.load(tx, row.code)
                    assert found is not None
                    service = node.catalogue.service(found.identity.service, found.identity.revision)
                    revisions = partial(node.catalogue.service, service.slug)
                    assert derive(service, dossiers.acts(tx, row.code), revisions) == found.state
                    entries.verify_stream(tx, found.identity.stream, found.chain)


def only_task(country: Country, node: str, officer: Officer, kind: str, case: str) -> tasks.Task:
    found = in_node(country.nodes[node], lambda tx: tasks.mine(tx, officer))
    return next(task for task in found if task.kind == kind and task.case == case)
