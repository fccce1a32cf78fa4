"""Working time: which days are worked, when a limit ends, how much of it is left.

Moments are aware datetimes in Vietnamese time; limits are whole working days or working hours.
"""

from datetime import date, datetime, time, timedelta

import msgspec

from lienthong.kit.clock import ZONE


class WorkCalendar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Office hours, the hour after which a reception counts for the next day, days off, Saturdays worked instead."""

    hours: list[tuple[str, str]]
    cut_off: str
    days_off: list[tuple[date, str]]
    working_days: list[tuple[date, str]] = []

    def is_worked(self, day: date) -> bool:
        if any(day == made_up for made_up, _ in self.working_days):
            return True
        return day.weekday() < 5 and all(day != off for off, _ in self.days_off)

    def next_worked(self, day: date) -> date:
        """The first working day after a day."""
        day += timedelta(days=1)
        while not self.is_worked(day):
            day += timedelta(days=1)
        return day

    def counted_from(self, received: datetime) -> date:
        """The day a reception counts from: its own, or the next working day after the cut-off or on a day off."""
        received = received.astimezone(ZONE)
        if self.is_worked(received.date()) and received.time() <= time.fromisoformat(self.cut_off):
            return received.date()
        return self.next_worked(received.date())

    def due(self, received: datetime, working_days: int) -> datetime:
        """The end of a limit in working days: the close of office hours on its last day."""
        day = self.counted_from(received)
        for _ in range(working_days):
            day = self.next_worked(day)
        return datetime.combine(day, self._closing, ZONE)

    def due_hours(self, received: datetime, hours: int) -> datetime:
        """The end of a limit in clock hours of which only those on working days count.

        What arrives after the cut-off or on a day off counts from the opening of the next working day.
        """
        received = received.astimezone(ZONE)
        day = self.counted_from(received)
        start = received if day == received.date() else datetime.combine(day, self._opening, ZONE)
        for _ in range(hours // 24):
            day = self.next_worked(day)
        end = datetime.combine(day, start.timetz()) + timedelta(hours=hours % 24)
        if self.is_worked(end.date()):
            return end
        return datetime.combine(self.next_worked(end.date()), end.timetz())

    def after_hours(self, start: datetime, working_hours: float) -> datetime:
        """The moment at which so many working hours have passed since `start`."""
        left = timedelta(hours=working_hours)
        moment = start.astimezone(ZONE)
        day = moment.date() if self.is_worked(moment.date()) else self.next_worked(moment.date())
        while True:
            for opens, closes in self._spans(day):
                begin = max(opens, moment)
                if begin < closes:
                    if closes - begin >= left:
                        return begin + left
                    left -= closes - begin
            day = self.next_worked(day)

    def hours_between(self, start: datetime, end: datetime) -> float:
        """Working hours from `start` to `end`; negative when `end` has passed."""
        if end < start:
            return -self.hours_between(end, start)
        total, day = timedelta(), start.astimezone(ZONE).date()
        while day <= end.astimezone(ZONE).date():
            if self.is_worked(day):
                for opens, closes in self._spans(day):
                    total += max(timedelta(), min(closes, end) - max(opens, start))
            day += timedelta(days=1)
        return total / timedelta(hours=1)

    @property
    def _opening(self) -> time:
        return time.fromisoformat(self.hours[0][0])

    @property
    def _closing(self) -> time:
        return time.fromisoformat(self.hours[-1][1])

    def _spans(self, day: date) -> list[tuple[datetime, datetime]]:
        return [
            (
                datetime.combine(day, time.fromisoformat(opens), ZONE),
                datetime.combine(day, time.fromisoformat(closes), ZONE),
            )
            for opens, closes in self.hours
        ]
