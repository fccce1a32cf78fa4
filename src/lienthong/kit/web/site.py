"""What the frame of a page must know of the node it is served by."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from lienthong.kit import clock


@dataclass(frozen=True)
class Site:
    """One node's face: `slug` names its cookies, `name` and `name_en` head its pages, `demo` puts up the banner."""

    slug: str
    name: str
    name_en: str
    demo: bool = False


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `site_name`, `demo`, `node` (slug), `account`, and `clock`: the time if moved, else None."""
    site: Site = settings.SITE
    return {
        "site_name": site.name_en if get_language() == "en" else site.name,
        "demo": site.demo,
        "node": site.slug,
        "clock": moved_clock(),
        "account": getattr(request, "account", None),
    }


def moved_clock() -> datetime | None:
    return clock.now() if clock.offset() else None
