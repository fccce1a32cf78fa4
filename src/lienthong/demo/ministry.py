"""The demo country's national business registration system: a ministry's program of the usual kind, on loopback.

It has a screen into which officers type (nothing there can be pasted from us but values), and an address that takes the
same as JSON and calls back some seconds later. What it knows lies in its own memory and is gone with it.
"""

import base64
import html
import json
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread, Timer
from typing import Any
from urllib.parse import parse_qs

import urllib3

from lienthong.kit import clock

HOST = "127.0.0.1"
SYSTEM = "business-registration"
ANSWERS_AFTER = 8.0  # seconds
LARGEST = 256 * 1024
FIELDS = {
    "ten_ho_kinh_doanh": "Tên hộ kinh doanh", "so_dinh_danh": "Số định danh chủ hộ", "ho_ten": "Họ tên chủ hộ",
    "ngay_sinh": "Ngày sinh", "dien_thoai": "Điện thoại", "dia_chi": "Địa điểm kinh doanh", "nganh_nghe": "Ngành nghề",
    "von": "Vốn kinh doanh (đồng)",
}  # fmt: skip
NEEDED = ("ten_ho_kinh_doanh", "so_dinh_danh", "ho_ten")


class Ministry:
    """Registers businesses: from its own screen, or from another system that is called back."""

    def __init__(self, after: float = ANSWERS_AFTER) -> None:
        self._after = after
        self._lock = Lock()
        self._numbers: dict[str, str] = {}  # a business once registered keeps its number

    def open(self) -> str:
        """Start on a free port of this machine; its address."""
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self))
        Thread(target=self._server.serve_forever, name="ministry", daemon=True).start()
        return f"http://{HOST}:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    def register(self, values: dict[str, Any]) -> tuple[str, datetime]:
        """The number of a business: of its owner and name, the same as before where it has one. Raises ValueError for
        what is missing."""
        missing = [FIELDS[name] for name in NEEDED if not values.get(name)]
        if missing:
            raise ValueError(", ".join(missing))
        key = f"{values['so_dinh_danh']} {values['ten_ho_kinh_doanh']}"
        with self._lock:
            number = self._numbers.setdefault(key, f"42A8{len(self._numbers) + 1:06d}")
        return number, clock.now()

    def take(self, message: dict[str, Any]) -> dict[str, Any]:
        """Take a dossier from another system; the answer comes later, to the address that it names."""
        Timer(self._after, self._answer, (message,)).start()
        return {"soHoSoLT": f"DKKD-{message['maHoSo']}", "trangThai": 1}

    def _answer(self, message: dict[str, Any]) -> None:
        told: dict[str, Any] = {"maHoSo": message["maHoSo"], "maBuoc": message["maBuoc"]}
        told["thoiGianThucHien"] = f"{clock.now():%d/%m/%Y %H:%M:%S}"
        try:
            number, at = self.register(message["duLieu"])
        except ValueError as wrong:
            told |= {"trangThai": 6, "ghiChu": f"Thiếu: {wrong}"}
        else:
            paper = base64.b64encode(_pdf(f"So dang ky {number}")).decode()
            told |= {"trangThai": 4, "soKetQua": number, "ngayKetQua": f"{at:%d/%m/%Y}", "giayToKetQua": paper}
        back = message["phanHoi"]
        shown = {"Authorization": f"Bearer {back['maXacThuc']}"}
        try:
            heard = urllib3.request("POST", back["diaChi"], json=told, headers=shown, timeout=10.0).status < 500
        except urllib3.exceptions.HTTPError:
            heard = False
        if not heard:
            Timer(self._after, self._answer, (message,)).start()


def _handler(ministry: Ministry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(200, _page(_form()))

        def do_POST(self) -> None:
            data = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), LARGEST))
            if self.path == "/api/ho-so":
                self._say(200, json.dumps(ministry.take(json.loads(data))), "application/json")
                return
            values = {name: found[0] for name, found in parse_qs(data.decode()).items()}
            try:
                number, at = ministry.register(values)
            except ValueError as wrong:
                self._say(422, _page(f"<p><b>Chưa đủ: {html.escape(str(wrong))}</b></p>{_form(values)}"))
                return
            said = f"<p>Đã đăng ký. Số <b>{number}</b>, ngày {at:%d/%m/%Y}.</p><p>Chụp màn hình này làm bằng chứng.</p>"
            self._say(200, _page(said))

        def _say(self, status: int, text: str, kind: str = "text/html") -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_told: Any) -> None:
            """Nobody's name in a log."""

    return Handler


def _page(inside: str) -> str:
    return (
        '<!doctype html><html lang="vi"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Hệ thống thông tin quốc gia về đăng ký doanh nghiệp (mẫu)</title>"
        "<body style='font:16px sans-serif;max-width:40rem;margin:1rem auto;padding:0 1rem'>"
        f"<h1 style='font-size:1.3rem'>Hệ thống đăng ký doanh nghiệp (MẪU)</h1>{inside}"
    )


def _form(values: dict[str, str] | None = None) -> str:
    known = values or {}
    rows = "".join(
        f"<p><label>{label}<br><input name='{name}' value='{html.escape(known.get(name, ''))}' size='50'></label></p>"
        for name, label in FIELDS.items()
    )
    return f"<form method='post'>{rows}<button>Đăng ký</button></form>"


def _pdf(text: str) -> bytes:
    """The smallest whole PDF that shows a line of plain letters."""
    shown = f"BT /F1 18 Tf 72 720 Td ({text}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        f"<< /Length {len(shown)} >>\nstream\n{shown}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Font << /F1 5 0 R >> >>",
    ]
    written, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    start, count = len(written), len(objects) + 1
    written += f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R >>\n"
    return f"{written}startxref\n{start}\n%%EOF\n".encode("ascii")
