"""The people a visitor is offered to sign in as: parents with a birth to declare, and the officers they will meet."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from lienthong.demo.cases import STORIES
from lienthong.demo.types import Batch
from lienthong.territory.units import Territory


@dataclass(frozen=True, slots=True)
class Parent:
    """The one of a family who signs in, and in which story."""

    story: str
    number: str
    name: str
    unit: str
    born: date
    birth_date: date


@dataclass(frozen=True, slots=True)
class Post:
    """An officer's post as it goes into a node's table `officer`."""

    node: str
    number: str
    name: str
    role: str
    unit: str


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A row of the provider's table `demo_person`."""

    number: str
    name: str
    why_vi: str
    why_en: str
    role: str
    position: int


_POSTS = {
    "civil_status_officer": ("Công chức tư pháp – hộ tịch", "Civil-status officer"),
    "chair": ("Chủ tịch Ủy ban nhân dân", "Chair of the People's Committee"),
    "reception_officer": ("Công chức tiếp nhận (Một cửa)", "Reception officer (one-stop)"),
    "residence_officer": ("Cán bộ đăng ký cư trú", "Residence officer"),
    "hospital_clerk": ("Nhân viên lập giấy chứng sinh", "Hospital clerk, birth notices"),
    "insurance_officer": ("Viên chức bảo hiểm xã hội", "Insurance officer"),
    "land_officer": ("Công chức địa chính – xây dựng", "Land and construction officer"),
    "planning_officer": ("Cán bộ quy hoạch (Sở Xây dựng)", "Planning officer (Department of Construction)"),
    "fire_officer": ("Cảnh sát phòng cháy, chữa cháy", "Fire officer"),
    "data_steward": ("Người giữ dữ liệu gốc", "Data steward"),
    "operator": ("Người vận hành", "Operator"),
    "process_admin": ("Quản trị quy trình", "Process administrator"),
    "steering_office": ("Cán bộ theo dõi, đánh giá", "Steering office"),
}
_FOUR_EYES = ("process_admin",)  # of these everybody is offered: one alone gets nothing done
_EVERYWHERE = ("mọi cơ quan của tỉnh", "every agency of the province")
# what a data steward answers for, by node
_DATA = {
    "G01": ("dân cư và cư trú", "population and residence"),
    "G15": ("hộ tịch", "civil status"),
    "G18": ("giấy chứng sinh", "birth notices"),
    "BHXH": ("bảo hiểm và thuế", "insurance and taxation"),
    "H36": ("hồ sơ một cửa và quy tắc tự động", "one-stop dossiers and automatic rules"),
}


def parents(batch: Batch) -> Iterator[Parent]:
    """Who signs in of every family of the sign-in page, or for it; of those who cannot, the mother."""
    who = {story.story: story.who for story in STORIES}
    for case in batch.cases:
        person = {"father": case.father, "helper": case.helper}.get(who[case.story], case.mother)
        assert person is not None
        yield Parent(case.story, person.number, person.name, batch.unit, case.born.date(), person.born)


def posts(batch: Batch) -> Iterator[Post]:
    for officer in batch.officers:
        yield Post(officer.node, officer.person.number, officer.person.name, officer.role, officer.unit)


def choose(known: Iterable[Parent], staff: Iterable[Post], territory: Territory) -> list[DemoPerson]:
    """The families in the order of their stories, then the officers of their communes; deterministic."""
    by_story = {parent.story: parent for parent in known}
    chosen: list[DemoPerson] = []
    hints: dict[tuple[str, str], tuple[str, str]] = {}
    for story in STORIES:
        parent = by_story.get(story.story)
        if parent is None:
            continue
        place, day = territory.unit(parent.unit).name, f"{parent.born:%d/%m/%Y}"
        if story.hint:
            about = {"name": parent.name, "number": parent.number, "birth": f"{parent.birth_date:%d/%m/%Y}"}
            said = (story.hint["vi"].format(**about), story.hint["en"].format(**about))
            hints["reception_officer", parent.unit] = said
            continue
        why_vi, why_en = f"{story.vi} – con sinh {day}, {place}", f"{story.en} – child born {day}, {place}"
        role = "helper" if story.who == "helper" else "parent"
        chosen.append(DemoPerson(parent.number, parent.name, why_vi, why_en, role, len(chosen) + 1))
    units = dict.fromkeys(by_story[story.story].unit for story in STORIES if story.story in by_story)
    return chosen + list(_officers(staff, units, territory, hints, first=len(chosen) + 1))


def _officers(
    staff: Iterable[Post],
    units: Iterable[str],
    territory: Territory,
    hints: Mapping[tuple[str, str], tuple[str, str]],
    *,
    first: int,
) -> Iterator[DemoPerson]:
    """One row a person for the posts of these communes, their hospitals, and the province's."""
    places = {unit: territory.unit(unit).name for unit in units}
    clinics = {territory.nearest_facility(unit).code: territory.nearest_facility(unit).name for unit in places}
    named = {**places, **clinics, "68": "tỉnh Lâm Đồng"}
    order, roles = list(named), list(_POSTS)
    wanted = [post for post in staff if post.unit in named]
    wanted.sort(key=lambda post: (order.index(post.unit), roles.index(post.role), post.node, post.number))
    seen: set[tuple[str, str, str]] = set()
    people: set[str] = set()
    for post in wanted:
        key = (post.role, post.unit, post.node)
        if (key in seen and post.role not in _FOUR_EYES) or post.number in people:
            continue
        seen.add(key)
        people.add(post.number)
        hint = hints.get((post.role, post.unit))
        vi, en = (
            f"{name}, {place}" + (f" – {said}" if said else "")
            for name, place, said in zip(_POSTS[post.role], _where(post, named), hint or ("", ""), strict=True)
        )
        yield DemoPerson(post.number, post.name, vi, en, "officer", first + len(people) - 1)


def _where(post: Post, named: Mapping[str, str]) -> tuple[str, str]:
    """Where or over what a post is held, in both languages."""
    if post.role == "operator":
        return _EVERYWHERE
    return _DATA[post.node] if post.role == "data_steward" else (named[post.unit], named[post.unit])
