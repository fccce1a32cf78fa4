"""What a machine keeps for when the line is away: the services it may take slips for, what each asks, its words.

Only what a person must tell is in it. What registers hold is asked of them when the line is back.
"""

import hashlib
from typing import Any, Final

import msgspec
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from lienthong.casework.controls import choices_of, kind_of
from lienthong.casework.form_fields import label_of
from lienthong.catalogue.shapes import Service
from lienthong.desk import intake_form, pages
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock

_FACES: Final = ("latin-400", "latin-600", "latin-ext-400", "latin-ext-600", "vietnamese-400", "vietnamese-600")
FILES: Final = (
    "web/vendor/govuk-frontend/govuk.css",
    "web/lienthong.css",
    "web/mark.svg",
    "web/offline.js",
    "web/offline-store.js",
    "web/offline-form.js",
    *(f"web/vendor/be-vietnam-pro/{face}.woff2" for face in _FACES),
)
WORDS: Final[dict[str, str | Promise]] = {
    "online": gettext_lazy("Đang có mạng"),
    "offline": gettext_lazy("Mất mạng: ghi phiếu, gửi sau"),
    "ready": gettext_lazy("Máy này đã sẵn sàng ghi phiếu khi mất mạng. Còn %s số."),
    "not-ready": gettext_lazy("Máy này chưa được cấp số. Cần có mạng để cấp."),
    "no-store": gettext_lazy("Trình duyệt này không giữ được phiếu. Hãy dùng trình duyệt khác."),
    "kept": gettext_lazy("Phiếu đang giữ ở máy này: %s"),
    "none-kept": gettext_lazy("Không có phiếu nào chờ gửi."),
    "sending": gettext_lazy("Đang gửi phiếu %s"),
    "sent": gettext_lazy("Đã gửi xong. Phiếu đã xóa khỏi máy này."),
    "again": gettext_lazy("Có phiếu chưa xong vì dữ liệu dân cư chưa trả lời. Hãy gửi lại sau ít phút."),
    "stopped": gettext_lazy("Mạng lại mất. Các phiếu còn lại vẫn nằm ở máy này."),
    "sign-in": gettext_lazy("Phiên đã hết: hãy đăng nhập lại rồi gửi."),
    "opened": gettext_lazy("Đã mở hồ sơ"),
    "conflict": gettext_lazy("Cần người xử lý"),
    "dropped": gettext_lazy("Đã hủy"),
    "waiting": gettext_lazy("Đang xử lý"),
    "required": gettext_lazy("Bạn cần điền mục này."),
    "not-a-number": gettext_lazy("Số này chưa đúng: hãy kiểm tra từng chữ số."),
    "not-a-date": gettext_lazy("Ngày này không có thật. Hãy nhập ngày, tháng, năm, ví dụ 21 11 2026."),
    "not-a-card": gettext_lazy("Đây không phải nội dung mã QR của thẻ căn cước."),
    "errors": gettext_lazy("Có điều cần sửa"),
    "no-numbers": gettext_lazy("Đã hết số của máy này. Cần có mạng để cấp thêm."),
    "choose": gettext_lazy("Chọn một"),
    "yes": gettext_lazy("Có"),
    "optional": gettext_lazy("không bắt buộc"),
    "pages": gettext_lazy("số trang giữ lại"),
    "void": gettext_lazy("Hủy phiếu"),
    "void-why": gettext_lazy("Lý do hủy phiếu này"),
    "voided": gettext_lazy("đã hủy"),
    "print": gettext_lazy("In phiếu"),
    "see": gettext_lazy("Xem"),
    "failed": gettext_lazy("Chưa gửi được. Hãy thử lại sau ít phút."),
}


def kit(node: Node, officer: Officer, unit: str) -> dict[str, Any]:
    """Everything the page needs without a line. `version` names just this content."""
    services = [_service(node, service) for service in intake_form.offered(node, "counter")]
    told: dict[str, Any] = {
        "unit": unit,
        "place": pages.place(node, unit),
        "officer": officer.name,
        "services": services,
        "words": {name: str(words) for name, words in WORDS.items()},
        "language": pages.language(),
    }
    version = hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:12]
    return {**told, "version": version, "server_time": clock.now().isoformat()}


def files() -> list[str]:
    """The addresses of what the page is made of, beside itself."""
    return [static(name) for name in FILES]


def _service(node: Node, service: Service) -> dict[str, Any]:
    terms, language = node.catalogue.terms, pages.language()
    fields, papers = [], []
    for name, spec in service.form.fields.items():
        term = terms[spec.term]
        label = label_of(service, node, name, language)
        if term.type == "paper":
            papers.append({"name": name, "label": label, "required": not spec.optional})
        elif not spec.source and not spec.differ:
            fields.append(
                {
                    "name": name,
                    "label": label,
                    "help": spec.help.in_language(language) if spec.help else "",
                    "kind": "flag" if term.type == "flag" else kind_of(term, spec),
                    "choices": choices_of(node, term, spec, language),
                    "required": not spec.optional,
                    "when": spec.when,
                }
            )
    card = service.card
    return {
        "slug": service.slug,
        "name": card.name.in_language(language),
        "code": card.code,
        "fields": fields,
        "papers": papers,
    }
