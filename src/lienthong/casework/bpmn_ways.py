"""Finding the way in a picture: what comes next, what can be come to, where branches meet."""

from collections.abc import Iterator, Sequence

from lienthong.casework import bpmn_reading as reading
from lienthong.casework.bpmn_reading import Picture, Thing, Way


class Wayfinding:
    """A picture, and what of it was `seen` already."""

    def __init__(self, picture: Picture) -> None:
        self.picture, self.seen = picture, set[str]()

    def ways(self, name: str) -> list[Way]:
        return [way for way in self.picture.leaving[name] if not way.law]

    def may_meet_again(self, thing: Thing) -> bool:
        """Branches come together at an end, and at gateways from which one way leads on."""
        return thing.kind == reading.END or (thing.kind == reading.EITHER and len(self.ways(thing.id)) == 1)

    def beyond(self, timer: Thing) -> list[str]:
        """What only a timer leads to."""
        others = {way.target for source, ways in self.picture.leaving.items() if source != timer.id for way in ways}
        targets = [way.target for way in self.ways(timer.id) if way.target not in others]
        return [name for name in targets if self.picture.things[name].kind in (*reading.PERSON, reading.END)]

    def is_end(self, name: str) -> bool:
        return self.picture.things[name].kind == reading.END

    def join(self, ways: Sequence[Way]) -> str:
        """The first thing to which all of these ways lead; empty when there is none."""
        if not ways:
            return ""
        reached = [self.reach(way.target) for way in ways]
        return next((name for name in reached[0] if all(name in other for other in reached)), "")

    def reach(self, start: str) -> list[str]:
        """What can be come to without what was passed, the nearest first."""
        found = [start]
        for name in found:
            targets = (way.target for way in self.ahead(name))
            found += [one for one in dict.fromkeys(targets) if one not in found and one not in self.seen]
        return found

    def ahead(self, name: str) -> list[Way]:
        """The ways on from a thing; what a machine could not do goes back, however it came there."""
        ways = self.ways(name)
        after_machine = any(
            way.target == name and self.picture.things[source].kind in reading.MACHINE
            for source, all_ways in self.picture.leaving.items()
            for way in all_ways
        )
        ends = [way for way in ways if self.is_end(way.target)]
        return ends if after_machine and ends else ways

    def reach_all(self, start: str) -> Iterator[str]:
        found = [start]
        for name in found:
            yield name
            found += [way.target for way in self.ways(name) if way.target not in found]

    def past_merges(self, name: str) -> str:
        """The next thing that is no gateway where an answer and its time running out come together."""
        met: set[str] = set()
        while self.picture.things[name].kind == reading.EITHER and len(self.ways(name)) == 1 and name not in met:
            met.add(name)
            name = self.ways(name)[0].target
        self.seen |= met
        return name
