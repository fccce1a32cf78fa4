"""What the counter knew of a dossier, said to whoever works on it: two clocks, what is to be verified, who came."""

from django.utils.translation import gettext as _

from lienthong.casework import two_clocks
from lienthong.desk import pages
from lienthong.desk.comparison import Caution, Evidence, label_of


def of(evidence: Evidence) -> list[Caution]:
    """Nothing for a dossier that came from the portal to the unit that decides."""
    return [*_clocks(evidence), *_to_verify(evidence), *_helper(evidence)]


def _clocks(evidence: Evidence) -> list[Caution]:
    clocks = two_clocks.of(evidence.dossier, evidence.history)
    if clocks is None:
        return []
    point, unit = (pages.place(evidence.node, code) for code in (clocks.point, clocks.unit))
    tone = "late" if clocks.passed_late else ""
    return [Caution(" ".join(two_clocks.in_words(clocks, point, unit)), tone, "clock")]


def _to_verify(evidence: Evidence) -> list[Caution]:
    """What the officer at the counter typed because its register was silent."""
    named = evidence.content.contact.get("to_verify", [])
    fields = evidence.form.fields
    labels = [label_of(evidence, fields[name]) for name in named if name in fields]
    if "applicant" in named:
        labels.insert(0, _("người nộp"))
    if not labels:
        return []
    text = _("Nhập theo giấy tờ, chưa đối chiếu với dữ liệu gốc: %(what)s.")
    return [Caution(text % {"what": "; ".join(labels)}, sign="silent")]


def _helper(evidence: Evidence) -> list[Caution]:
    helper = evidence.content.contact.get("helper")
    if not helper:
        return []
    text = _("%(who)s nộp thay theo %(paper)s")
    return [Caution(text % {"who": helper["name"], "paper": helper["paper"]}, "", "paper")]
