"""A dossier and its steps in the shape in which provincial systems tell the national portal: `DongBoHoSoMC`,
`CapNhatTienDoHoSoMC` (observed; Circular 04/2025/TT-VPCP names the data). Times are `yyyyMMddHHmmss`, Vietnamese time.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from django.utils import translation

from lienthong.casework import words
from lienthong.casework.digitisation import Component
from lienthong.casework.dossiers import Content, Dossier
from lienthong.casework.states import REJECTED, Act
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.kit.clock import ZONE

DOSSIER, PROGRESS = "DongBoHoSoMC", "CapNhatTienDoHoSoMC"
CHANNELS: Final = {"counter": 1, "helper": 1, "online": 2, "post": 3}
_RETURNED_BY: Final = {"one_stop": 0, "counter": 0, "post": 1}
LONGEST: Final = 1_000
_INSIDE: Final = ("take", "hand_over", "release")

Code = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{1,3}(\.[A-Z0-9]{2,3}){0,5}-\d{6}-\d{4,8}$")]
Moment = Annotated[str, msgspec.Meta(pattern=r"^(\d{14})?$")]
Short = Annotated[str, msgspec.Meta(max_length=200)]


class Identified(msgspec.Struct, frozen=True, omit_defaults=True):
    """`LoaiDinhDanh` 1 is a personal number of twelve digits, 2 an earlier one of nine."""

    LoaiDinhDanh: int
    SoDinhDanh: Annotated[str, msgspec.Meta(pattern=r"^\d{9,13}$")]


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """An element of `DongBoHoSoMC`. What is not known is left out."""

    MaHoSo: Code
    MaTTHC: Annotated[str, msgspec.Meta(pattern=r"^\d\.\d{6}")]
    TenTTHC: Annotated[str, msgspec.Meta(max_length=500)]
    ChuHoSo: Short
    TrangThaiHoSo: Annotated[int, msgspec.Meta(ge=1, le=10)]
    NgayTiepNhan: Moment
    MaLinhVuc: Short = ""
    TenLinhVuc: Short = ""
    KenhThucHien: Annotated[int, msgspec.Meta(ge=1, le=3)] = 1
    LoaiDoiTuong: Annotated[int, msgspec.Meta(ge=1, le=4)] = 1
    DinhDanhCHS: list[Identified] = []
    Email: Short = ""
    SoDienThoai: Short = ""
    TrichYeuHoSo: Annotated[str, msgspec.Meta(max_length=LONGEST)] = ""
    DonViXuLy: Short = ""
    NgayNopHoSo: Moment = ""
    NgayHenTra: Moment = ""
    NgayKetThucXuLy: Moment = ""
    NgayTra: Moment = ""
    NgayTuChoi: Moment = ""
    HinhThuc: int = 0
    NoiNopHoSo: int = 2
    HoSoCoThanhPhanSoHoa: int = 0
    TaiKhoanDuocXacThucVoiVNeID: int = 0
    DuocThanhToanTrucTuyen: int = 0
    DSKetNoiCSDL: list[dict[str, Any]] = []
    TaiLieuNop: list[dict[str, Any]] = []
    DanhSachHoSoBoSung: list[dict[str, Any]] = []
    DanhSachGiayToKetQua: list[dict[str, Any]] = []


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """An element of `CapNhatTienDoHoSoMC`."""

    MaHoSo: Code
    NguoiXuLy: Annotated[str, msgspec.Meta(max_length=50)]
    ThoiDiemXuLy: Moment
    NoiDungXuLy: Annotated[str, msgspec.Meta(max_length=LONGEST)]
    TrangThai: Annotated[int, msgspec.Meta(ge=1, le=10)]
    ChucDanh: Short = ""
    PhongBanXuLy: Short = ""
    NgayBatDau: Moment = ""
    NgayKetThucTheoQuyDinh: Moment = ""


def told(
    node: Node, service: Service, dossier: Dossier, content: Content, acts: Sequence[Act],
    components: Sequence[Component] = (),
) -> Told:  # fmt: skip
    """The dossier as it stands."""
    identity, state, times, card = dossier.identity, dossier.state, dossier.times, service.card
    numbers = identity.applicant if identity.applicant.isdecimal() and len(identity.applicant) in (9, 12) else ""
    delivered = next((act for act in reversed(acts) if act.verb == "deliver"), None)
    return Told(
        MaHoSo=identity.code,
        MaTTHC=card.code,
        TenTTHC=card.name.vi[:500],
        MaLinhVuc=card.field,
        KenhThucHien=CHANNELS.get(identity.channel, 1),
        ChuHoSo=str(content.contact.get("name") or identity.subject or identity.code)[:200],
        DinhDanhCHS=[Identified(1 if len(numbers) == 12 else 2, numbers)] if numbers else [],
        Email=str(content.contact.get("email") or "")[:200],
        SoDienThoai=str(content.contact.get("phone") or "")[:200],
        TrichYeuHoSo=card.name.vi[:LONGEST],
        DonViXuLy=_place(node, identity.unit, identity.agency)[:200],
        NgayNopHoSo=moment(identity.received_at),
        NgayTiepNhan=moment(times.accepted_at or identity.received_at),
        NgayHenTra=moment(state.deadline),
        NgayKetThucXuLy=moment(times.finished_at),
        NgayTra=moment(times.returned_at),
        NgayTuChoi=moment(times.finished_at) if state.status == REJECTED else "",
        TrangThaiHoSo=state.status,
        HinhThuc=_RETURNED_BY.get(str(delivered.detail.get("way")), 0) if delivered else 0,
        HoSoCoThanhPhanSoHoa=int(any(one.state for one in components)),
        TaiKhoanDuocXacThucVoiVNeID=int(bool(content.evidence)),
        DSKetNoiCSDL=[{"MaCSDL": "CSDLQG-DC"}] if content.sources else [],
        TaiLieuNop=[_component(one) for one in components],
        DanhSachHoSoBoSung=_supplements(acts),
        DanhSachGiayToKetQua=_results(service, acts),
    )


def steps(service: Service, code: str, status: int, acts: Sequence[Act]) -> list[Step]:
    """What was done, in Vietnamese, in the words of the law; on whose desk it lay inside is not told."""
    with translation.override("vi"):
        return [_step(service, code, status, act) for act in acts if act.verb not in _INSIDE]


def _step(service: Service, code: str, status: int, act: Act) -> Step:
    return Step(
        MaHoSo=code,
        NguoiXuLy=("Hệ thống" if act.actor == words.MACHINE else act.actor)[:50],
        ThoiDiemXuLy=moment(act.at),
        NoiDungXuLy=_done(service, act)[:LONGEST],
        TrangThai=status,
        ChucDanh=words.role_name(act.role) if act.role else "",
        PhongBanXuLy=act.agency,
        NgayKetThucTheoQuyDinh=moment(act.due),
    )


def moment(at: datetime | None) -> str:
    return at.astimezone(ZONE).strftime("%Y%m%d%H%M%S") if at else ""


def read(text: str) -> datetime | None:
    """The moment that was written. Raises ValueError for a day or an hour that there is not."""
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=ZONE) if text else None


def _done(service: Service, act: Act) -> str:
    step = next((one.name.vi for one in service.process.steps if one.step == act.step), "")
    done = words.act_text(act.verb, role=act.role, reason=act.reason)
    return f"{step}: {done}" if step else done


def _component(one: Component) -> dict[str, Any]:
    return {
        "TenTepDinhKem": one.name,
        "MaThanhPhanHoSo": one.kind,
        "DuocSoHoa": int(one.state == 1),
        "DuocTaiSuDung": {2: 1, 3: 2}.get(one.state, 0),
        "DuocLayTuKhoDMQG": int(one.state >= 2),
        "TepDinhKemId": one.files[0].id if one.files else "",
    }


def _supplements(acts: Sequence[Act]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for act in acts:
        if act.verb == "supplement":
            found.append(
                {
                    "HoSoBoSungId": str(len(found) + 1),
                    "NguoiYeuCauBoSung": act.actor,
                    "NoiDungBoSung": act.reason,
                    "NgayBoSung": moment(act.at),
                    "TrangThaiBoSung": 0,
                }
            )
        elif act.verb == "supply" and found:
            came = {"NgayTiepNhanBoSung": moment(act.at), "TrangThaiBoSung": 1}
            found[-1] |= {**came, "NgayHenTraMoi": moment(act.deadline)}
    return found


def _results(service: Service, acts: Sequence[Act]) -> list[dict[str, Any]]:
    issued = next((act for act in reversed(acts) if act.verb in ("issue", "correct")), None)
    if issued is None:
        return []
    name = service.card.results[0].vi if service.card.results else service.card.name.vi
    code = str(issued.detail.get("result") or service.card.result)
    return [{"TenGiayTo": name, "MaGiayToKetQua": code, "GiayToId": str(issued.detail.get("key", ""))}]


def _place(node: Node, unit: str | None, agency: str) -> str:
    try:
        return node.territory.unit(unit).title if unit else node.catalogue.card.name.vi
    except KeyError:
        return agency
