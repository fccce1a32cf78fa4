"""The site's own files – styles, scripts, typefaces, drawings – from memory, under names that hold their hash.

Pages name them by `{% static %}`. The name changes with the content, so a browser keeps a file for good and still sees
every change; by its plain name a file is there too, asked for anew each time. What is text is packed once, at its best,
when the process begins: a page's first visit over a village's line costs what arrives, not what is stored.
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import Storage

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

OWN: Final = Path(__file__).parent / "static"
FOR_GOOD: Final = "public, max-age=31536000, immutable"
EVERY_TIME: Final = "no-cache"
_TEXTS: Final = {".css", ".js", ".svg", ".json", ".txt"}
_TYPES: Final = {".js": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
# what a style or a script names beside itself
_NAMED: Final = {
    ".css": re.compile(rb"""(?P<before>url\(["']?)(?P<name>[^"'():#?]+)"""),
    ".js": re.compile(rb"""(?P<before>(?:from|import)\s*\(?\s*["'])(?P<name>\.{1,2}/[^"']+)"""),
}


@dataclass(frozen=True)
class Asset:
    """A file as it is sent. `address` holds its hash; `packed` is empty where packing gains nothing."""

    address: str
    data: bytes
    packed: bytes
    type: str
    tag: str


class Assets:
    """The files below a folder, each known by its plain name and by its address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._named: dict[str, Asset] = {}
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self._add(path.relative_to(folder).as_posix())
        self._addressed = {asset.address: asset for asset in self._named.values()}

    def address(self, name: str) -> str:
        """The address of a file. Raises KeyError when there is none: a page must not name what is not there."""
        return self._named[name].address

    def find(self, path: str) -> tuple[Asset | None, bool]:
        """A file by address or plain name, and whether a browser may keep it for good."""
        if path in self._addressed:
            return self._addressed[path], True
        return self._named.get(path), False

    def _add(self, name: str) -> Asset:
        if name in self._named:
            return self._named[name]
        path = PurePosixPath(name)
        data = (self._folder / name).read_bytes()
        if pattern := _NAMED.get(path.suffix):
            data = pattern.sub(lambda found: found["before"] + self._beside(path, found["name"]), data)
        digest = hashlib.sha256(data).hexdigest()
        packed = gzip.compress(data, 9, mtime=0) if path.suffix in _TEXTS else b""
        if len(packed) >= len(data):
            packed = b""
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        if path.suffix in _TEXTS:
            kind += "; charset=utf-8"
        address = str(path.with_name(f"{path.stem}.{digest[:12]}{path.suffix}"))
        self._named[name] = Asset(address, data, packed, kind, f'"{digest[:24]}"')
        return self._named[name]

    def _beside(self, path: PurePosixPath, named: bytes) -> bytes:
        """A name inside a file, as the other file's address; what is no file of ours stays as it is."""
        target = normpath(str(path.parent / named.decode()))
        if target.startswith("..") or not (self._folder / target).is_file():
            return named
        folder, slash, _ = named.rpartition(b"/")
        return folder + slash + PurePosixPath(self._add(target).address).name.encode()


@cache
def own() -> Assets:
    """The tree's own files, read and packed at the first call: before processes fork, so that they share them."""
    return Assets(OWN)


class Addresses(Storage):
    """What `{% static %}` asks: the address of a file of ours."""

    def url(self, name: str | None) -> str:
        return f"{settings.STATIC_URL}{quote(own().address(name or ''))}"


def serving(assets: Assets, prefix: str, pages: Application) -> Application:
    """The application with files in front of it; what is no file of ours goes on to the pages."""

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        asset, for_good = assets.find(path.removeprefix(prefix)) if path.startswith(prefix) else (None, False)
        if asset is None or method not in ("GET", "HEAD"):
            return pages(environ, start_response)
        status, headers, body = _answer(asset, for_good, environ)
        start_response(status, headers)
        return [body if method == "GET" else b""]

    return application


def _answer(asset: Asset, for_good: bool, environ: Environ) -> tuple[str, list[tuple[str, str]], bytes]:
    headers = [
        ("Cache-Control", FOR_GOOD if for_good else EVERY_TIME),
        ("ETag", asset.tag),
        ("X-Content-Type-Options", "nosniff"),
    ]
    if asset.packed:
        headers.append(("Vary", "Accept-Encoding"))
    if asset.tag in environ.get("HTTP_IF_NONE_MATCH", ""):
        return "304 Not Modified", headers, b""
    body = asset.data
    if asset.packed and "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
        body = asset.packed
        headers.append(("Content-Encoding", "gzip"))
    headers += [("Content-Type", asset.type), ("Content-Length", str(len(body)))]
    return "200 OK", headers, body
