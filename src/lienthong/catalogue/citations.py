"""Citations of law. The catalogue writes them as the law does, in Vietnamese; English readers get its usual names."""

_ENGLISH = (
    ("Luật Hộ tịch", "Law on Civil Status"),
    ("Luật Cư trú", "Law on Residence"),
    ("Luật Căn cước", "Law on Identification"),
    ("Luật Bảo hiểm y tế", "Law on Health Insurance"),
    ("sửa đổi bởi", "amended by"),
    ("24 giờ kể từ khi đủ hồ sơ", "24 hours from a complete dossier"),
    ("Nghị định", "Decree"),
    ("Thông tư", "Circular"),
    ("Quyết định", "Decision"),
    ("Khoản", "Clause"),
    ("Điều", "Art."),
    (" và ", " and "),
)


def in_language(citation: str, language: str) -> str:
    """A citation for a reader of `vi` or `en`; numbers and dates of acts stay as they are."""
    if language.startswith("en"):
        for vietnamese, english in _ENGLISH:
            citation = citation.replace(vietnamese, english)
    return citation
