"""The readable line of an event, from the words of its declaration."""

from __future__ import annotations

import re
import shlex
from typing import Any

REFERENCE = re.compile(r"\{([a-z_]+)\.([a-z0-9_]+)\}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z", re.ASCII)
LONGEST = 200


def fill(says: str, envelope: dict[str, Any]) -> str:
    """
    Put the leaves of an envelope into the words of its verb.

    What stands for nothing is shown as ``-``. Control characters, line separators and NEL are
    shown escaped, so that one event is one line whatever a job is called.

    :param says: text with {references}, such as ``{subject.job} failed``.
    :param envelope: the event.
    """
    return REFERENCE.sub(lambda found: leaf(envelope, found[1], found[2]), says)


def fill_advice(words: str, envelope: dict[str, Any]) -> str:
    """
    Put the leaves of an envelope into its advice, each as one word of a shell.

    People copy commands out of it; a job may be called ``$(reboot)``.
    """

    def word(found: re.Match[str]) -> str:
        return shlex.quote(leaf(envelope, found[1], found[2]))

    return REFERENCE.sub(word, words)


def leaf(envelope: dict[str, Any], part: str, name: str) -> str:
    """Show one leaf of an envelope on one line."""
    held = envelope.get(part)
    return shown(held.get(name) if isinstance(held, dict) else None)


def shown(value: Any) -> str:
    """Show any JSON value on one line of 200 characters at most, a moment to the millisecond."""
    if value is None or value in ("", []):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)
    if moment := MOMENT.fullmatch(text):
        return f"{moment[1]}.{(moment[2] or '')[:3]:0<3}Z"
    safe = CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
    return safe if len(safe) <= LONGEST else f"{safe[:LONGEST]}…"
