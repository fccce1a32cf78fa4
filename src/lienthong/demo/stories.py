"""The people a visitor is offered to sign in as: parents with a birth to declare, and the officers they will meet."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from lienthong.demo.names import KINH
from lienthong.demo.types import Batch
from lienthong.territory.units import Territory

DI_LINH, LAC_DUONG, CU_JUT, QUANG_LAP, PHAN_THIET, DA_LAT = "25000", "24848", "24640", "24955", "22945", "24781"
# communes of the tour, with the people of whom at least one mother there has just given birth
PEOPLES = {DI_LINH: "16", LAC_DUONG: "16", CU_JUT: "12", QUANG_LAP: "36", PHAN_THIET: KINH, DA_LAT: KINH}


@dataclass(frozen=True, slots=True)
class Parent:
    """One parent of a child not yet registered, and what makes the family worth showing."""

    number: str
    name: str
    role: str
    unit: str
    notice: str
    born: date
    people: str
    wed: bool
    with_elders: bool


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


def _mother(parent: Parent) -> bool:
    return parent.role == "mother" and parent.wed


def _father(parent: Parent) -> bool:
    return parent.role == "father" and parent.wed


Fits = Callable[[Parent], bool]
_STORIES: tuple[tuple[str, Fits, str, str], ...] = (
    (DI_LINH, lambda parent: _mother(parent) and parent.people == KINH, "Mẹ, đã kết hôn", "Mother, married"),
    (DI_LINH, lambda parent: _father(parent) and parent.people == KINH, "Cha, đã kết hôn", "Father, married"),
    (DI_LINH, lambda parent: _mother(parent) and parent.name.startswith("Ka "),
     "Mẹ, người Cơ-ho, tên không có họ", "Mother, Koho, a name without surname"),
    (LAC_DUONG, lambda parent: _father(parent) and parent.name.startswith("K'"),
     "Cha, người Cơ-ho, tên có dấu phẩy trên", "Father, Koho, a name with an apostrophe"),
    (LAC_DUONG, lambda parent: _mother(parent) and parent.people == "16", "Mẹ, người Cơ-ho", "Mother, Koho"),
    (CU_JUT, lambda parent: _mother(parent) and parent.people == "12",
     "Mẹ, người Ê-đê, con theo họ mẹ", "Mother, Ede, children carry her clan"),
    (CU_JUT, lambda parent: _father(parent) and parent.people == "12", "Cha, người Ê-đê", "Father, Ede"),
    (QUANG_LAP, lambda parent: _mother(parent) and parent.people == "36", "Mẹ, người Chu ru", "Mother, Churu"),
    (PHAN_THIET, lambda parent: _mother(parent) and parent.with_elders,
     "Mẹ, sống cùng ông bà", "Mother, living with grandparents"),
    (PHAN_THIET, _father, "Cha, đã kết hôn", "Father, married"),
    (DA_LAT, _mother, "Mẹ, đã kết hôn", "Mother, married"),
    (DA_LAT, lambda parent: parent.role == "mother" and not parent.wed,
     "Mẹ, chưa đăng ký kết hôn", "Mother, no marriage registered"),
)  # fmt: skip
_POSTS = {
    "civil_status_officer": ("Công chức tư pháp – hộ tịch", "Civil-status officer"),
    "chair": ("Chủ tịch Ủy ban nhân dân", "Chair of the People's Committee"),
    "residence_officer": ("Cán bộ đăng ký cư trú", "Residence officer"),
    "hospital_clerk": ("Nhân viên lập giấy chứng sinh", "Hospital clerk, birth notices"),
    "insurance_officer": ("Viên chức bảo hiểm xã hội", "Insurance officer"),
}


def parents(batch: Batch) -> Iterator[Parent]:
    """Both parents of every unregistered birth in a commune of the tour."""
    if batch.unit not in PEOPLES:
        return
    elders = {
        id(person)
        for home in batch.households
        if any(relation in {"parent", "grandchild"} for _, relation in home.members)
        for person, _ in home.members
    }
    for notice in batch.notices:
        for person, role in ((notice.mother, "mother"), (notice.father, "father")):
            if person is not None:
                yield Parent(
                    number=person.number, name=person.name, role=role, unit=batch.unit, notice=notice.number,
                    born=notice.born_at.date(), people=person.people, wed=person.married is not None,
                    with_elders=id(person) in elders,
                )  # fmt: skip


def posts(batch: Batch) -> Iterator[Post]:
    for officer in batch.officers:
        yield Post(officer.node, officer.person.number, officer.person.name, officer.role, officer.unit)


def choose(known: Iterable[Parent], staff: Iterable[Post], territory: Territory) -> list[DemoPerson]:
    """A dozen parents, each of another child, then the officers of their communes; deterministic."""
    offered = sorted(known, key=lambda parent: parent.notice)
    chosen: list[DemoPerson] = []
    units: list[str] = []
    used: set[str] = set()
    for unit, fits, why_vi, why_en in _STORIES:
        free = [parent for parent in offered if parent.notice not in used and fits(parent)]
        parent = min(free, key=lambda one: (one.unit != unit, one.notice), default=None)
        if parent is None:
            continue
        used.add(parent.notice)
        units.append(parent.unit)
        place = territory.unit(parent.unit).name
        day = f"{parent.born:%d/%m/%Y}"
        chosen.append(
            DemoPerson(
                parent.number,
                parent.name,
                f"{why_vi} – con sinh {day}, {place}",
                f"{why_en} – child born {day}, {place}",
                "parent",
                len(chosen) + 1,
            )
        )
    return chosen + list(_officers(staff, dict.fromkeys(units), territory, first=len(chosen) + 1))


def _officers(staff: Iterable[Post], units: Iterable[str], territory: Territory, *, first: int) -> Iterator[DemoPerson]:
    """One row a person for the posts of these communes, their hospitals, and one insurance officer."""
    places = {unit: territory.unit(unit).name for unit in units}
    clinics = {territory.nearest_facility(unit).code: territory.nearest_facility(unit).name for unit in places}
    named = {**places, **clinics, "68": "tỉnh Lâm Đồng"}
    order = {key: place for place, key in enumerate(named)}
    roles = list(_POSTS)
    wanted = [post for post in staff if post.unit in named]
    wanted.sort(key=lambda post: (order[post.unit], roles.index(post.role), post.number))
    seen: set[tuple[str, str]] = set()
    people: set[str] = set()
    for post in wanted:
        if (post.role, post.unit) in seen or post.number in people:
            continue
        seen.add((post.role, post.unit))
        people.add(post.number)
        vi, en = _POSTS[post.role]
        place = named[post.unit]
        yield DemoPerson(post.number, post.name, f"{vi}, {place}", f"{en}, {place}", "officer", first + len(seen) - 1)
