"""The national look-up's messages, XML (SOAP 1.1) and JSON, read and written for both directions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import msgspec

from lienthong.gateways import xml_reading
from lienthong.gateways.calls import Problem
from lienthong.gateways.tables import Population
from lienthong.gateways.xml_reading import BadXml

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_BIRTH = re.compile(r"(\d{4})((?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))?")
ET.register_namespace("soapenv", SOAP)


@dataclass(frozen=True)
class LookUp:
    """A look-up as it is asked: the marks that come with it, and the person. `birth` is yyyyMMdd or yyyy."""

    marks: Mapping[str, str]
    number: str
    name: str
    birth: str

    @property
    def born(self) -> str:
        """The date of birth as our registers write it: a day or a year."""
        return self.birth if len(self.birth) == 4 else f"{self.birth[:4]}-{self.birth[4:6]}-{self.birth[6:]}"


def speaks_xml(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() in ("text/xml", "application/xml", "application/soap+xml")


def read(table: Population, body: bytes, xml: bool) -> LookUp:
    """A request. Raises Problem (malformed) that names the element, never its value."""
    values = _from_xml(table, body) if xml else _from_json(table, body)
    marks = {name: values.get(name, "") for name in table.marks}
    for name, pattern in table.marks.items():
        if not re.fullmatch(pattern, marks[name]):
            raise Problem("malformed", f"{name} is missing or not allowed")
    births = {
        values.get(f"NgayThangNamSinh{part}", "") for part in ("", "/NgayThangNam", "/Nam")
    } - {""}  # fmt: skip
    birth = births.pop() if len(births) == 1 else ""
    number = values.get("SoDinhDanh", "") or values.get("SoCMND", "")
    if not re.fullmatch(r"\d{12}|\d{9}", number):
        raise Problem("malformed", "SoDinhDanh has 12 digits, SoCMND 9")
    if not values.get("HoVaTen", "").strip() or len(values["HoVaTen"]) > 200:
        raise Problem("malformed", "HoVaTen is missing")
    if not _BIRTH.fullmatch(birth):
        raise Problem("malformed", "NgayThangNamSinh is yyyyMMdd or yyyy")
    return LookUp(marks, number, values["HoVaTen"], birth)


def _from_xml(table: Population, body: bytes) -> dict[str, str]:
    try:
        root = xml_reading.parse(body)
        if xml_reading.name_of(root) != (SOAP, "Envelope"):
            raise BadXml("not a SOAP 1.1 envelope")
        inner = xml_reading.only(root, SOAP, "Body")
        return xml_reading.texts(xml_reading.only(inner, table.namespace, table.operation))
    except BadXml as error:
        raise Problem("malformed", str(error)) from error


def _from_json(table: Population, body: bytes) -> dict[str, str]:
    try:
        content = msgspec.json.decode(body, type=dict[str, Any])
    except (ValueError, RecursionError) as error:
        raise Problem("malformed", "not a JSON object") from error
    inner = content.get(table.operation, content)
    values = dict(inner) if isinstance(inner, dict) else {}
    birth = values.get("NgayThangNamSinh")
    if isinstance(birth, dict):
        del values["NgayThangNamSinh"]
        values |= {f"NgayThangNamSinh/{part}": text for part, text in birth.items()}
    return {name: str(value) for name, value in values.items() if isinstance(value, str | int)}


def request(table: Population, look_up: LookUp) -> bytes:
    """The request as XML, for asking a system of this kind."""
    root = ET.Element(f"{{{SOAP}}}Envelope")
    ET.SubElement(root, f"{{{SOAP}}}Header")
    asked = ET.SubElement(ET.SubElement(root, f"{{{SOAP}}}Body"), f"{{{table.namespace}}}{table.operation}")
    part = "Nam" if len(look_up.birth) == 4 else "NgayThangNam"
    person = {"SoDinhDanh": look_up.number, "HoVaTen": look_up.name, f"NgayThangNamSinh/{part}": look_up.birth}
    xml_reading.grow(asked, table.namespace, {**look_up.marks, **person})
    return xml_reading.written(root)


def answer(table: Population, person: Mapping[str, str] | None, xml: bool) -> bytes:
    """A person's elements, or an empty collection: unknown and not told look alike."""
    if not xml:
        return msgspec.json.encode({"Body": {"CongdanCollection": {"CongDan": _nested(person)} if person else {}}})
    root = ET.Element(f"{{{SOAP}}}Envelope")
    inner = ET.SubElement(root, f"{{{SOAP}}}Body")
    collection = ET.SubElement(inner, f"{{{table.answer_namespace}}}CongdanCollection")
    if person:
        one = ET.SubElement(collection, f"{{{table.answer_namespace}}}CongDan")
        xml_reading.grow(one, table.answer_namespace, dict(person))
    return xml_reading.written(root)


def heard(table: Population, body: bytes) -> dict[str, str] | None:
    """The reverse of `answer` in XML: a person's elements, None for nobody. Raises BadXml for anything else."""
    root = xml_reading.parse(body)
    if xml_reading.name_of(root) != (SOAP, "Envelope"):
        raise BadXml("not a SOAP 1.1 envelope")
    inner = xml_reading.only(root, SOAP, "Body")
    collection = xml_reading.only(inner, table.answer_namespace, "CongdanCollection")
    if not len(collection):
        return None
    return xml_reading.texts(xml_reading.only(collection, table.answer_namespace, "CongDan"))


def fault(code: str, text: str, xml: bool) -> bytes:
    if not xml:
        return msgspec.json.encode({"errorCode": code, "errorDescription": text})
    root = ET.Element(f"{{{SOAP}}}Envelope")
    inner = ET.SubElement(ET.SubElement(root, f"{{{SOAP}}}Body"), f"{{{SOAP}}}Fault")
    ET.SubElement(inner, "faultcode").text = f"soapenv:{'Client' if code != '503' else 'Server'}"
    ET.SubElement(inner, "faultstring").text = text
    ET.SubElement(ET.SubElement(inner, "detail"), "errorCode").text = code
    return xml_reading.written(root)


def _nested(values: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, text in values.items():
        *above, last = path.split("/")
        here = found
        for part in above:
            here = here.setdefault(part, {})
        here[last] = text
    return found
