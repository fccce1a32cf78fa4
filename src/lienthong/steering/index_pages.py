"""What the pages of Index 766 show: the score with its groups, every indicator, the same by unit, field and procedure,
each beside the year before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lienthong.casework import words
from lienthong.catalogue.indicators import OF_DOSSIERS, Version
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx
from lienthong.steering import index_asked, index_scores, index_sources, index_sums
from lienthong.steering.index_asked import Asked, sector_of
from lienthong.steering.index_scores import GroupScore, Score, Scored
from lienthong.steering.index_sums import Grid, Period, Sums
from lienthong.steering.wording import sector_name

SET: Final = "766"
Named = Callable[[str], str]


@dataclass(frozen=True)
class Standing:
    """How everything stood in a period: the sums, and the measures of others."""

    grid: Grid
    others: Mapping[str, int | None]
    version: Version

    def score(self, grid: Grid | None = None) -> Score:
        """Of everything, or of some sums of it."""
        sums = (grid or self.grid).total
        return index_scores.score(self.version, lambda name: self._count(sums, name))

    def _count(self, sums: Sums, name: str) -> int | None:
        return sums[name] if name in OF_DOSSIERS else self.others.get(name)


def standing(node: Node, tx: Tx, asked: Asked, period: Period | None = None) -> Standing | None:
    """Of the period asked for, or of another one with the same place, field and procedure; None where no version of the
    score set was in force."""
    scores, wanted = node.catalogue.scores.get(SET), period or asked.period
    version = scores.on(wanted.until) if scores else None
    if version is None:
        return None
    now = asked.now if period is None else None
    whole = index_sums.grid(tx, wanted, now=now, units=[asked.unit] if asked.unit else None)
    grid = Grid({key: sums for key, sums in whole.cells.items() if asked.takes(*key)})
    return Standing(grid, index_sources.values(node, tx, wanted, grid, asked.takes), version)


def page(node: Node, officer: Officer, asked: Asked, now: Standing, before: Standing | None) -> dict[str, Any]:
    """Context of steering/index.html."""
    score, then = now.score(), before.score() if before else None
    return {
        "points": plain(score.points),
        "measured": plain(score.measured),
        "total": plain(sum((group.most for group in score.version.groups), Decimal(0))),
        "basis": words.cited(score.version.basis),
        "version_since": score.version.since,
        "change": _change(score.points, then.points if then and then.measured == score.measured else None),
        "groups": [_group(one, _same_group(then, one)) for one in score.groups],
        "indicators": [_section(node, officer, asked, one, then) for one in score.groups],
        "tables": _tables(node, asked, now, before),
    }


def frame(request: HttpRequest, node: Node, asked: Asked, here: str) -> dict[str, Any]:
    """What every steering page for officers shows around its figures: where one is, and the question to change."""
    language = get_language() or "vi"
    officer: Officer = request.officer  # type: ignore[attr-defined]
    services = [(slug, service) for slug, service in node.catalogue.services.items() if _is_decided(node, slug)]
    return {
        "here": here,
        "role_line": "; ".join(words.role_name(post.role) for post in officer.posts[:2]),
        "asked": asked,
        "query": asked.query(),
        "spans": [
            {"label": label, "url": f"?{replace(asked, known=asked.until).query(span=span, since='', until='')}",
             "current": asked.span == span}
            for span, label in (("month", _("Tháng này")), ("quarter", _("Quý này")), ("year", _("Năm nay")))
        ],
        "units": [(one.code, one.title) for one in node.territory.units()] if node.catalogue.card.units else [],
        "sectors": sorted({(sector_of(slug), sector_name(sector_of(slug))) for slug, _one in services}),
        "services": [(slug, one.card.short.in_language(language)) for slug, one in services],
        "is_past": asked.now is None,
        "corrected": asked.known != asked.until,
        "as_known_now": f"?{asked.query(known=request_day(asked))}" if asked.now is None else "",
    }  # fmt: skip


def request_day(asked: Asked) -> str:
    """A day after all others: «as known today»."""
    return "9999-12-31"


def _is_decided(node: Node, slug: str) -> bool:
    service = node.catalogue.services[slug]
    return service.card.handled_by == node.name and not service.branches


# ---------------------------------------------------------------------- the score


def _same_group(score: Score | None, group: GroupScore) -> GroupScore | None:
    found = score.groups if score else []
    return next((one for one in found if one.group.group == group.group.group), None)


def _group(group: GroupScore, before: GroupScore | None) -> dict[str, Any]:
    most = group.group.most
    then = before.points if before and before.measured else None
    return {
        "name": group.group.name.in_language(get_language() or "vi"),
        "id": group.group.group,
        "points": plain(group.points) if group.measured else "–",
        "most": plain(most),
        "measured": plain(group.measured),
        "is_whole": group.measured == most,
        "width": _width(group.points, most),
        "width_before": _width(then, most) if then is not None else None,
        "before": plain(then) if then is not None else "–",
        "change": _change(group.points, then if before and before.measured == group.measured else None),
    }


def _width(points: Decimal, most: Decimal) -> str:
    """Of a bar, 0 to 100, as SVG writes numbers."""
    return f"{points / most * 100:.1f}" if most else "0"


def _change(now: Decimal, before: Decimal | None) -> str:
    if before is None:
        return "–"
    return f"{'+' if now > before else ''}{plain(now - before)}"


def _section(node: Node, officer: Officer, asked: Asked, group: GroupScore, then: Score | None) -> dict[str, Any]:
    rows = [_indicator(officer, asked, one, _then(then, one)) for one in group.indicators]
    return {"name": group.group.name.in_language(get_language() or "vi"), "id": group.group.group, "rows": rows}


def _then(score: Score | None, one: Scored) -> Scored | None:
    names = {found.indicator.indicator for group in score.groups for found in group.indicators} if score else set()
    return score.of(one.indicator.indicator) if score and one.indicator.indicator in names else None


def _indicator(officer: Officer, asked: Asked, one: Scored, before: Scored | None) -> dict[str, Any]:
    language, what = get_language() or "vi", one.indicator
    opens = what.opens and one.ratio is not None and _may_list(officer, asked)
    return {
        "id": what.indicator,
        "name": what.name.in_language(language),
        "says": what.says.in_language(language) if what.says else "",
        "part": _count(one.part, what.shown),
        "of": _count(one.of),
        "ratio": shown(one),
        "points": plain(one.points) if one.points is not None else "–",
        "most": plain(what.most) if what.most else "",
        "before": shown(before) if before else "–",
        "url": _listing(asked, what.opens) if opens else "",
    }


def _may_list(officer: Officer, asked: Asked) -> bool:
    return index_asked.may_list(officer, asked.unit)


def _listing(asked: Asked, measures: list[str]) -> str:
    return f"{reverse('index_dossiers')}?{asked.query(measures=','.join(measures))}"


def grouped(value: int) -> str:
    """1.234.567, or 1,234,567."""
    return str(number_format(value, force_grouping=True))


def _count(value: int | None, shown_as: str = "share") -> str:
    return "–" if value is None else grouped(value // 60 if shown_as == "hours" else value)


def shown(one: Scored) -> str:
    """A ratio as people read it: 92,31 %, or hours."""
    if one.ratio is None:
        return "–"
    if one.indicator.shown == "hours":
        return _("%(n)s giờ đồng hồ") % {"n": number_format(index_scores.rounded(one.ratio / 60, 1))}
    return f"{number_format(index_scores.rounded(one.ratio * 100))} %"


def percent(part: int, of: int) -> str:
    return f"{number_format(index_scores.rounded(Decimal(100 * part) / of))} %" if of else "–"


def plain(value: Decimal) -> str:
    """Points without idle zeros: 71,25; 18; 6,5."""
    text = f"{index_scores.rounded(value):f}"
    return str(number_format(Decimal(text.rstrip("0").rstrip(".") if "." in text else text)))


# ---------------------------------------------------------------------- by place, field, procedure


def _tables(node: Node, asked: Asked, now: Standing, before: Standing | None) -> list[dict[str, Any]]:
    language = get_language() or "vi"
    tables = []
    if not asked.services:
        tables.append(_table(_("Theo lĩnh vực"), asked, now, before, "sector", lambda unit, service: sector_of(service),
                             sector_name))  # fmt: skip
    if not asked.service:
        tables.append(_table(_("Theo thủ tục"), asked, now, before, "service", lambda unit, service: service,
                             lambda slug: service_name(node, slug, language)))  # fmt: skip
    if not asked.unit and node.catalogue.card.units:
        tables.append(_table(_("Theo xã, phường"), asked, now, before, "unit", lambda unit, service: unit,
                             lambda unit: place_name(node, unit)))  # fmt: skip
    return tables


def _table(
    title: str, asked: Asked, now: Standing, before: Standing | None, kind: str,
    group: Callable[[str, str], str], name: Callable[[str], str],
) -> dict[str, Any]:  # fmt: skip
    """Rows by points, the fewest first: there is most to do."""
    then = parts(before.grid, group) if before else {}
    rows = []
    for key, grid in parts(now.grid, group).items():
        score, sums = now.score(grid), grid.total
        needed, late = sums["carried"] + sums["received"], sums["late"] + sums["late_open"]
        if not needed:
            continue
        earlier = then[key].total if key in then else index_sums.NOTHING
        needed_then = earlier["carried"] + earlier["received"]
        rows.append({
            "name": name(key),
            "url": f"?{asked.query(**{kind: key})}" if key else "",
            "needed": grouped(needed),
            "done": grouped(sums["early"] + sums["on_time"] + sums["late"]),
            "late": grouped(late),
            "in_time": percent(needed - late, needed),
            "in_time_before": percent(needed_then - earlier["late"] - earlier["late_open"], needed_then),
            "online": percent(sums["online"], sums["received"]),
            "results": percent(sums["e_results"], sums["results"]),
            "points": plain(score.points),
            "order": score.points,
            "width": _width(score.points, Decimal(100)),
        })  # fmt: skip
    rows.sort(key=lambda row: (row["order"], row["name"]))
    return {"title": title, "rows": rows}


def parts(grid: Grid, group: Callable[[str, str], str]) -> dict[str, Grid]:
    """The grid in parts, by what `group` says of each cell."""
    found: dict[str, dict[tuple[str, str], Sums]] = {}
    for (unit, service), sums in grid.cells.items():
        found.setdefault(group(unit, service), {})[unit, service] = sums
    return {key: Grid(cells) for key, cells in found.items()}


def place_name(node: Node, unit: str) -> str:
    try:
        return node.territory.unit(unit).title
    except KeyError:
        return unit or node.catalogue.card.name.in_language(get_language() or "vi")


def service_name(node: Node, slug: str, language: str) -> str:
    service = node.catalogue.services.get(slug)
    return service.card.short.in_language(language) if service else slug


def desk_url(code: str) -> str:
    """Where a dossier opens at the desk; empty where the node has none."""
    try:
        return reverse("dossier", args=[code])
    except NoReverseMatch:
        return ""
