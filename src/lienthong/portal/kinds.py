"""The kinds of messages a citizen gets about a dossier, in both languages.

`short` is all that e-mail and SMS say beside the dossier's code: a state, never a name, a reason or a link. `title`,
`text` and the sentences after it stand in the inbox only, for the person who is signed in. `{service}` is what the
branch is about, `{agency}` who handles it, `{until}` a moment.
"""

from dataclasses import dataclass
from typing import Final

from lienthong.catalogue.shapes import Words


@dataclass(frozen=True)
class Kind:
    """`sign` is the icon beside it; `until` a sentence for a moment, `following` what happens or is to be done next."""

    short: Words
    title: Words
    text: Words
    sign: str
    until: Words | None = None
    following: Words | None = None


SIGN_IN: Final = Words("Đăng nhập Cổng Dịch vụ công quốc gia để xem.", "Sign in to the National Public Service Portal.")

KINDS: Final[dict[str, Kind]] = {
    "submitted": Kind(
        Words("đã gửi", "submitted"),
        Words("Đã gửi hồ sơ", "Dossier submitted"),
        Words("Chúng tôi đã nhận và đang chuyển hồ sơ đến cơ quan giải quyết.", "We have it and are passing it on."),
        "waiting",
        Words("Hẹn trả trước {until}.", "Promised before {until}."),
    ),
    "received": Kind(
        Words("đã được tiếp nhận", "received"),
        Words("{service}: đã tiếp nhận", "{service}: received"),
        Words("{agency} đã tiếp nhận hồ sơ và đang giải quyết.", "{agency} has received the dossier."),
        "working",
        Words("Hẹn trả trước {until}.", "Promised before {until}."),
    ),
    "supplement": Kind(
        Words("cần bạn bổ sung", "you are asked to add something"),
        Words("{service}: cần bạn bổ sung", "{service}: please add something"),
        Words("{agency} cần thêm thông tin hoặc giấy tờ.", "{agency} needs more information or papers."),
        "supplement",
        Words(
            "Hãy bổ sung trước {until}; quá hạn, phần việc này dừng lại.",
            "Please add it before {until}; after that this part stops.",
        ),
        Words("Mở hồ sơ để xem đủ những gì cần bổ sung.", "Open the dossier to see everything that is needed."),
    ),
    "consent": Kind(
        Words("chờ người liên quan đồng ý", "somebody concerned must agree"),
        Words("{service}: chờ đồng ý", "{service}: waiting for consent"),
        Words(
            "{agency} đã hỏi ý kiến người có liên quan trên định danh điện tử.",
            "{agency} has asked the person concerned through electronic identity.",
        ),
        "waiting",
        Words(
            "Họ cần trả lời trước {until}; thời gian chờ không tính vào hạn giải quyết.",
            "They are to answer before {until}; the waiting does not count.",
        ),
    ),
    "issued": Kind(
        Words("đã có một kết quả", "one result is there"),
        Words("{service}: đã có kết quả", "{service}: the result is there"),
        Words("{agency} đã cấp kết quả.", "{agency} has issued the result."),
        "done",
        following=Words(
            "Kết quả được chuyển ngay cho phần việc tiếp theo.", "It is passed on to the next part by itself."
        ),
    ),
    "finished": Kind(
        Words("đã có đủ kết quả", "all results are there"),
        Words("Hồ sơ đã xong", "The dossier is finished"),
        Words("Mọi phần việc đã có kết quả hoặc đã kết thúc.", "Every part has its result or has ended."),
        "done",
    ),
    "refused": Kind(
        Words("không được giải quyết", "refused"),
        Words("{service}: bị từ chối", "{service}: refused"),
        Words("{agency} không giải quyết phần việc này.", "{agency} has refused this part."),
        "refused",
        following=Words(
            "Mở hồ sơ để xem lý do và cách khiếu nại.", "Open the dossier for the reason and how to appeal."
        ),
    ),
    "stopped": Kind(
        Words("đã dừng giải quyết", "stopped"),
        Words("{service}: đã dừng", "{service}: stopped"),
        Words("{agency} đã dừng giải quyết phần việc này.", "{agency} has stopped this part."),
        "refused",
        following=Words("Bạn có thể nộp lại bất cứ lúc nào.", "You may apply again at any time."),
    ),
    "withdrawn": Kind(
        Words("đã rút theo yêu cầu", "withdrawn as asked"),
        Words("Đã rút hồ sơ", "Dossier withdrawn"),
        Words(
            "Những phần chưa quyết định đã được rút theo yêu cầu của bạn.",
            "What was not decided yet has been withdrawn as you asked.",
        ),
        "refused",
    ),
    "extended": Kind(
        Words("cần xác minh, có hẹn mới", "must be verified, with a new date"),
        Words("{service}: cần xác minh thêm", "{service}: must be verified"),
        Words(
            "{agency} cần xác minh tại chỗ nên hạn giải quyết dài hơn theo quy định.",
            "{agency} must verify on the spot, for which the law gives more time.",
        ),
        "clock",
        Words("Hẹn trả mới: trước {until}.", "New promise: before {until}."),
        Words("Bạn không phải làm gì.", "You need not do anything."),
    ),
    "promised_again": Kind(
        Words("có hạn mới", "has another date"),
        Words("{service}: xin lỗi và hẹn lại", "{service}: apology, and another date"),
        Words(
            "{agency} xin lỗi vì không kịp trả kết quả đúng hẹn, và hẹn lại một lần.",
            "{agency} apologises: the result will not be there in time. It promises another date, once.",
        ),
        "waiting",
        Words("Hạn mới: trước {until}.", "The new date: before {until}."),
        Words(
            "Mở hồ sơ để đọc lý do và tải văn bản xin lỗi (mẫu 04).",
            "Open the dossier to read why, and to download the apology (form 04).",
        ),
    ),
    "late": Kind(
        Words("bị chậm so với hẹn", "later than promised"),
        Words("Hồ sơ bị chậm", "The dossier is late"),
        Words(
            "Chúng tôi xin lỗi: hồ sơ chưa xong đúng hẹn. Đơn vị phụ trách đã được báo.",
            "We are sorry: the dossier is not finished as promised. The unit in charge has been told.",
        ),
        "alert",
        Words("Hẹn trả mới: trước {until}.", "New promise: before {until}."),
    ),
    "corrected": Kind(
        Words("kết quả đã được cải chính", "a result was corrected"),
        Words("{service}: đã cải chính", "{service}: corrected"),
        Words(
            "{agency} đã sửa kết quả. Bản trước không còn giá trị.",
            "{agency} has corrected the result. The earlier one is no longer valid.",
        ),
        "done",
    ),
    "annulled": Kind(
        Words("kết quả đã bị hủy", "a result was annulled"),
        Words("{service}: kết quả bị hủy", "{service}: result annulled"),
        Words("{agency} đã hủy kết quả bằng quyết định.", "{agency} has annulled the result by decision."),
        "refused",
        following=Words(
            "Mở hồ sơ để xem quyết định và cách khiếu nại.", "Open the dossier for the decision and how to appeal."
        ),
    ),
    "result_sent": Kind(
        Words("kết quả đã gửi bưu điện", "the result was posted"),
        Words("{service}: kết quả đang trên đường", "{service}: the result is on its way"),
        Words(
            "{agency} đã giao kết quả cho bưu điện, số hiệu bưu gửi {tracking}.",
            "{agency} has handed the result to the post, tracking number {tracking}.",
        ),
        "arrow",
    ),
    "result_back": Kind(
        Words("bưu điện chưa phát được kết quả", "the post could not deliver the result"),
        Words("{service}: bưu điện chuyển hoàn", "{service}: returned by the post"),
        Words(
            "Bưu điện không phát được nên kết quả đã về lại {place}.",
            "The post could not hand it over, so the result lies at {place} again.",
        ),
        "back",
        following=Words(
            "Hãy đến lấy, hoặc gọi để cho địa chỉ đúng. Mang theo căn cước.",
            "Please fetch it, or call to give the right address. Bring your identity card.",
        ),
    ),
    "result_waits": Kind(
        Words("kết quả đang chờ bạn đến lấy", "the result waits to be collected"),
        Words("{service}: kết quả chờ bạn lấy", "{service}: please collect the result"),
        Words("Kết quả bằng giấy đang ở {place}.", "The result on paper lies at {place}."),
        "paper",
        following=Words(
            "Mang theo căn cước; người đi lấy thay cần giấy ủy quyền.",
            "Bring your identity card; whoever collects for you needs an authorisation.",
        ),
    ),
    "answered": Kind(
        Words("", ""),
        Words("Câu hỏi của bạn đã được trả lời", "Your question was answered"),
        Words(
            "{agency} đã trả lời câu hỏi về một lần đọc dữ liệu.", "{agency} has answered about a read of your data."
        ),
        "check",
        following=Words("Câu trả lời nằm ở trang Dữ liệu của tôi.", "The answer is on the page My data."),
    ),
    "feedback_supplement": Kind(
        Words("có phản ánh cần bạn nói rõ thêm", "more is asked about your feedback"),
        Words("Phản ánh của bạn: cần nói rõ thêm", "Your feedback: please say more"),
        Words("{agency} hỏi thêm về phản ánh của bạn.", "{agency} asks more about your feedback."),
        "supplement",
        following=Words("Mở hồ sơ, mục Phản ánh, để trả lời.", "Open the dossier, under Feedback, to answer."),
    ),
    "feedback_moved": Kind(
        Words("phản ánh đã được chuyển", "your feedback was passed on"),
        Words("Phản ánh của bạn đã được chuyển", "Your feedback was passed on"),
        Words("{place} trả lời phản ánh của bạn.", "{place} will answer your feedback."),
        "arrow",
        Words("Hạn trả lời {until}.", "To be answered by {until}."),
    ),
    "feedback_refused": Kind(
        Words("có phản ánh không được xử lý", "feedback is not dealt with"),
        Words("Phản ánh của bạn không được xử lý", "Your feedback is not dealt with"),
        Words("{agency} đã nói lý do.", "{agency} has said why."),
        "refused",
        following=Words("Mở hồ sơ, mục Phản ánh, để đọc lý do.", "Open the dossier, under Feedback, to read why."),
    ),
    "feedback_answered": Kind(
        Words("đã có trả lời phản ánh", "your feedback was answered"),
        Words("Phản ánh của bạn đã được trả lời", "Your feedback was answered"),
        Words("{agency} đã trả lời phản ánh của bạn.", "{agency} has answered your feedback."),
        "check",
        following=Words(
            "Mở hồ sơ, mục Phản ánh, để đọc và cho biết bạn có hài lòng không.",
            "Open the dossier, under Feedback, to read it and to say whether you are content.",
        ),
    ),
}
