"""What the form's templates are given: the form's sections, and the pages they stand on.

A section in which something is asked is a page of its own; sections that registers fill in stand together on one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lienthong.casework import prefill
from lienthong.casework.form_fields import FieldView, SectionView, label_of, sections_of, source_name, told
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.portal import corrections
from lienthong.portal.drafts import Reading

__all__ = ["FieldView", "FormView", "Page", "SectionView", "form_view", "label_of", "source_name", "told"]


@dataclass(frozen=True)
class Page:
    """What the person sees at once: one section that asks, or neighbours that registers fill in."""

    id: str
    title: str
    sections: list[SectionView]

    @property
    def fields(self) -> list[FieldView]:
        return [view for section in self.sections for view in section.fields]

    @property
    def asks(self) -> bool:
        return any(section.asks for section in self.sections)


@dataclass(frozen=True)
class FormView:
    title: str
    sections: list[SectionView]
    known_count: int
    asked_count: int
    silent_sources: list[str]
    errors: list[dict[str, str]]
    binding: str

    @property
    def pages(self) -> list[Page]:
        """The form page by page, without what is only promised at the end."""
        pages: list[Page] = []
        for section in self.sections:
            if section.fields[0].kind == "choice" and section.fields[0].id == "pledge":
                continue
            if not section.asks and pages and not pages[-1].asks:
                before = pages.pop()
                pages.append(Page(before.id, _("Nhà nước đã có"), [*before.sections, section]))
            else:
                pages.append(Page(section.id, section.title, [section]))
        return pages

    def page(self, name: str) -> Page | None:
        """The page on which a section, or a field, stands."""
        return next((p for p in self.pages if name in _names(p)), None)

    def after(self, page: Page) -> Page | None:
        pages = self.pages
        place = [p.id for p in pages].index(page.id) + 1
        return pages[place] if place < len(pages) else None

    def before(self, page: Page) -> Page | None:
        pages = self.pages
        place = [p.id for p in pages].index(page.id)
        return pages[place - 1] if place else None


def _names(page: Page) -> set[str]:
    return {section.id for section in page.sections} | {view.id for view in page.fields}


def form_view(
    node: Node, service: Service, reading: Reading, typed: Mapping[str, Any], errors: Mapping[str, str]
) -> FormView:
    """The form as it stands. `errors` are codes by field; none are shown before something was sent."""
    language = get_language() or "vi"
    sections = sections_of(node, service, reading, typed, errors, corrections.marks(reading.draft.typed))
    fields = [view for section in sections for view in section.fields]
    silent = prefill.silent_nodes(node, service.form, reading.found)
    return FormView(
        title=service.card.short.in_language(language),
        sections=sections,
        known_count=sum(not view.asks for view in fields),
        asked_count=sum(view.asks and view.required and view.id != "pledge" for view in fields),
        silent_sources=[node.catalogue.nodes[name].name.in_language(language) for name in silent],
        errors=told(fields),
        binding=reading.draft.binding,
    )
