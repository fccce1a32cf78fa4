"""What a check found out, for people."""

from dataclasses import dataclass, field

from lienthong_verifier.signing import Directory


@dataclass
class Report:
    """`lines` hold; `notes` say what the file does not prove, or not yet."""

    title: str
    directory: Directory
    is_given: bool = False
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        if line not in self.lines:
            self.lines.append(line)

    def note(self, line: str) -> None:
        if line not in self.notes:
            self.notes.append(line)

    def text(self) -> str:
        notes = [*self.notes, *self.directory.revoked]
        lines = [*self.lines, f"keys: {self._keys()}", *(f"note: {note}" for note in notes)]
        return "\n".join([f"proven: {self.title}", *(f"  {line}" for line in lines)])

    def _keys(self) -> str:
        """Where the keys come from that all of this rests on."""
        source = "the directory that was given" if self.is_given else "the directory inside the file"
        if self.directory.is_checked:
            return f"{source}, signed by the authority"
        return f"{source}; compare its SHA-256 {self.directory.fingerprint}, or name the authority with --authority"
