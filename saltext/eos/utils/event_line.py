"""An event on one line that people read: ids as short as Nomad takes them, codes with words."""

from __future__ import annotations

import re
import signal
from typing import Any

from saltext.eos.events import table
from saltext.eos.utils import event_text

UNSETTLED = ":unsettled"
_UUID = re.compile(r"\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_INSTANCE = re.compile(r"\b_nomad-task-([0-9a-f]{8})-group-\S*?(?=[\s),;:]|$)")
_NO_SIGNAL = re.compile(r",? signal (?:0|-)(?=[:,;) ]|$)")
_NO_CODE = re.compile(r",? exit code -(?=[:,;) ]|$)")
_CODE = re.compile(r"\bexit code (\d+)\b")
_SIGNALLED = 128
# What a kill for memory looks like to Nomad, which does not see the kernel.
UNEXPLAINED = ("failure", "killed", "policy")
EXPLAINED = ("nomad/alloc", "nomad/task")
KILLED = 137
# How long before it the kernel may have spoken, in seconds; a reschedule waits for some minutes.
LATELY, BEFORE_A_RESCHEDULE = 120, 600


def line(envelope: dict[str, Any], *, evidence: bool = False, memory: str = "") -> str:
    """
    Show an event on one line: when, how grave, what, why, and how sure when that is not proved.

    :param envelope: an event of the inbox.
    :param evidence: show also what proves it, and ids in full.
    :param memory: what the kernel says about the same allocation.
    """
    moment = envelope["time"]["occurred"] or envelope["time"]["observed"]
    says = table.says(envelope)
    words = [
        event_text.shown(moment),
        f"{event_text.shown(envelope['severity']):8}",
        f"{event_text.shown(envelope['event'])} {event_text.shown(envelope['verb'])}",
        f" {says if evidence else plain(says)}",
    ]
    aside = []
    if "cause" in envelope["verdict"]:
        cause = event_text.leaf(envelope, "verdict", "cause")
        aside.append(f"cause {cause}" + (f", because {memory}" if memory else ""))
    confidence = event_text.leaf(envelope, "verdict", "confidence")
    if confidence not in ("-", "proved") or (evidence and confidence != "-"):
        aside.append(f"confidence {confidence}")
    if not envelope["settled"]:
        aside.append("not settled")
    if envelope["coalesced"]:
        aside.append(f"and {envelope['coalesced']} more")
    if envelope["origin"] != "stream":
        aside.append(f"by {event_text.shown(envelope['origin'])}")
    if evidence:
        aside += [event_text.shown(proof) for proof in envelope["evidence"][:4]]
        aside += [f"with {event_text.shown(other)}" for other in _nearest(envelope["related"])]
    return " ".join(words) + (f"  [{'; '.join(aside)}]" if aside else "")


def lines(
    envelope: dict[str, Any], *, advice: bool, evidence: bool = False, memory: str = ""
) -> list[str]:
    """Show an event on one line, and under it what to do about it where that was asked for."""
    words = table.advice(envelope) if advice else None
    shown = line(envelope, evidence=evidence, memory=memory)
    return [shown, *([f"    what to do: {words}"] if words else [])]


def plain(text: str) -> str:
    """Shorten ids to what Nomad itself shows and takes, and say what an exit code means."""
    text = _INSTANCE.sub(r"_nomad-task-\1…", _UUID.sub(r"\1", text))
    text = _NO_CODE.sub("", _NO_SIGNAL.sub("", text))
    return _CODE.sub(_coded, text)


def explained(envelope: dict[str, Any]) -> tuple[str, int] | None:
    """
    Name the allocation whose end the kernel may explain, and within how many seconds before.

    None where Nomad knows the cause, or where the exit code is of another.
    """
    verdict = envelope["verdict"]
    if envelope["event"] not in EXPLAINED or verdict.get("cause") not in UNEXPLAINED:
        return None
    if verdict.get("exit_code") not in (None, 0, KILLED):
        return None
    # A new allocation is there because of what happened to the one before it.
    is_new = envelope["event"] == "nomad/alloc" and envelope["verb"] == "rescheduled"
    found = envelope["links"].get("previous_alloc") if is_new else envelope["subject"].get("alloc")
    if not isinstance(found, str):
        return None
    return found, BEFORE_A_RESCHEDULE if is_new else LATELY


def of_memory(envelope: dict[str, Any]) -> str:
    """Say in a few words what the kernel, or the driver, says about memory."""
    if envelope["event"] == "nomad/task":
        return f"task {event_text.leaf(envelope, 'subject', 'task')} ran out of memory"
    process = event_text.leaf(envelope, "subject", "process")
    cause = event_text.leaf(envelope, "verdict", "cause")
    what = process if process != "-" else event_text.leaf(envelope, "subject", "unit")
    return f"{what} was killed for memory ({cause})"


def _coded(found: re.Match[str]) -> str:
    number = int(found[1]) - _SIGNALLED
    try:
        name = signal.Signals(number).name
    except ValueError:
        return found[0]
    return f"{found[0]} ({name})"


def _nearest(related: list[str]) -> list[str]:
    """Choose what a line names: the kernel and the task before what followed from them."""
    settled = [one for one in related if not one.endswith(UNSETTLED)]
    return sorted(settled, key=lambda one: (not one.startswith("k:"), ":oom:" not in one))[:2]
