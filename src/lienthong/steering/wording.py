"""What travels between agencies, in words for everybody."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_SERVICES: Final[dict[str, str | Promise]] = {
    "attachment.read": _("Đọc giấy tờ nộp kèm"),
    "consent.answer": _("Trả lời xin ý kiến đồng ý"),
    "consent.ask": _("Xin ý kiến đồng ý"),
    "dossier.file": _("Chuyển hồ sơ"),
    "dossier.follow_up": _("Bổ sung, rút hoặc hủy theo hồ sơ"),
    "dossier.progress": _("Báo tiến độ hồ sơ"),
    "exchange.receipt": _("Báo kết quả của một việc đã nhận"),
    "register.change": _("Xin sửa hoặc hủy một bản ghi"),
    "register.record": _("Xin ghi vào cơ sở dữ liệu"),
    "task.closed": _("Trả lời một việc nội bộ"),
    "task.open": _("Giao một việc nội bộ"),
}
_REFUSALS: Final[dict[str, str | Promise]] = {
    "altered": _("Nội dung đã bị sửa"),
    "bad-evidence": _("Bằng chứng không đúng"),
    "bad-signature": _("Chữ ký sai"),
    "expired": _("Quá thời hạn"),
    "forked": _("Nút đã tách nhánh, phải nối lại"),
    "malformed": _("Không đúng dạng"),
    "misdirected": _("Gửi nhầm nơi nhận"),
    "no-right": _("Không có quyền"),
    "replayed": _("Gửi lại một yêu cầu cũ với nội dung khác"),
    "revoked-key": _("Khóa đã bị thu hồi"),
    "too-many": _("Quá số lần được phép"),
    "unknown-sender": _("Không biết bên gửi"),
    "unknown-service": _("Không có dịch vụ này"),
}
_SECTORS: Final[dict[str, str | Promise]] = {
    "certification": _("Chứng thực"),
    "civil-status": _("Hộ tịch"),
    "construction": _("Hoạt động xây dựng"),
    "health-insurance": _("Bảo hiểm y tế"),
    "identity": _("Căn cước"),
    "residence": _("Đăng ký, quản lý cư trú"),
    "tax": _("Thuế"),
}


def sector_name(sector: str) -> str:
    """A field of law in words; an unknown one stands for itself."""
    return str(_SECTORS.get(sector, sector))


def service_name(service: str) -> str:
    """A service of the exchange in words; an unknown one stands for itself."""
    return str(_SERVICES.get(service, service))


def refusal_name(code: str) -> str:
    """Why something was refused, in words; an unknown code stands for itself."""
    return str(_REFUSALS.get(code, code))
