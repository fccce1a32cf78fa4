"""The report as files that a spreadsheet opens: CSV, and XLSX with the period on top and the levels as an outline."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, Final

import xlsxwriter

from lienthong.steering.report_rows import COLUMNS, LEVELS, Line

_CODES: Final = ("Cap", "DonVi", "LinhVuc", "ThuTuc", "Ten")
_WIDTHS: Final = (12, 12, 20, 34, 44)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def as_csv(lines: Iterable[Line]) -> bytes:
    """UTF-8 with the mark by which spreadsheets know it; the first line names the columns as the province's report."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*_CODES, *COLUMNS])
    for line in lines:
        writer.writerow([*map(_harmless, _codes(line)), *line.figures])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _harmless(text: str) -> str:
    """No spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_xlsx(lines: Iterable[Line], title: str, period: str, names: Mapping[str, str]) -> bytes:
    """One sheet; `names` are the columns in words, beside the names that machines read."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("BaoCao")
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    number, head = book.add_format({"num_format": "#,##0"}), book.add_format({"bold": True, "font_size": 14})
    sheet.write_string(0, 0, title, head)
    sheet.write_string(1, 0, period)
    for place, width in enumerate(_WIDTHS):
        sheet.set_column(place, place, width)
    for place, name in enumerate((*_CODES, *COLUMNS)):
        sheet.write_string(3, place, names.get(name, name), bold)
        sheet.write_string(4, place, name, bold)
    for row, line in enumerate(lines, start=5):
        _write(sheet, row, line, number)
    sheet.freeze_panes(5, len(_CODES))
    book.close()
    return file.getvalue()


def _write(sheet: Any, row: int, line: Line, number: Any) -> None:
    sheet.set_row(row, None, None, {"level": LEVELS.index(line.level)})
    for place, text in enumerate(_codes(line)):
        sheet.write_string(row, place, text)
    for place, figure in enumerate(line.figures, start=len(_CODES)):
        sheet.write_number(row, place, figure, number)


def _codes(line: Line) -> tuple[str, ...]:
    return (line.level, line.unit, line.sector, line.service, line.name)
