"""How Vietnam writes days, moments, money, numbers of persons, and what is left of a deadline."""

from datetime import date, datetime, timedelta

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lienthong.kit import clock

register = template.Library()

SOON = timedelta(hours=4)


@register.filter
def day(value: date | None) -> str:
    """21/11/2026; of a moment, its day in Vietnam. Nothing for None."""
    if isinstance(value, datetime):
        value = value.astimezone(clock.ZONE)
    return f"{value:%d/%m/%Y}" if value else ""


@register.filter
def moment(value: datetime | None) -> str:
    """14:05 ngày 21/11/2026, in Vietnam's time. Nothing for None."""
    if not value:
        return ""
    return _("%(time)s ngày %(day)s") % {"time": f"{value.astimezone(clock.ZONE):%H:%M}", "day": day(value)}


@register.filter
def dong(value: int | None) -> str:
    """1.250.000 ₫, with a space that does not break. Nothing for None."""
    return f"{value:,} ₫".replace(",", ".") if value is not None else ""


@register.filter
def weight(value: int | None) -> str:
    """Of a file: 240 KB, 1,2 MB. Nothing for None."""
    if value is None:
        return ""
    return f"{value / 1024 / 1024:.1f} MB".replace(".", ",") if value >= 1024 * 1024 else f"{-(-value // 1024)} KB"


@register.filter
def person_number(value: str | None) -> str:
    """068 183 001234: place, century and year, the rest; anything but twelve digits is left alone."""
    if not value or len(value) != 12 or not value.isdigit():
        return value or ""
    return f"{value[:3]} {value[3:6]} {value[6:]}"


@register.filter
def remaining(due: datetime | None) -> str:
    """còn 3 giờ, quá hạn 2 ngày: whole units, rounded down so that nothing is promised that is not there."""
    if not due:
        return ""
    left = due - clock.now()
    if left < timedelta():
        return _("quá hạn %(span)s") % {"span": span(-left)}
    return _("còn %(span)s") % {"span": span(left)}


@register.filter
def urgency(due: datetime | None) -> str:
    """`late`, `soon` (under four hours), `calm`; empty without a deadline."""
    if not due:
        return ""
    left = due - clock.now()
    return "late" if left < timedelta() else "soon" if left < SOON else "calm"


def span(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    hours, days = minutes // 60, minutes // 1440
    if days >= 2:
        return ngettext("%(n)s ngày", "%(n)s ngày", days) % {"n": days}
    if hours:
        return ngettext("%(n)s giờ", "%(n)s giờ", hours) % {"n": hours}
    return ngettext("%(n)s phút", "%(n)s phút", minutes) % {"n": minutes}
