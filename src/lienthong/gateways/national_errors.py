"""Problems in the national platform's words: code, HTTP status and sentence. 100 to 500 are the observed codes of the
civil-status services; 429 and 503 are HTTP's own, which those services have no word for."""

from lienthong.gateways.calls import Kind

WORDS: dict[Kind, tuple[str, int, str]] = {
    "unknown-caller": ("100", 401, "AUTHEN_ERROR – Mã xác thực không chính xác"),
    "wrong-unit": ("106", 403, "AGENCY_ID_INCORRECT – Mã đơn vị không chính xác"),
    "wrong-purpose": ("302", 403, "DATA_TYPE_INVALID – Không được đăng ký dịch vụ này"),
    "unknown-operation": ("302", 404, "DATA_TYPE_INVALID – Không có dịch vụ này"),
    "wrong-method": ("302", 405, "DATA_TYPE_INVALID – Phương thức không được hỗ trợ"),
    "unfinished": ("200", 200, "RECORD_UNCOMPLETE – Hồ sơ chưa hoàn thành đăng ký"),
    "not-found": ("201", 404, "RECORD_NOT_FOUND – Hồ sơ không tồn tại"),
    "malformed": ("500", 400, "DATA_INCORRECT – Dữ liệu không hợp lệ"),
    "too-large": ("500", 413, "DATA_INCORRECT – Dữ liệu quá lớn"),
    "refused": ("500", 422, "DATA_INCORRECT – Dữ liệu không được chấp nhận"),
    "too-many": ("429", 429, "Quá số lần gọi cho phép trong một phút"),
    "silent": ("503", 503, "Nguồn dữ liệu chưa trả lời, hãy thử lại"),
    "broken": ("503", 503, "Cổng kết nối đang gặp sự cố, hãy thử lại"),
}
