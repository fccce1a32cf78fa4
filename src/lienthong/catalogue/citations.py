"""Citations of law. The catalogue writes them in either language; readers of the other get the usual names there."""

_ENGLISH = (
    ("Luật Hộ tịch", "Law on Civil Status"),
    ("Luật Cư trú", "Law on Residence"),
    ("Luật Căn cước", "Law on Identification"),
    ("Luật Bảo hiểm y tế", "Law on Health Insurance"),
    ("Luật Quản lý thuế", "Law on Tax Administration"),
    ("Luật Xây dựng", "Law on Construction"),
    ("Bộ luật Dân sự", "Civil Code"),
    ("Luật Hôn nhân và gia đình", "Law on Marriage and Family"),
    ("Luật Khiếu nại", "Law on Complaints"),
    ("mẫu số", "form no."),
    ("chuẩn dữ liệu của", "data standard of"),
    ("sửa đổi bởi", "amended by"),
    ("24 giờ kể từ khi đủ hồ sơ", "24 hours from a complete dossier"),
    ("Luật", "Law"),
    ("Nghị quyết", "Resolution"),
    ("Nghị định", "Decree"),
    ("Thông tư", "Circular"),
    ("Quyết định", "Decision"),
    ("Khoản", "Clause"),
    ("Điều", "Art."),
    (" và ", " and "),
)


def in_language(citation: str, language: str) -> str:
    """A citation for a reader of `vi` or `en`; numbers and dates of acts stay as they are."""
    is_english = language.startswith("en")
    for vietnamese, english in _ENGLISH:
        said, wanted = (vietnamese, english) if is_english else (english, vietnamese)
        citation = citation.replace(said, wanted)
    return citation
