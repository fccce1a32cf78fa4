"""Inside work in words: its kinds, what can be answered, and what is asked of who answers."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

KINDS: Final[Mapping[str, str | Promise]] = {
    "correction": gettext_lazy("Đính chính dữ liệu"),
    "error": gettext_lazy("Kết quả bị báo sai"),
    "alert": gettext_lazy("Cảnh báo chậm"),
    "review": gettext_lazy("Xem lại quyết định tự động"),
    "question": gettext_lazy("Hỏi về lượt xem dữ liệu"),
    "dead_letter": gettext_lazy("Thư không giao được"),
    "difference": gettext_lazy("Dữ liệu lệch nhau"),
    "freshness": gettext_lazy("Dữ liệu đến chậm"),
    "review_read": gettext_lazy("Lượt xem cần rà soát"),
    "fork": gettext_lazy("Nhật ký của nơi khác mâu thuẫn"),
    "opinion": gettext_lazy("Cho ý kiến"),
    "extension": gettext_lazy("Xin lỗi và hẹn lại"),
    "feedback": gettext_lazy("Phản ánh, kiến nghị"),
}
ANSWERED: Final[Mapping[tuple[str, str], str | Promise]] = {
    ("correction", "accept"): gettext_lazy("Dữ liệu sai: sửa thành giá trị dưới đây"),
    ("correction", "decline"): gettext_lazy("Dữ liệu đúng: giữ nguyên, nói lý do"),
    ("error", "accept"): gettext_lazy("Kết quả sai: sửa bản ghi và cấp lại kết quả"),
    ("error", "decline"): gettext_lazy("Kết quả đúng: giữ nguyên, nói lý do"),
    ("difference", "take"): gettext_lazy("Cơ quan chủ quản ghi đúng: ghi lại theo giá trị của họ"),
    ("difference", "tell"): gettext_lazy("Cơ quan chủ quản ghi sai: đề nghị họ đính chính, nói lý do"),
    ("difference", "note"): gettext_lazy("Đã xử lý cách khác: nói đã làm gì"),
    ("opinion", "agree"): gettext_lazy("Đồng ý, không có điều kiện"),
    ("opinion", "conditions"): gettext_lazy("Đồng ý với điều kiện: nói rõ điều kiện"),
    ("opinion", "disagree"): gettext_lazy("Không đồng ý: nói rõ lý do"),
    ("extension", "sign"): gettext_lazy("Ký văn bản xin lỗi, hẹn lại"),
    ("extension", "not_needed"): gettext_lazy("Không cần: sẽ kịp hẹn, nói vì sao"),
    ("feedback", "answer"): gettext_lazy("Trả lời người dân"),
    ("feedback", "answer_public"): gettext_lazy("Trả lời, và công khai vì nhiều người cần biết"),
    ("feedback", "accept"): gettext_lazy("Thuộc thẩm quyền: nhận xử lý, trả lời sau"),
    ("feedback", "supplement"): gettext_lazy("Chưa rõ: hỏi thêm người dân"),
    ("feedback", "transfer"): gettext_lazy("Thuộc nơi khác: chuyển, nói lý do"),
    ("feedback", "refuse"): gettext_lazy("Không xử lý: nói lý do"),
    ("feedback", "publish"): gettext_lazy("Công khai bằng lời dưới đây, không nêu tên ai"),
    ("feedback", "keep"): gettext_lazy("Không công khai: nói lý do"),
    ("review", "right"): gettext_lazy("Quyết định đúng"),
    ("review", "wrong"): gettext_lazy("Quyết định sai: nói lý do, rồi hủy kết quả"),
    ("dead_letter", "resend"): gettext_lazy("Gửi lại"),
    ("dead_letter", "resend_alike"): gettext_lazy("Gửi lại tất cả cùng loại"),
    ("dead_letter", "give_up"): gettext_lazy("Thôi gửi: nói lý do, nơi lập thư được báo là không giao được"),
}
DIFFER: Final[Mapping[str, str | Promise]] = {
    "fields": gettext_lazy("Hai nơi ghi khác nhau"),
    "unknown": gettext_lazy("Cơ quan chủ quản không có bản ghi này"),
    "missing": gettext_lazy("Ở đây thiếu bản ghi mà cơ quan chủ quản có"),
    "double": gettext_lazy("Ở đây có hai bản ghi của cùng một người"),
}
NOTES: Final[Mapping[str, str | Promise]] = {
    "correction": gettext_lazy("Căn cứ, lý do (người dân đọc được)"),
    "error": gettext_lazy("Căn cứ, lý do (cơ quan báo sai đọc được)"),
    "alert": gettext_lazy("Đã làm gì"),
    "review": gettext_lazy("Lý do"),
    "question": gettext_lazy("Trả lời (người dân đọc được)"),
    "dead_letter": gettext_lazy("Lý do (bắt buộc khi thôi gửi)"),
    "difference": gettext_lazy("Căn cứ, lý do, hoặc đã làm gì"),
    "freshness": gettext_lazy("Đã làm gì"),
    "review_read": gettext_lazy("Kết luận"),
    "fork": gettext_lazy("Đã làm gì"),
    "opinion": gettext_lazy("Ý kiến (nơi hỏi đọc được)"),
    "extension": gettext_lazy("Nói rõ thêm (người dân đọc được)"),
    "feedback": gettext_lazy("Trả lời, câu hỏi thêm hoặc lý do (người dân đọc được)"),
}
