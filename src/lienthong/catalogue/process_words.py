"""What can be wrong with a process table, in words; `{}` is what it is about."""

from typing import Final

from lienthong.catalogue.shapes import Words

SENTENCES: Final = {
    # of the table
    "no-steps": Words("Quy trình phải có ít nhất một bước.", "A process has at least one step."),
    "no-decision": Words(
        "Phải có một bước ký quyết định mà không hồ sơ nào bỏ qua.",
        "There must be a step that decides and that no dossier passes over.",
    ),
    "hours-over-limit": Words(
        "Tổng số giờ của các bước vượt thời hạn của thủ tục ({}).",
        "The steps together take longer than the procedure allows ({}).",
    ),
    "no-own-process": Words(
        "Thủ tục liên thông không có quy trình nội bộ; mỗi nhánh có quy trình riêng.",
        "An interlinked procedure has no internal process; each of its branches may have one.",
    ),
    "symbol-missing": Words("Hãy ghi ký hiệu quy trình, ví dụ QTTP-20.", "Give the process a symbol, such as QTTP-20."),
    # of a step
    "step-name": Words(
        "Mã bước chỉ gồm chữ thường không dấu, chữ số và gạch dưới.",
        "A step's code has small letters, digits and underscores only.",
    ),
    "step-taken": Words(
        "Mã bước này dành cho sơ đồ chung; hãy đổi mã.", "The diagram keeps this code; choose another."
    ),
    "step-twice": Words("Hai bước mang cùng một mã.", "Two steps bear the same code."),
    "name-missing": Words("Hãy ghi tên bước.", "Name the step."),
    "english-missing": Words("Hãy ghi tên bước bằng tiếng Anh.", "Name the step in English too."),
    "name-long": Words("Tên bước dài quá 80 chữ.", "The name is longer than 80 letters."),
    "first-by-people": Words(
        "Bước đầu phải do người làm: tiếp nhận, kiểm tra hoặc ký.",
        "People do the first step: receive, check or decide.",
    ),
    "receive-first": Words("Chỉ bước đầu là tiếp nhận.", "Only the first step receives."),
    "gather-alone": Words("Việc này chỉ có ở thủ tục liên thông.", "Only an interlinked procedure has this."),
    "no-result": Words(
        "Bước cuối phải ghi sổ hoặc cấp kết quả, nếu không hồ sơ không bao giờ xong.",
        "The last step must record or issue the result, or no dossier would ever end.",
    ),
    "after-result": Words(
        "Hồ sơ kết thúc khi có kết quả: bước này không bao giờ tới. Hãy đặt bước cho kết quả xuống cuối.",
        "A dossier ends with its result: this step is never reached. Put the step that gives the result last.",
    ),
    "verb-missing": Words("Hãy chọn việc của bước.", "Say what is done in this step."),
    "role-missing": Words("Hãy chọn ai làm bước này.", "Choose who does this step."),
    "role-unknown": Words("Không có vai trò này trong giải quyết hồ sơ.", "No such post decides cases."),
    "hours-missing": Words(
        "Hãy ghi số giờ làm việc, là số nguyên từ 1.", "Give the working hours: a whole number, at least 1."
    ),
    "rule-missing": Words("Hãy ghi căn cứ pháp lý của bước.", "State the rule behind the step."),
    "automatic-not-here": Words(
        "Chỉ bước tiếp nhận và bước ký được tự động quyết định.", "Only reception and decision can be automatic."
    ),
    # results
    "register-missing": Words("Bước ghi sổ phải nêu sổ.", "A step that records names its register."),
    "register-unknown": Words("Không có sổ {}.", "There is no register {}."),
    "register-not-here": Words("Chỉ bước ghi sổ nêu sổ.", "Only a step that records names a register."),
    "result-missing": Words("Bước cấp kết quả phải nêu mã kết quả.", "A step that issues names the result's code."),
    "result-not-here": Words("Chỉ bước cấp kết quả nêu mã kết quả.", "Only a step that issues names a result."),
    "refused-to-missing": Words(
        "Hãy chọn bước làm lại khi cơ quan giữ sổ không ghi được.",
        "Choose the step to redo when the register's owner refuses the record.",
    ),
    "refused-to-later": Words(
        "Chỉ quay lại được một bước kiểm tra hoặc ký đứng trước.",
        "It can only go back to an earlier step that checks or decides.",
    ),
    "refused-to-not-here": Words(
        "Chỉ bước ghi sổ hoặc cấp kết quả có bước quay lại.", "Only a step that records or issues goes back."
    ),
    # conditions
    "when-not-here": Words(
        "Bước đầu, bước xem xét đầu tiên và bước cuối áp dụng cho mọi hồ sơ.",
        "The first step, the first judgement and the last step are for every dossier.",
    ),
    "when-unreadable": Words(
        "Điều kiện là một phép so sánh: mục=giá trị hoặc mục!=giá trị; «{}» không phải.",
        "A condition is one comparison, field=value or field!=value; “{}” is not.",
    ),
    "when-no-field": Words("Tờ khai không có mục «{}».", "The form has no field “{}”."),
    "when-no-code": Words("Mục này không có giá trị «{}».", "This field cannot have the value “{}”."),
    "not-a-unit": Words("Hãy chọn một mục của tờ khai nêu đơn vị.", "Choose a field of the form that names a unit."),
    # opinions
    "asks-missing": Words("Hãy thêm ít nhất một ý kiến cần hỏi.", "Add at least one opinion to ask for."),
    "asks-not-here": Words("Chỉ bước lấy ý kiến có danh sách hỏi.", "Only a step that consults asks for opinions."),
    "days-missing": Words(
        "Hãy ghi số ngày làm việc, là số nguyên từ 1.", "Give the working days: a whole number, at least 1."
    ),
    "question-missing": Words("Hãy ghi điều cần hỏi.", "Write what is asked."),
    # consents
    "consent-of": Words(
        "Tờ khai không có mục «{}» để biết ai phải đồng ý.", "The form has no field “{}” that says who must agree."
    ),
    "consent-days": Words(
        "Thời hạn đồng ý của «{}» phải từ một ngày.", "The time for the consent “{}” is at least a day."
    ),
    # an agency's own beside the ministry's
    "consents-differ": Words(
        "Ai phải đồng ý do thủ tục quy định; quy trình nội bộ không đổi được.",
        "Who must agree is the procedure's; an internal process cannot change it.",
    ),
    "result-differs": Words(
        "Kết quả do thủ tục quy định: bước cuối phải đúng như mẫu của bộ.",
        "The result is the procedure's: the last step must be that of the ministry's model.",
    ),
    "automatic-unknown": Words(
        "Mẫu của bộ không có quy tắc này ở việc như vậy.", "The ministry's model has no such rule for this."
    ),
    "guard-differs": Words(
        "Giới hạn của quy tắc tự động do thủ tục quy định.", "The guard of an automatic rule is the procedure's."
    ),
}
