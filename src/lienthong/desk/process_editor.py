"""What desk/process_editor.html shows: the draft's rows with every choice, and what is wrong at the very cell."""

from collections.abc import Iterable, Mapping
from typing import Any

from lienthong.casework import words
from lienthong.catalogue.process_check import Problem, first_judged, hours_allowed, total_hours
from lienthong.catalogue.shapes import Service, Step
from lienthong.desk import pages, process_words
from lienthong.desk.process_table import COMPARISONS, VERBS, Asked, Row, Table, process_of
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer

_OF_ONE_CELL = {"register": "verb", "result": "verb", "step": "vi", "straight_through": "verb"}


def shown(node: Node, service: Service, table: Table, problems: Iterable[Problem], officer: Officer) -> dict[str, Any]:
    """The table as a form."""
    found = list(problems)
    process = process_of(table, service)
    first = first_judged(process)
    at = {(problem.row, _cell(problem.column)): problem for problem in reversed(found)}
    return {
        "symbol": table.symbol,
        "rows": [
            _row(node, service, table, place, row, step, at, first)
            for place, (row, step) in enumerate(zip(table.rows, process.steps, strict=True))
        ],
        "errors": [_summary(table, problem) for problem in found],
        "of_table": [
            _say(problem) for problem in found if problem.row < 0 and problem.column not in ("symbol", "hours")
        ],
        "symbol_error": _error(at, -1, "symbol"),
        "hours_error": _error(at, -1, "hours"),
        "total": total_hours(process),
        "allowed": hours_allowed(service),
        "choices": _choices(node, service, table, officer),
    }


def _choices(node: Node, service: Service, table: Table, officer: Officer) -> dict[str, Any]:
    """The closed lists, the same for each row. Opinions are asked in a unit that the form names, in the administrator's
    own (the agency's seat), or where they were asked before."""
    labels = {name: process_words.field_label(node, service, name) for name in service.form.fields}
    terms = service.terms or node.catalogue.terms
    units = [n for n, field in service.form.fields.items() if field.term in terms and terms[field.term].type == "unit"]
    return {
        "roles": process_words.roles(),
        "fields": sorted(labels.items(), key=lambda one: one[1].lower()),
        "units": [(name, labels[name]) for name in units],
        "asked_units": [(f"${name}", labels[name]) for name in units],
        "places": [(unit, pages.place(node, unit)) for unit in sorted(officer.units | _asked_in(table))],
        "comparisons": [(name, process_words.COMPARISONS[name]) for name in COMPARISONS],
        "silences": list(process_words.SILENCES.items()),
    }


def _row(
    node: Node, service: Service, table: Table, place: int, row: Row, step: Step,
    at: Mapping[tuple[int, str], Problem], first: int,
) -> dict[str, Any]:  # fmt: skip
    """One line; `first` is the place of the first judgement, which like those around it is for every dossier."""
    origin = _origin(service, row)
    fixed = bool(origin and (origin.register or origin.result))
    columns = ("vi", "en", "verb", "role", "hours", "rule", "when", "unit", "refused_to", "asks")
    errors = {column: _error(at, place, column) for column in columns}
    more = {"rule", "when", "unit", "en"}
    return {
        "key": row.key,
        "number": place + 1,
        "row": row,
        "code": row.step,
        "errors": errors,
        "is_first": place == 0,
        "is_last": place == len(table.rows) - 1,
        "for_some": first < place < len(table.rows) - 1 or bool(row.when_field),
        "by_machine": step.verb in ("record", "issue"),
        "fixed": fixed,
        "verbs": [(verb, process_words.VERBS[verb]) for verb in _verbs(origin, row)],
        "gives": _gives(node, step),
        "automatic": origin.straight_through if origin and origin.verb == step.verb else "",
        "earlier": [(o.step, o.vi) for o in table.rows[:place] if o.verb in ("check", "decide") and o.step],
        "consults": step.verb == "consult",
        "asks": [_asked(row, place, n, one, at) for n, one in enumerate(row.asks)],
        "open": any(errors[column] for column in more) or (not row.rule and not fixed),
        "when": process_words.condition(node, service, step.when),
        "values": _values(node, service, row.when_field),
        "summary": _summary_of(node, service, step),
    }


def _asked_in(table: Table) -> set[str]:
    return {one.unit for row in table.rows for one in row.asks if one.unit and not one.unit.startswith("$")}


def _origin(service: Service, row: Row) -> Step | None:
    tables = (service.process, *((service.model,) if service.model else ()))
    return next((step for table in tables for step in table.steps if step.step == row.of), None)


def _verbs(origin: Step | None, row: Row) -> list[str]:
    """A new step is done by people; what enters a record or issues a result is the procedure's and stays so."""
    if origin and origin.verb in ("record", "issue"):
        return [origin.verb]
    by_people = [verb for verb in VERBS if verb not in ("record", "issue")]
    return by_people if row.verb in by_people else [*by_people, row.verb]


def _gives(node: Node, step: Step) -> str:
    register = node.catalogue.registers.get(step.register)
    return register.name.in_language(pages.language()) if register else step.register or step.result


def _values(node: Node, service: Service, field: str) -> list[tuple[str, str]]:
    """The codes that the chosen field can have, with their meanings."""
    asked = service.form.fields.get(field)
    term = (service.terms or node.catalogue.terms).get(asked.term) if asked else None
    return [(code, said.in_language(pages.language())) for code, said in term.codes.items()] if term else []


def _summary_of(node: Node, service: Service, step: Step) -> str:
    """What a row's folded part says, in one line."""
    said = [words.cited(step.rule)]
    if step.when:
        said.append(f"{process_words.COLUMNS['when']}: {process_words.condition(node, service, step.when)}")
    if step.unit:
        said.append(f"{process_words.COLUMNS['unit']}: {process_words.field_label(node, service, step.unit)}")
    return " · ".join(part for part in said if part)


def _asked(row: Row, place: int, number: int, one: Asked, at: Mapping[tuple[int, str], Problem]) -> dict[str, Any]:
    columns = ("role", "days", "unit", "vi", "en")
    return {
        "id": f"{row.key}.{number}",
        "number": number,
        "asked": one,
        "errors": {column: _error(at, place, f"asks.{number}.{column}") for column in columns},
    }


def _cell(column: str) -> str:
    return _OF_ONE_CELL.get(column, column)


def _error(at: Mapping[tuple[int, str], Problem], row: int, column: str) -> str:
    problem = at.get((row, column))
    return _say(problem) if problem else ""


def _say(problem: Problem) -> str:
    return problem.words.in_language(pages.language())


def _summary(table: Table, problem: Problem) -> dict[str, str]:
    """A line of the summary on top; its id is that of the cell (without `f-`)."""
    if problem.row < 0:
        shown = problem.column if problem.column in ("symbol", "hours") else "table"
        return {"id": shown, "message": _say(problem)}
    row = table.rows[problem.row]
    said = f"{problem.row + 1}. {row.vi or row.step or '–'}: {_say(problem)}"
    if not problem.column.startswith("asks."):
        return {"id": f"{_cell(problem.column)}.{row.key}", "message": said}
    _, place, column = problem.column.split(".")
    return {"id": f"ask.{row.key}.{place}.{column}", "message": said}
