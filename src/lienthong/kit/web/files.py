"""Files that come with a form, and files that leave for a person's disk."""

from io import BytesIO
from typing import Any, Final
from urllib.parse import quote

from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpResponse

MOST_A_REQUEST: Final = 25 * 1024 * 1024  # bytes of files kept of one request; more is read and forgotten


class Bounded(FileUploadHandler):
    """Django's upload handler of every request: in memory, never on disk, and never more than the bound.

    A file cut short for that still tells its whole `size`, so that it is refused for it.
    """

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._left = MOST_A_REQUEST
        self._pieces: list[bytes] = []

    def new_file(self, *told: Any, **more: Any) -> None:
        super().new_file(*told, **more)
        self._pieces = []

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if len(raw_data) <= self._left:
            self._pieces.append(raw_data)
        self._left = max(0, self._left - len(raw_data))

    def file_complete(self, file_size: int) -> "UploadedFile[Any]":
        data, self._pieces = BytesIO(b"".join(self._pieces)), []
        facts = (self.field_name, self.file_name, self.content_type, file_size, self.charset, self.content_type_extra)
        return InMemoryUploadedFile(data, *facts)


def download(data: bytes, name: str, kind: str) -> HttpResponse:
    """A file to save: never shown inside the site, never run, never guessed at."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return HttpResponse(data, content_type=kind, headers=headers)
