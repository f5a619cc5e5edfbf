"""A change of configuration: shown first, written at once, taken back by removing a file."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


class Refusal(Exception):
    """What would not work, in full sentences."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass
class Change:
    """
    New text for a drop-in, and what Salt will then see.

    :param path: the drop-in.
    :param text: its new text; ``None`` removes it.
    :param before: effective settings now, only those that change.
    :param after: the same settings then.
    :param advice: what to do after writing.
    :param extra: more to do when written, such as making a folder.
    :param pending: whether ``extra`` still has something to do.
    :param notes: what was found and is left as it is.
    """

    path: Path
    text: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    advice: str
    extra: list[Callable[[], None]] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_needed(self) -> bool:
        """Whether anything would change."""
        return self._present() != self.text or bool(self.pending)

    @property
    def difference(self) -> str:
        """Unified difference of the effective settings, then one line per thing to make."""
        old, new = (_lines(settings) for settings in (self.before, self.after))
        lines = difflib.unified_diff(old, new, "effective settings now", "effective settings then")
        made = "".join(f"+ {what}\n" for what in self.pending)
        return "".join(lines) + made

    def write(self) -> None:
        """Write the drop-in at once, or remove it."""
        for step in self.extra:
            step()
        if self.text is None:
            self.path.unlink(missing_ok=True)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, staged = tempfile.mkstemp(dir=self.path.parent, prefix=".eos.")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(self.text)
            os.fchmod(stream.fileno(), 0o644)
            stream.flush()
            os.fsync(stream.fileno())
        Path(staged).replace(self.path)

    def _present(self) -> str | None:
        try:
            return self.path.read_text("utf-8")
        except FileNotFoundError:
            return None


def text(verb: str, settings: dict[str, Any]) -> str:
    """Write a drop-in that says where it comes from."""
    head = f"# Written by `saltext-eos {verb}`; `saltext-eos remove` takes it back.\n"
    return head + yaml.safe_dump(settings, sort_keys=False)


def _lines(settings: dict[str, Any]) -> list[str]:
    dumped = yaml.safe_dump(settings, sort_keys=True) if settings else ""
    return dumped.splitlines(keepends=True)
