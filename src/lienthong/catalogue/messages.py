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
    "order-beyond-count": _("Thứ tự của trẻ không thể lớn hơn số trẻ sinh lần này."),
    "not-in-list": _("Hãy chọn một mục có trong danh sách."),
    "no-calendar": _("Chưa có lịch làm việc của năm sau nên chưa tính được hạn. Người vận hành đã được báo."),
    "not-text": _("Nội dung này không đọc được."),
    "unknown-field": _("Tờ khai này không hỏi mục đó."),
    "no-such-parent": _("Chưa biết người cha hoặc người mẹ mà con theo; hãy chọn người kia hoặc khai thêm."),
    "names-person": _("Có tên, mã hồ sơ hoặc số của một người. Hãy viết lại để không nêu ai."),
    # a file that goes with it
    "file-missing": _("Hãy chọn một tệp rồi gửi."),
    "file-empty": _("Tệp này rỗng. Hãy chọn tệp khác."),
    "file-too-large": _("Tệp lớn hơn 10 MB. Hãy chụp lại với cỡ nhỏ hơn hoặc chọn tệp khác."),
    "file-too-heavy": _("Tệp PDF lớn hơn 5 MB hoặc quá phức tạp. Hãy quét lại với độ nét thấp hơn, hoặc gửi ảnh chụp."),
    "file-too-many": _("Đã đủ 10 tệp. Hãy bỏ bớt một tệp trước khi gửi thêm."),
    "file-too-many-pixels": _("Ảnh có quá nhiều điểm ảnh. Hãy chụp lại với cỡ nhỏ hơn."),
    "file-type": _("Chỉ nhận ảnh JPEG, PNG, WebP và tệp PDF. Tên tệp không quyết định: nội dung tệp này là loại khác."),
    "file-damaged": _("Tệp này không mở được: có thể đã hỏng hoặc chưa tải hết. Hãy chọn lại."),
    "file-encrypted": _("Tệp PDF này có mật khẩu. Hãy lưu một bản không có mật khẩu rồi gửi."),
    "file-active": _(
        "Tệp PDF này chứa lệnh tự chạy hoặc tệp khác bên trong nên không được nhận. Hãy in ra PDF mới rồi gửi."
    ),
    "file-hash": _("Tệp nhận được khác với tệp đã gửi. Hãy gửi lại."),
    "file-offset": _("Phần vừa gửi không nối tiếp phần đã nhận. Hãy gửi lại."),
    "file-unfinished": _("Tệp chưa gửi xong. Hãy gửi lại."),
    "file-closed": _("Hồ sơ này không còn nhận thêm tệp."),
    "paper-not-there": _("Giấy này không dùng được ở đây: không còn giá trị, hoặc không phải loại giấy được hỏi."),
    "paper-silent": _("Nơi giữ giấy này chưa trả lời. Hãy thử lại sau ít phút, hoặc gửi tệp."),
    "file-not-asked": _("Hồ sơ này không hỏi giấy tờ đó."),
    "not-asked": _("Theo các câu trả lời khác thì tờ khai không hỏi mục này."),
    "not-a-count": _("Hãy ghi bằng số, ví dụ 2."),
    "not-a-plot": _("Hãy ghi số thửa và số tờ bản đồ, ví dụ 112/14."),
    "payment": _("Cần nộp tiền"),
    "not-a-phone": _("Số điện thoại này chưa đúng. Ví dụ: 0912 345 678."),
    "not-an-email": _("Địa chỉ thư này chưa đúng. Ví dụ: ten@example.vn."),
    "not-a-passport": _("Số hộ chiếu gồm 5 đến 20 chữ cái không dấu và chữ số, viết liền."),
    "not-an-account": _("Số tài khoản gồm 6 đến 19 chữ số, viết liền."),
    # a value against registers
    "no-such-person": _("Không có người nào có đúng số định danh và họ tên này. Hãy xem lại cả hai trên thẻ căn cước."),
    "same-as-register": _("Giá trị này giống điều Nhà nước đang ghi."),
    "differs-from-register": _(
        "Khác với dữ liệu Nhà nước đang giữ. Nếu dữ liệu ấy sai, hãy nhờ cơ quan giữ nó sửa trước."
    ),
    "name-differs": _("Họ tên không khớp với số định danh này."),
    "no-longer-differs": _("Hai cơ sở dữ liệu đã ghi giống nhau."),
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
    # a person somebody acts for, or who acts for them
    "no-such-account": _("Không có tài khoản định danh dùng được với số và họ tên này."),
    "yourself": _("Bạn không thể ủy quyền cho chính mình."),
    "own-mandate": _("Không ai làm thay cho chính mình."),
    "in-the-past": _("Ngày này đã qua."),
    "too-far": _("Lâu quá; nhiều nhất một năm kể từ hôm nay."),
    "wrong-period": _("Thời hạn ủy quyền không đúng với tư cách của người làm thay."),
    "no-match": _("Không tìm thấy người có đúng những thông tin này."),
    "not-a-card": _("Đây không phải nội dung mã QR của thẻ căn cước."),
    "mandate-ended": _("Bạn không còn được làm thay người này. Hãy hỏi lại người đã ủy quyền."),
    "mandate-unknown": _("Định danh điện tử chưa trả lời nên chưa biết bạn còn được làm thay người này không."),
    "taken-number": _("Số này đã có."),
    # at the counter
    "no-contact": _("Cần ít nhất một cách liên hệ: điện thoại, thư điện tử hoặc địa chỉ."),
    "not-here": _("Thủ tục này chỉ nhận ở nơi giải quyết. Hãy hướng dẫn người dân tới đó hoặc nộp trực tuyến."),
    "too-long-ago": _("Đã quá 30 ngày; hãy xem lại ngày."),
    "not-waiting": _("Có hồ sơ không còn chờ chuyển ở quầy này."),
    "clock-off": _("Đồng hồ của máy ghi phiếu lệch với máy chủ: hãy chọn giờ đúng."),
    "slip-too-old": _("Phiếu ghi đã quá 7 ngày."),
    "already-open": _("Người này đang có hồ sơ khác về cùng thủ tục, chưa giải quyết xong."),
    "service-withdrawn": _("Thủ tục này không còn nhận ở quầy."),
    "slip-incomplete": _("Phiếu còn thiếu hoặc có mục chưa đúng."),
    "number-used": _("Số phiếu này đã có một phiếu khác mang: máy ghi phiếu có thể đã bị chép lại."),
    "slip-unreadable": _("Phiếu không mở được bằng khóa của máy ấy."),
    # why a register's owner, or another agency, did not do what was asked
    "taken-notice": _("Giấy chứng sinh này đã có trong một đăng ký khai sinh khác."),
    "taken-person": _("Người này đã có một bản ghi khác ở đó."),
    "taken-child_number": _("Số định danh này đã thuộc về một đăng ký khai sinh khác."),
    "taken-dossier": _("Hồ sơ này đã được ghi sổ rồi."),
    "unknown-record": _("Sổ này không có bản ghi đó, hoặc bản ghi đã bị thu hồi."),
    "unknown-person": _("Không có ai mang số định danh này."),
    "waiting": _("Bản ghi này đang chờ một cơ sở dữ liệu khác xác nhận; hãy thử lại sau ít phút."),
    "malformed": _("Yêu cầu gửi tới không đọc được."),
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
    "missing-value": _("Thiếu thông tin bắt buộc"),
    "unclear-value": _("Thông tin khai chưa rõ"),
    "missing-paper": _("Thiếu giấy tờ"),
    "unreadable-paper": _("Giấy tờ nộp không đọc được"),
    "verify-residence": _("Cần xác minh nơi cư trú"),
    "verify-paper": _("Cần xác minh giấy tờ với nơi cấp"),
    "verify-statement": _("Cần xác minh nội dung khai"),
    "annul-competence": _("Cấp không đúng thẩm quyền"),
    "annul-false": _("Cấp trên cơ sở nội dung khai không đúng sự thật"),
    "annul-subject": _("Cấp không đúng đối tượng"),
    "annul-court": _("Theo bản án, quyết định của Tòa án"),
    "holder-left": _("Người giữ không còn ở việc này"),
    "not-arrived": _("Giấy tờ đã nộp cùng hồ sơ chưa về tới nơi; máy tự hỏi lại."),
    "look-alone": _("Hồ sơ này có điều phải xem riêng; hãy mở hồ sơ rồi ký."),
    "no-such-colleague": _("Không có đồng nghiệp này ở cùng việc, cùng đơn vị."),
    "too-many": _("Đã có đủ số câu mẫu cho việc này; hãy bỏ bớt một câu."),
    "same-person": _("Người thay phải là người khác."),
    "not-in-order": _("Ngày cuối phải sau ngày đầu, và ngày đầu không được là ngày đã qua."),
    "too-many-days": _("Dài quá: nhiều nhất 90 ngày."),
    "wished-no-more": _("Người nộp không còn nhu cầu"),
    "file-anew": _("Người nộp sẽ nộp lại hồ sơ khác"),
    "filed-by-mistake": _("Nộp nhầm thủ tục hoặc nhầm nơi"),
    # why a promised time is not kept
    "opinion-late": _("Nơi được hỏi ý kiến chưa trả lời"),
    "verification-long": _("Phải xác minh lâu hơn dự kiến"),
    "many-dossiers": _("Số hồ sơ tăng đột xuất"),
    "disaster": _("Thiên tai, dịch bệnh"),
    "not-later": _("Hạn mới phải sau hạn đã hẹn."),
    "beyond-limit": _("Chỉ được hẹn thêm nhiều nhất bằng thời hạn giải quyết của thủ tục."),
    "no-longer-needed": _("Không còn cần: hồ sơ đã được giải quyết, hoặc đang chờ người khác."),
    "load-relief": _("Đơn vị đang quá tải"),
    "officer-away": _("Cán bộ vắng, chưa có người thay"),
    "line-down": _("Đơn vị mất đường truyền"),
    "nothing-asked": _("Hãy chọn ít nhất một mục hoặc ghi một giấy tờ."),
    "nothing-changed": _("Chưa có giá trị nào được sửa."),
    "look-again": _("Cần kiểm tra lại thông tin"),
    "mismatch": _("Thông tin khai chưa khớp dữ liệu gốc"),
    "unclear-evidence": _("Chưa đủ căn cứ để ký"),
    "not-entitled": _("Không đủ điều kiện theo quy định"),
    "registered-before": _("Việc này đã được đăng ký trước đó"),
    "not-competent": _("Không thuộc thẩm quyền của cơ quan này"),
    "false-statement": _("Nội dung khai không đúng sự thật"),
    "withdrawn": _("Người nộp xin rút hồ sơ"),
    # what somebody outside did, or did not do in time
    "not-supplemented": _("Quá thời hạn bổ sung mà chưa nhận được phần bổ sung."),
    "no-consent": _("Quá thời hạn mà người phải đồng ý chưa trả lời."),
    "consent-declined": _("Người phải đồng ý đã không đồng ý."),
    "consent-by-paper": _("Người phải đồng ý không có định danh điện tử; cán bộ lấy ý kiến bằng giấy."),
    "before-annulled": _("Kết quả mà phần việc này dựa vào đã bị hủy."),
    "annulled": _("Kết quả đã bị hủy theo quyết định."),
    "process-moved": _("Theo quy trình mới đang có hiệu lực; việc đã làm vẫn giữ nguyên."),
    "time-moved": _("Được hẹn sớm hơn, theo thời hạn mới đang có hiệu lực."),
    "process-moved-back": _("Chuyển lại quy trình và ngày hẹn như trước."),
    "result-in-doubt": _("Kết quả của phần việc trước có chỗ cần xem lại."),
    "corrected": _("Dữ liệu đã được sửa."),
    "correction-declined": _("Cơ quan giữ dữ liệu thấy dữ liệu đúng và giữ nguyên."),
    # why a scan takes the place of another
    "scan-unreadable": _("Bản đang có mờ, không đọc được"),
    "scan-incomplete": _("Bản đang có thiếu trang"),
    "scan-wrong-paper": _("Bản đang có là giấy khác"),
    "scan-better": _("Có bản gốc rõ hơn"),
    "supplement": _("Người nộp bổ sung"),
    "reused-no-longer-valid": _(
        "Nơi giữ cho biết giấy tờ dùng lại không còn giá trị. Hãy yêu cầu người nộp bổ sung bản khác."
    ),
    # a result that is given out
    "not-the-owner": _("Số này không phải của chủ hồ sơ. Người khác đến lấy thì phải được ủy quyền."),
    "not-at-home": _("Bưu tá không gặp người nhận"),
    "wrong-address": _("Địa chỉ không đúng"),
    "moved-away": _("Người nhận đã chuyển nơi ở"),
    "refused-by-addressee": _("Người nhận không nhận"),
    "not-fetched": _("Người nhận không đến bưu cục lấy"),
    # a message between nodes
    "failed-there": _("Nơi nhận chưa xử lý được thư này dù đã gửi nhiều lần."),
    "wrong-receipt": _("Biên nhận của nơi nhận không khớp với thư."),
    "given-up": _("Thư không giao được và người vận hành đã thôi gửi."),
    "delivered": _("Thư đã tới nơi."),
    "resent": _("Đã gửi lại."),
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
