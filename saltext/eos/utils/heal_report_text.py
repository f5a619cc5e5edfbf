"""How the runner words what it shows of healing: moments in UTC, spans, lines of 80 columns."""

from __future__ import annotations

import textwrap

from saltext.eos.utils import event_text

WIDTH = 80
LABEL = 10
_PARTS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def span(seconds: float) -> str:
    """Show a span of time with its two greatest parts: ``1h 55m``, ``42s``, ``0s``."""
    rest = round(max(0.0, seconds))
    for at, (_, size) in enumerate(_PARTS):
        if rest >= size:
            parts = []
            for name, part in _PARTS[at : at + 2]:
                count, rest = divmod(rest, part)
                parts += [f"{count}{name}"] if count else []
            return " ".join(parts)
    return "0s"


def labelled(label: str, words: str) -> list[str]:
    """Write words behind a label, in lines of 80 columns; what they hold is shown escaped."""
    return textwrap.wrap(
        event_text.CONTROL.sub(_escaped, words) or "-", WIDTH, initial_indent=f"{label:{LABEL}}",
        subsequent_indent=" " * LABEL, break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def indented(words: str, by: int = 2, mark: str = "", hang: int | None = None) -> list[str]:
    """
    Write words that begin behind some blanks and a mark, in lines of 80 columns.

    :param hang: blanks before all lines but the first; as many as stand before that without.
    """
    lead = " " * by + mark
    return textwrap.wrap(
        event_text.CONTROL.sub(_escaped, words) or "-", WIDTH, initial_indent=lead,
        subsequent_indent=" " * (len(lead) if hang is None else hang), break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _escaped(found: object) -> str:
    return str(found[0]).encode("unicode_escape").decode("ascii")  # type: ignore[index]
