"""Two clocks: how long the reception point has to pass a dossier on, and from when the unit that decides has its time.

(Decree 118/2025/NĐ-CP, Art. 17 and 18, as amended by 309/2026/NĐ-CP: the time of the decision begins when the competent
agency has received it.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import Act
from lienthong.kit.web.templatetags.vietnam import moment


@dataclass(frozen=True)
class Clocks:
    """`point` took it in and passes it on by `pass_by`; `unit` has it since `arrived_at` and decides by `promised`."""

    point: str
    unit: str
    pass_by: datetime | None
    arrived_at: datetime | None
    promised: datetime | None

    @property
    def passed_late(self) -> bool:
        return bool(self.pass_by and self.arrived_at and self.arrived_at > self.pass_by)


def of(dossier: Dossier, acts: Sequence[Act]) -> Clocks | None:
    """The two clocks of a dossier that was taken in for another unit; None for any other."""
    identity = dossier.identity
    if not identity.intake or not identity.unit:
        return None
    forward = next((act for act in reversed(acts) if act.verb == "forward"), None)
    arrive = next((act for act in reversed(acts) if act.verb == "arrive"), None)
    promised = dossier.state.deadline if arrive else None
    return Clocks(
        identity.intake, identity.unit, forward.due if forward else None, arrive.at if arrive else None, promised
    )


def in_words(clocks: Clocks, point: str, unit: str) -> list[str]:
    """Both clocks as anybody can read them; `point` and `unit` by their names."""
    if clocks.arrived_at is None:
        by = moment(clocks.pass_by) if clocks.pass_by else ""
        first = _("%(point)s đã nhận hồ sơ và chuyển tới %(unit)s, chậm nhất %(by)s.")
        second = _(
            "Thời hạn giải quyết bắt đầu khi %(unit)s nhận được; khi ấy ngày hẹn trả được tính lại và báo cho bạn."
        )
        return [first % {"point": point, "unit": unit, "by": by}, second % {"unit": unit}]
    first = _("%(point)s nhận hồ sơ; %(unit)s có hồ sơ từ %(at)s.")
    second = _("Thời hạn giải quyết tính từ lúc đó; hẹn trả chậm nhất %(due)s.")
    return [
        first % {"point": point, "unit": unit, "at": moment(clocks.arrived_at)},
        second % {"due": moment(clocks.promised) if clocks.promised else "–"},
    ]
