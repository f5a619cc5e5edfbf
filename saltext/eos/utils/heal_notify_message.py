"""What the audit says to people who are told: how grave each line is, and in which words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from saltext.eos.utils import event_text
from saltext.eos.utils.heal_audit import Line

SEVERITIES = ("info", "notice", "warning", "critical")
MOST_SHOWN = 20
DAY = 86_400.0
# How grave a note is, by what it does; a fact that is only watched is told to nobody.
NOTES = {
    "freeze": "critical", "alarm": "critical", "hold": "warning", "suspect": "warning",
    "propose": "warning", "report": "warning", "watch": "info",
}  # fmt: skip
Body = Mapping[str, Any]


class Message(NamedTuple):
    """
    What is told.

    :param id: the same each time that it is told: receivers leave out what they have.
    :param first: number of its first line of the audit.
    :param last: number of its last line.
    """

    id: str
    first: int
    last: int
    at: float
    kind: str
    severity: str
    text: str
    about: dict[str, Any]


def severity(line: Line) -> str:
    """Say how grave a line is; what is not known is worth a notice."""
    found = _KINDS.get(line.kind, "notice")
    return found if isinstance(found, str) else found(line.body)


def text(line: Line) -> str:
    """Say a line to a person, in one sentence."""
    words = _WORDS.get(line.kind)
    said = words(line.body) if words else line.kind.replace("_", " ")
    return event_text.CONTROL.sub(" ", said)


def message(line: Line, hash_: str) -> Message:
    """
    Make a message of one line.

    :param hash_: of the line in the chain; no other line has it.
    """
    names = ("incident", "decision", "policy", "action", "place", "rule", "what", "mode", "ok")
    about = {name: line.body[name] for name in names if name in line.body}
    said = f"Eos healing: {text(line)}"
    return Message(
        hash_[:32], line.n, line.n, line.at, line.kind, severity(line), said, about
    )  # fmt: skip


def digest(lines: list[tuple[Line, str]], hash_: str) -> Message:
    """
    Make one message of many lines.

    :param lines: each with its severity.
    :param hash_: of the last of them.
    """
    counts = Counter(f"{line.kind} {line.body.get('policy', '')}".strip() for line, _ in lines)
    gravest = max((one for _, one in lines), key=SEVERITIES.index)
    grave = [line for line, one in lines if one == gravest]
    first, last = lines[0][0], lines[-1][0]
    said = [f"Eos healing: {len(lines)} messages at once"]
    said += [f"{count} x {name}" for name, count in counts.most_common(MOST_SHOWN)]
    said.append(f"of these {len(grave)} {gravest}:")
    said += [text(line) for line in grave[:MOST_SHOWN]]
    if len(grave) > MOST_SHOWN:
        said.append("salt-run eos.audit shows the others")
    about = {"count": len(lines), "kinds": dict(counts.most_common(MOST_SHOWN))}
    return Message(
        f"digest-{hash_[:32]}", first.n, last.n, last.at, "digest", gravest, "\n".join(said), about
    )  # fmt: skip


def _shown(body: Body, name: str) -> str:
    return event_text.shown(body.get(name))


def _checked(body: Body) -> str:
    checks = body.get("checks") or [{}]
    return f"{checks[-1].get('name', '')}: {event_text.shown(checks[-1].get('says'))}"


def _noted(body: Body) -> str:
    found = NOTES.get(str(body.get("do")), "warning")
    late = float(body.get("late") or 0.0)
    if not late:
        return found
    if late > DAY and not body.get("stands"):
        return "info"
    return min(found, "warning", key=SEVERITIES.index)


def _note(body: Body) -> str:
    if late := float(body.get("late") or 0.0):
        span = f"{late / 3600:.0f} h" if late >= 7200 else f"{late / 60:.0f} min"
        since = "; no fact says that it is over" if body.get("stands") else ""
        past = f"{_shown(body, 'says')} (told {span} after it was so{since})"
        return f"of the past, {_shown(body, 'do')} for {_shown(body, 'what')}: {past}"
    return f"{_shown(body, 'do')} for {_shown(body, 'what')}: {_shown(body, 'says')}"


def _alarm(body: Body) -> str:
    about = " of ".join(_shown(body, name) for name in ("action", "place") if body.get(name))
    return ": ".join(filter(None, (_shown(body, "cause"), about, _shown(body, "says"))))


def _helped(body: Body) -> str:
    if body.get("begun") is False:
        return "was not needed" if body.get("ok") else "did not come to its act"
    return "helped" if body.get("ok") else "did not help"


def _result(body: Body) -> str:
    if body.get("ok"):
        return "notice"
    # What came to no act has broken nothing; what stopped it is told of itself.
    return "warning" if body.get("begun") is False else "critical"


def _waits(body: Body) -> str:
    last = (body.get("checks") or [{}])[-1]
    blocked = last.get("name") == "complete" and "blocked" in str(last.get("says"))
    return "warning" if blocked else "info"


_KINDS: dict[str, str | Callable[[Body], str]] = {
    "opened": "info", "closed": "info", "rested": "info", "own": "info", "claimed": "info",
    "acting": "info", "touched": "info", "acted": "info", "rotated": "info", "decided": "warning",
    "alarm": "critical", "lease": "notice", "inbox": "warning", "given_back": "info",
    "would": lambda body: "warning" if body.get("mode") == "warn" else "info",
    "note": _noted,
    "fired": lambda body: "warning" if int(body.get("times", 1)) > 1 else "info",
    "result": _result,
    "expired": "critical", "refused": "warning", "waits": _waits,
    "rule": lambda body: "critical" if body.get("rule") == "freeze" else "notice",
    "rule_ended": "notice", "claim_refused": "critical", "claim_late": "info",
    "command_refused": "warning", "breaker_closed": "notice",
    "unjudged": "critical", "crowded": "critical", "missed": "critical", "unreadable": "critical",
}  # fmt: skip
_WORDS: dict[str, Callable[[Body], str]] = {
    "opened": lambda b: f"{_shown(b, 'says')} ({_shown(b, 'place')})",
    "closed": lambda b: f"incident {_shown(b, 'incident')} is over: {_shown(b, 'why')}",
    "decided": lambda b: f"{_shown(b, 'action')} is decided for {_shown(b, 'place')} "
    f"(policy {_shown(b, 'policy')}, decision {_shown(b, 'decision')})",
    "would": lambda b: f"{_shown(b, 'action')} would be done for {_shown(b, 'place')}, but the "
    f"mode is {_shown(b, 'mode')} (policy {_shown(b, 'policy')})",
    "note": _note,
    "fired": lambda b: f"decision {_shown(b, 'decision')} ({_shown(b, 'action')}) was fired "
    f"{_shown(b, 'times')} times and nobody claimed it",
    "claimed": lambda b: f"decision {_shown(b, 'decision')} is claimed",
    "acting": lambda b: f"decision {_shown(b, 'decision')} ({_shown(b, 'action')}) begins",
    "touched": lambda b: f"decision {_shown(b, 'decision')} touched {_shown(b, 'jobs')} besides",
    "acted": lambda b: f"decision {_shown(b, 'decision')}: {_shown(b, 'says')}",
    "alarm": _alarm,
    "own": lambda b: f"fact {_shown(b, 'event')} is an echo of decision {_shown(b, 'decision')}",
    "rested": lambda b: f"{_shown(b, 'what' if b.get('what') else 'thing')} has been well for "
    "long, so what was done about it is forgotten",
    "given_back": lambda b: f"decision {_shown(b, 'decision')} was no attempt on "
    f"{_shown(b, 'thing')}: it did not come to its act",
    "rotated": lambda b: f"lines of the audit up to {_shown(b, 'last')} were moved into "
    f"{_shown(b, 'file')}",
    "lease": lambda b: f"this master heals from now on (epoch {_shown(b, 'epoch')})",
    "inbox": lambda b: f"another inbox: after {_shown(b, 'was')} comes fact {_shown(b, 'row')}",
    "result": lambda b: f"decision {_shown(b, 'decision')} "
    f"{_helped(b)}: {_shown(b, 'says')}",
    "expired": lambda b: f"decision {_shown(b, 'decision')} expired: {_shown(b, 'says')}",
    "refused": lambda b: f"incident {_shown(b, 'incident')} is left to people, {_checked(b)}",
    "waits": lambda b: f"incident {_shown(b, 'incident')} waits, {_checked(b)}",
    "rule": lambda b: f"{_shown(b, 'rule')} of {_shown(b, 'what')} by {_shown(b, 'by')}: "
    f"{_shown(b, 'reason')}",
    "rule_ended": lambda b: f"{_shown(b, 'rule')} of {_shown(b, 'what')} ended by "
    f"{_shown(b, 'by')}",
    "breaker_closed": lambda b: f"{_shown(b, 'by')} closed the breaker of {_shown(b, 'what')}",
    "claim_late": lambda b: f"a claim of decision {_shown(b, 'decision')} came too late: "
    f"{_shown(b, 'why')}",
    "claim_refused": lambda b: f"a claim of decision {_shown(b, 'decision')} was refused: "
    f"{_shown(b, 'why')}",
    "command_refused": lambda b: f"a command of {_shown(b, 'by')} was refused: {_shown(b, 'why')}",
    "unjudged": lambda b: f"policy {_shown(b, 'policy')} is left to people for an hour for "
    f"{_shown(b, 'place')}: {_shown(b, 'why')}",
    "crowded": lambda b: f"{_shown(b, 'open')} incidents are open, and no more are opened",
    "missed": lambda b: f"{_shown(b, 'count')} facts were forgotten before they were judged",
    "unreadable": lambda b: f"fact {_shown(b, 'row')} cannot be read: {_shown(b, 'why')}",
}  # fmt: skip
