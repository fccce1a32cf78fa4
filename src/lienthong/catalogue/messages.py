"""What codes mean, in the words of people: errors of a form, refusals of a register, reasons of a step."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MESSAGES: Final[dict[str, str | Promise]] = {
    # a value beside its field
    "required": _("Bạn cần điền mục này."),
    "too-long": _("Nội dung dài quá; hãy viết ngắn lại."),
    "not-a-name": _("Họ tên chỉ gồm chữ cái, dấu cách, dấu phẩy trên và gạch nối."),
    "not-a-date": _("Ngày này không có thật. Hãy nhập ngày, tháng, năm, ví dụ 21 11 2026."),
    "not-a-time": _("Giờ này không đúng. Hãy nhập giờ và phút, ví dụ 14:05."),
    "in-the-future": _("Thời điểm này chưa tới."),
    "not-a-number": _("Số này chưa đúng: hãy kiểm tra từng chữ số."),
    "out-of-range": _("Số này ngoài khoảng có thể có."),
    "not-in-list": _("Hãy chọn một mục có trong danh sách."),
    "not-text": _("Nội dung này không đọc được."),
    "unknown-field": _("Tờ khai này không hỏi mục đó."),
    "no-such-parent": _("Chưa biết người cha hoặc người mẹ mà con theo; hãy chọn người kia hoặc khai thêm."),
    # a value against registers
    "differs-from-register": _(
        "Khác với dữ liệu Nhà nước đang giữ. Nếu dữ liệu ấy sai, hãy nhờ cơ quan giữ nó sửa trước."
    ),
    "name-differs": _("Họ tên không khớp với số định danh này."),
    "not-answered": _(
        "Cơ sở dữ liệu dân cư chưa trả lời nên chưa kiểm tra được. Bạn nhập gì vẫn còn đây; hãy gửi lại sau ít phút."
    ),
    "already-registered": _("Giấy chứng sinh này đã được dùng để đăng ký khai sinh."),
    "already-declared": _("Đã có một hồ sơ khác đang giải quyết về giấy chứng sinh này."),
    "unknown-parent": _("Không tìm thấy người này trong Cơ sở dữ liệu quốc gia về dân cư."),
    "dead-parent": _("Người này đã mất trước ngày sinh của trẻ."),
    "wrong-gender": _("Giới tính của người này không hợp với vai trò người mẹ hoặc người cha đã khai."),
    "too-young": _("Người này còn quá nhỏ so với ngày sinh của trẻ."),
    "stale": _("Trang đã cũ hơn dữ liệu. Hãy xem lại rồi gửi lần nữa."),
    # why a register's owner, or another agency, did not do what was asked
    "taken-notice": _("Giấy chứng sinh này đã có trong một đăng ký khai sinh khác."),
    "taken-person": _("Người này đã có một bản ghi khác ở đó."),
    "taken-child_number": _("Số định danh này đã thuộc về một đăng ký khai sinh khác."),
    "taken-dossier": _("Hồ sơ này đã được ghi sổ rồi."),
    "incomplete": _("Thiếu thông tin bắt buộc để ghi sổ."),
    "no-right": _("Cơ quan gửi chưa được phép ghi dữ liệu này."),
    "unknown-register": _("Cơ quan nhận không giữ sổ này."),
    "unknown-service": _("Cơ quan nhận không giải quyết thủ tục này."),
    "unknown-revision": _("Cơ quan nhận chưa có bản thủ tục mà hồ sơ được nộp theo."),
    "unknown-branch": _("Hồ sơ này không có phần việc đó."),
    "wrong-result": _("Kết quả kèm theo thuộc về hồ sơ khác."),
    "invalid": _("Tờ khai có mục chưa đúng."),
    "not-verified": _("Có điều kiện mà dữ liệu chưa xác minh được, nên cần người xem."),
    "before-refused": _("Phần việc phải xong trước đã bị từ chối."),
    "bad-signature": _("Chữ ký số không đúng."),
    "altered": _("Nội dung đã bị sửa sau khi ký."),
    "expired": _("Thư đã quá hạn."),
    # why an officer returns or refuses: the closed lists of the desk
    "look-again": _("Cần kiểm tra lại thông tin"),
    "mismatch": _("Thông tin khai chưa khớp dữ liệu gốc"),
    "unclear-evidence": _("Chưa đủ căn cứ để ký"),
    "not-entitled": _("Không đủ điều kiện theo quy định"),
    "registered-before": _("Việc này đã được đăng ký trước đó"),
    "not-competent": _("Không thuộc thẩm quyền của cơ quan này"),
    "false-statement": _("Nội dung khai không đúng sự thật"),
    "withdrawn": _("Người nộp xin rút hồ sơ"),
}


def message(code: str) -> str:
    """The sentence for a code in the reader's language; what is no code stands for itself.

    An officer's reason is a code, or a code, `: ` and what the officer added for the person.
    """
    code, separator, added = code.partition(": ")
    if code not in MESSAGES:
        return f"{code}{separator}{added}"
    sentence = str(MESSAGES[code])
    return f"{sentence.rstrip('.')}: {added}" if added else sentence
