"""What the parts of pages need beyond Django's tags: icons, and a section's fields by who must give them."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# Strokes on a 20 × 20 sheet; drawn in the colour of the text beside them.
ICONS = {
    "alert": '<path d="M10 3 18 17H2zM10 8v4M10 14.4v.1"/>',
    "arrow": '<path d="M4 10h12m-5-5 5 5-5 5"/>',
    "back": '<path d="M16 10H4m5-5-5 5 5 5"/>',
    "check": '<path d="m4 10.5 4 4 8-9"/>',
    "clock": '<circle cx="10" cy="10" r="7"/><path d="M10 6v4.2l2.8 1.8"/>',
    "cross": '<path d="m5 5 10 10M15 5 5 15"/>',
    "differs": '<path d="M4 7.5h12M4 12.5h12M13 3.5l-6 13"/>',
    "done": '<circle cx="10" cy="10" r="8" fill="currentColor"/><path d="m6.5 10.3 2.4 2.4 4.6-5" stroke="#fff"/>',
    "paper": '<path d="M5 2.5h7l3.5 3.5v11.5H5zM8 9.5h5M8 13h5"/>',
    "pending": '<circle cx="10" cy="10" r="7" stroke-dasharray="2.2 2.2"/><path d="M10 6.5v3.7l2.4 1.6"/>',
    "refused": '<circle cx="10" cy="10" r="8" fill="currentColor"/><path d="m7 7 6 6m0-6-6 6" stroke="#fff"/>',
    "search": '<circle cx="9" cy="9" r="5.5"/><path d="m13.2 13.2 4.3 4.3"/>',
    "seal": '<path d="M10 2.5 16 5v5c0 3.6-2.4 6.2-6 7.5-3.6-1.3-6-3.9-6-7.5V5z"/><path d="m7.3 9.8 2 2 3.6-3.9"/>',
    "silent": '<circle cx="10" cy="10" r="7"/>'
    '<path d="M7.8 7.9c.2-2.6 4.4-2.5 4.4 0 0 1.7-2.2 1.7-2.2 3.4M10 13.8v.1"/>',
    "supplement": '<circle cx="10" cy="10" r="7"/><path d="M13.5 10h-7m2.5-2.6L6.4 10 9 12.6"/>',
    "waiting": '<circle cx="10" cy="10" r="7" stroke-dasharray="2.2 2.2"/>',
    "working": '<circle cx="10" cy="10" r="7"/>'
    '<path d="M10 5.5a4.5 4.5 0 0 1 0 9z" fill="currentColor" stroke="none"/>',
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of `ICONS`, decorative: the words beside it carry the meaning. An unknown name draws nothing."""
    return format_html(
        '<svg class="icon icon--{}" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">{}</svg>',
        name,
        mark_safe(ICONS.get(name, "")),  # noqa: S308 - our own drawings
    )


@register.filter
def known(fields: Iterable[Any]) -> list[Any]:
    """The fields a register answered for."""
    return [field for field in fields if field.state in ("known", "differs")]


@register.filter
def asked(fields: Iterable[Any]) -> list[Any]:
    """The fields the person gives: no register knows them, or the one that does is silent."""
    return [field for field in fields if field.state in ("ask", "silent")]
