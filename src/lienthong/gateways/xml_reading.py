"""XML from strangers: no document type, no entities, no depth; and the little that is needed to write it."""

from xml.etree import ElementTree as ET

DEEPEST = 12
Element = ET.Element


class BadXml(ValueError):
    """Not XML, or XML of a kind that nobody needs to send."""


class _Careful(ET.TreeBuilder):
    """Refuses a document type before anything in it is read, and elements nested too deep."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise BadXml("a document type is not taken")

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        self._depth += 1
        if self._depth > DEEPEST:
            raise BadXml("nested too deep")
        return super().start(tag, attrs)

    def end(self, tag: str) -> Element:
        self._depth -= 1
        return super().end(tag)


def parse(raw: bytes) -> Element:
    """The root element. Raises BadXml."""
    parser = ET.XMLParser(target=_Careful())  # noqa: S314 — it takes no document type, so no entity
    try:
        parser.feed(raw)
        root: Element = parser.close()
    except (ET.ParseError, ValueError, LookupError) as error:  # LookupError: an encoding nobody knows
        raise BadXml("not well-formed XML") from error
    return root


def name_of(element: Element) -> tuple[str, str]:
    """Namespace and local name."""
    namespace, _, local = element.tag.rpartition("}")
    return namespace.removeprefix("{"), local


def only(element: Element, namespace: str, name: str) -> Element:
    """The one child of this name. Raises BadXml when there is none, or more."""
    found = [child for child in element if name_of(child) == (namespace, name)]
    if len(found) != 1:
        raise BadXml(f"one {name} is needed")
    return found[0]


def texts(element: Element, path: str = "") -> dict[str, str]:
    """Every leaf's text by its path of local names: {"SoDinhDanh": …, "NgayThangNamSinh/Nam": …}. Raises BadXml for
    a path that stands twice."""
    found: dict[str, str] = {}
    for child in element:
        place = f"{path}{name_of(child)[1]}"
        inner = texts(child, place + "/") if len(child) else {place: (child.text or "").strip()}
        if set(inner) & set(found):
            raise BadXml(f"{place} stands twice")
        found |= inner
    return found


def grow(parent: Element, namespace: str, values: dict[str, str]) -> None:
    """The reverse of `texts`: elements of a namespace for each path."""
    for path, text in values.items():
        here = parent
        for part in path.split("/"):
            tag = f"{{{namespace}}}{part}"
            last = here[-1] if len(here) and here[-1].tag == tag else None
            here = ET.SubElement(here, tag) if last is None else last
        here.text = text


def written(root: Element) -> bytes:
    raw: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return raw
