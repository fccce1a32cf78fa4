"""What the registers say now that they did not say at filing: told apart from what the applicant declared otherwise."""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from lienthong.catalogue.shapes import Field
from lienthong.desk import pages
from lienthong.desk.comparison import Evidence, label_of, source_of
from lienthong.kit.clock import ZONE
from lienthong.registers.comparing import held, same
from lienthong.registers.wording import shown


@dataclass(frozen=True)
class Change:
    """A value at its source: as it was signed at filing, and as it stands."""

    label: str
    section: str
    source: str
    then: str
    then_at: datetime | None
    now: str


@dataclass(frozen=True)
class Changed:
    """`compared` values at their sources; `silent` are the sources that did not say how it stands now."""

    changes: list[Change] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    compared: int = 0
    since: datetime | None = None
    asked_at: datetime | None = None


def since_filing(evidence: Evidence) -> Changed | None:
    """None for a dossier that came without signed answers: nothing was on record to change."""
    filed = evidence.filed
    if not filed.rows:
        return None
    silent = [name for name in filed.rows if name not in evidence.present]
    found, compared = [], 0
    for section in evidence.form.sections:
        title = section.title.in_language(pages.language())
        for spec in section.fields.values():
            look_up = spec.source.partition(".")[0]
            if look_up in filed.rows and look_up not in silent:
                compared += 1
                change = _change(evidence, spec, title)
                found += [change] if change else []
    since = min(filed.at.values()).astimezone(ZONE) if filed.at else None
    return Changed(found, _sources(evidence, silent), compared, since, evidence.asked_at)


def _change(evidence: Evidence, spec: Field, section: str) -> Change | None:
    node, language = evidence.node, pages.language()
    look_up, _dot, column = spec.source.partition(".")
    term, present = node.catalogue.terms[spec.term], evidence.present[look_up]
    then, now = held(evidence.filed.rows[look_up], column, term), held(present, column, term)
    if same(then or "", now or ""):
        return None
    nothing = _("(không còn bản ghi)") if present is None else _("(không ghi)")
    words = [shown(node, term, value, language) if value else "" for value in (then, now)]
    at = evidence.filed.at[look_up].astimezone(ZONE)
    label, source = label_of(evidence, spec), source_of(evidence, look_up)
    return Change(label, section, source, words[0] or _("(không ghi)"), at, words[1] or nothing)


def _sources(evidence: Evidence, look_ups: list[str]) -> list[str]:
    return list(dict.fromkeys(source_of(evidence, name) for name in look_ups))
