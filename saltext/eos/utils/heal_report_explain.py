"""One incident or decision as a whole: facts, checks, act, result, what stopped it, what to do."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Mapping
from typing import Any

from salt.exceptions import SaltRunnerError

from saltext.eos.policies import table
from saltext.eos.utils import (
    event_line,
    event_text,
    heal_file,
    heal_match,
    heal_policy,
    heal_report,
    heal_report_asked,
    heal_report_audit,
    heal_report_incidents,
    inbox_read,
)
from saltext.eos.utils.asked import Unclear
from saltext.eos.utils.heal_act import HEALER
from saltext.eos.utils.heal_reader import Reader
from saltext.eos.utils.heal_report_text import indented, labelled, span
from saltext.eos.utils.heal_state import CLOSED, FREEZE, HOLD, SUSPECT, SUSPEND, Rule
from saltext.eos.utils.inbox_read import Reader as Inbox
from saltext.eos.utils.moments import moment

# Ids may be told by how they begin.
LEAST = 6
# The first fact and the newest ones are shown.
MOST_FACTS = 3
JUDGED = ("waits", "refused", "decided", "would", "note")
# What a person can do about the check that did not let through.
ADVICE = {
    "complete": "Look at the source that did not answer; nothing is done on half a view.",
    "debounce": "Nothing yet: more facts may come, it is judged in a moment.",
    "own": "Nothing yet: what Eos did about the same thing is under way, or has just ended.",
    "layer_below": "Nothing yet: Nomad and Consul heal first, and are given their time.",
    "frozen": "Nothing yet: all is frozen, or which master heals is not known.",
    "suspended": "Nothing yet: a window, or somebody, does not let it be touched now.",
    "mass_failure": "Find the shared cause: too much is unhealthy for jobs to be healed singly.",
    "contended": "Find the other writer and end the contention, then `salt-run eos.release` it.",
    "breaker": "Find what brings it back: the same act was done so often in vain, or mended what "
    "came again. Once that is found, `salt-run eos.status` shows what closes its breaker.",
    "cool_down": "Nothing yet: it is tried again when the pause is over.",
    "attempts": "Repair the cause by hand, or change its specification.",
    "blast": "Nothing yet: enough is touched at once.",
    "bucket": "Nothing yet: all acts of this time are used up; `salt-run eos.status` says when the "
    "next comes.",
}
LATER = "Nothing yet"
# What takes back what a person, or the healer, says of a name.
BACK = {FREEZE: "thaw", SUSPEND: "resume", HOLD: "release", SUSPECT: "release"}


def explain(opts: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """
    Explain what goes by an id; None when nothing of healing does.

    :param name: id of an incident, a decision or an event; of the first two the beginning does.
    :raises Unclear: several begin so.
    :raises Unusable: the healer's file cannot be trusted.
    """
    with contextlib.closing(Reader(heal_file.path_of(opts))) as reader:
        decision = _one(reader, "decisions", name)
        if decision is not None:
            held = next(one for one in reader.decisions() if one["id"] == decision)
            return _incident(opts, reader, held["incident"], decision)
        incident = _one(reader, "incidents", name)
        if incident is not None:
            return _incident(opts, reader, incident, None)
        return _event(opts, reader, name)


def _one(reader: Reader, kind: str, name: str) -> str | None:
    found = reader.named(kind, name) if len(name) >= LEAST else []
    if len(found) > 1 and name not in found:
        raise Unclear(f"{name} is the beginning of {', '.join(found)}; expected one of them")
    return name if name in found else found[0] if found else None


def _incident(
    opts: Mapping[str, Any], reader: Reader, name: str, chosen: str | None
) -> dict[str, Any]:
    """Explain an incident, or one decision within it."""
    held = next((one for one in reader.incidents() if one["id"] == name), None)
    decisions = [one for one in reader.decisions(name) if chosen in (None, one["id"])]
    lines = reader.about({name, *(one["id"] for one in decisions)})
    if chosen is not None:
        lines = [one for one in lines if one.body.get("decision") in (None, chosen)]
    opened = next((one.body for one in lines if one.kind == "opened"), {})
    shown = None if held is None else heal_report_incidents.shown(reader, held)
    policy = held["policy"] if held else opened.get("policy") or _policy(decisions)
    judged = [one for one in reader.about({name}) if one.kind in JUDGED]
    last = judged[-1] if judged else None
    facts = _facts(opts, held["events"] if held else [])
    stops = _stops(reader, held)
    found: dict[str, Any] = {
        "incident": shown or {"id": name, "policy": policy, "state": "forgotten"},
        "facts": facts,
        "decisions": [_decision(reader, one) for one in decisions],
        "checks": [] if last is None else last.body["checks"],
        "checked_at": None if last is None else moment(last.at),
        "stopped_by": _stopped(held, decisions),
        "stops": [_stop(reader, one) for one in stops],
        "do": _todo(held, policy, facts, decisions, stops),
        "audit": [heal_report_audit.row(one) for one in lines],
    }
    text = _head(shown, name, policy) + _facts_text(facts)
    if last is not None and last.body.get("decision") not in {one["id"] for one in decisions}:
        text += _checks_text(found["checked_at"], found["checks"])
    for one in found["decisions"]:
        text += _decision_text(one)
    if found["stopped_by"]:
        text += labelled("stopped", found["stopped_by"])
    for rule in found["stops"]:
        text += labelled("rule", rule["says"])
    text += ["to do", *(line for words in found["do"] for line in indented(words, 2, "- "))]
    text += ["audit"]
    for one in lines:
        text += heal_report_audit.text(one)
    return {**found, "text": "\n".join(text)}


def _policy(decisions: list[dict[str, Any]]) -> str:
    names = [name for one in decisions for name in one["names"] if name.startswith("policy:")]
    return names[0].removeprefix("policy:") if names else "unknown"


def _facts(opts: Mapping[str, Any], names: list[str]) -> list[dict[str, Any]]:
    """Give the facts of an incident as the inbox has them."""
    found: list[dict[str, Any]] = []
    try:
        with contextlib.closing(Inbox(inbox_read.path_of(dict(opts)))) as inbox:
            for name in names:
                envelope = inbox.named(name)
                if envelope is None:
                    found.append({"id": name, "line": "it is no more in the inbox", "event": None})
                else:
                    line = event_line.line(envelope)
                    found.append({"id": name, "line": line, "event": envelope})
    except SaltRunnerError as err:
        return [{"id": name, "line": f"not read: {err}", "event": None} for name in names]
    return found


def _decision(reader: Reader, one: Mapping[str, Any]) -> dict[str, Any]:
    claim, result = one["claim"] or {}, one["result"] or {}
    return {
        "id": one["id"],
        "action": one["action"],
        "state": one["state"],
        "subject": {at: value for at, value in one["subject"].items() if at != "act"},
        "input": one["input_hash"],
        "created": moment(reader.moment(one["created"])),
        "expires": moment(reader.moment(one["expires"])),
        "ended": moment(reader.moment(one["ended"])) if one["ended"] else None,
        "took": round(one["ended"] - one["created"], 1) if one["ended"] else None,
        "fired": one["fired"],
        "epoch": one["epoch"],
        "checks": one["checks"],
        "claim": claim,
        "result": result,
    }


def _stops(reader: Reader, held: Mapping[str, Any] | None) -> list[Rule]:
    """
    List all that people, or the healer, say of an incident: each of it stops it.

    Of an incident that is over, what it put itself, and what still holds.
    """
    if held is None:
        return []
    rules = [one for one in reader.state.rules.values() if one.until is None or
             reader.now < one.until]  # fmt: skip
    if held["state"] == CLOSED:
        own = (one for one in rules if one.by == HEALER and one.at >= held["opened"])
        return [one for one in own if one.reason == held["says"]]
    if not heal_policy.is_deed(table.TABLE.get(held["policy"]) or {"act": {"do": "watch"}}):
        return []
    return [one for one in rules if one.kind in (FREEZE, SUSPEND, HOLD)
            and one.what in held["names"]]  # fmt: skip


def _stop(reader: Reader, rule: Rule) -> dict[str, Any]:
    shown = heal_report.shown_rule(reader, rule)
    left = "" if shown["left"] is None else f", {span(shown['left'])} more"
    verb = heal_report.WORDS[rule.kind]
    return {"kind": verb, **shown, "says": f"{rule.what} is {verb} by {rule.by}{left}: "
            f"{rule.reason}"}  # fmt: skip


def _stopped(held: Mapping[str, Any] | None, decisions: list[dict[str, Any]]) -> str:
    """Say which rule or budget keeps the healer from acting; empty when none does."""
    is_told = held is not None and str(held["why"]).startswith("would:")
    if decisions and decisions[-1]["state"] == "would" and (held is None or is_told):
        return next(
            (f"mode: {one['says']}" for one in decisions[-1]["checks"] if one["name"] == "mode"), ""
        )
    if held is not None and held["state"] in ("waiting", "held", "debouncing"):
        return str(held["why"])
    if decisions and decisions[-1]["state"] in ("expired", "failed"):
        return str((decisions[-1]["result"] or {}).get("says", ""))
    return ""


def _todo(
    held: Mapping[str, Any] | None, policy: str, facts: list[dict[str, Any]],
    decisions: list[dict[str, Any]], stops: list[Rule],
) -> list[str]:  # fmt: skip
    """Say what a person should do: about the check that stops it, and what its policy asks for."""
    state = None if held is None else held["state"]
    words = (table.TABLE.get(policy) or {}).get("otherwise")
    back = [
        f"`salt-run eos.{BACK[one.kind]} {shlex.quote(one.what)}` once it may be touched: it is "
        f"{heal_report.WORDS[one.kind]} by {one.by}." for one in stops
    ]  # fmt: skip
    if held is None or (state == CLOSED and not heal_report_asked.is_noted(held)):
        return ["Nothing: it is over."]
    asked = event_text.fill_advice(words, _leaves(held, facts)) if words else ""
    if state == CLOSED:
        # A note is over as soon as it is told; what it asks of a person is not.
        return [*filter(None, [asked]), *back] or ["Nothing: it is over."]
    if state in ("decided", "acting"):
        return ["Nothing: it is being done."]
    if state == "watching":
        return ["Nothing: it is well, and watched until it has been so for long."]
    found, check = back, str(held["why"]).partition(":")[0]
    if check == "would" or (decisions and decisions[-1]["state"] == "would"):
        found.append(
            "It is only said what would be done. `salt-run eos.backtest` shows what enforce would "
            "have done; then set eos:heal:mode, or the mode of this job or component, to enforce."
        )
    elif check in ADVICE and not (back and check in ("frozen", "suspended")):
        found.append(ADVICE[check])
    if asked:
        is_later = any(one.startswith(LATER) for one in found)
        found.append(f"If it stays so, or cannot wait: {asked}" if is_later else asked)
    return found or ["Look at it; nothing here says more."]


def _leaves(held: Mapping[str, Any], facts: list[dict[str, Any]]) -> dict[str, Any]:
    """Give what words may refer to: the newest fact, and what it is about when that is gone."""
    found: dict[str, Any] = {}
    for at, value in held["subject"].items():
        part, _, name = at.partition(".")
        found.setdefault(part, {})[name] = value
    return next((one["event"] for one in reversed(facts) if one["event"]), found)


def _head(shown: Mapping[str, Any] | None, name: str, policy: str) -> list[str]:
    act = (table.TABLE.get(policy) or {"act": {"do": "unknown"}})["act"]
    if shown is None:
        words = f"{name}, policy {policy}; it is closed, and older than what is kept of incidents"
        return labelled("incident", words)
    lines = labelled("incident", f"{name}, {shown['state']}")
    lines += labelled("policy", f"{policy}, which is to {act['do']}")
    lines += labelled("about", str(shown["place"]))
    lines += labelled("says", event_line.plain(str(shown["says"])))
    lines += labelled("since", f"{shown['opened']}, last fact {shown['last']}")
    wait = shown["looked_at_in"]
    if wait is not None:
        lines += labelled("next", f"looked at again in {span(wait)}")
    return lines


def _facts_text(facts: list[dict[str, Any]]) -> list[str]:
    lines = ["facts"] if facts else []
    left_out = facts[1 : -MOST_FACTS + 1] if len(facts) > MOST_FACTS else []
    for one in facts:
        if one in left_out:
            if one is left_out[0]:
                lines.append(f"  {len(left_out)} more; --out=json has all")
            continue
        lines += indented(f"{one['line']}", 2)
        lines += indented(f"id {one['id']}", 4)
        proofs = (one["event"] or {}).get("evidence", [])
        lines += indented(f"evidence {'; '.join(map(str, proofs))}", 4) if proofs else []
    return lines


def _checks_text(at: str | None, checks: list[dict[str, Any]]) -> list[str]:
    lines = [f"checks at {at}"] if checks else []
    for one in checks:
        mark = {"passed": "ok", "failed": "no", "waits": "waits"}.get(one["result"], one["result"])
        lines += indented(f"{one['says']}", 2, f"{mark:6}{one['name']:13}")
    return lines


def _decision_text(one: Mapping[str, Any]) -> list[str]:
    lines = labelled("decision", f"{one['id']}: {one['action']}, {one['state']}")
    place = {at: value for at, value in one["subject"].items() if "." in at}
    lines += labelled("", f"of {event_line.plain(heal_match.place(place))}")
    lines += _checks_text(one["created"], one["checks"])
    claim, result = one["claim"], one["result"]
    if claim:
        by = ", ".join(
            f"{name} {claim[name]}" for name in ("user", "jid", "pid") if claim.get(name)
        )
        lines += labelled("claimed", f"by {by}")
    elif one["fired"]:
        lines += labelled("fired", f"{one['fired']} times, claimed by nobody")
    if claim.get("did"):
        lines += labelled("did", str(claim["did"]))
    if result:
        effects = ", ".join(map(str, result.get("effects") or []))
        says = ("well: " if result.get("ok") else "not well: ") + str(result.get("says", ""))
        took = "" if one["took"] is None else f"; after {span(one['took'])}, at {one['ended']}"
        lines += labelled(
            "result", f"{says}{took}" + (f"; brought about {effects}" * bool(effects))
        )
    return lines


def _event(opts: Mapping[str, Any], reader: Reader, name: str) -> dict[str, Any] | None:
    """Explain what became of a fact."""
    facts = [one for one in _facts(opts, [name]) if one["event"] is not None]
    incidents = [one for one in reader.incidents() if name in one["events"]]
    lines = reader.about({name})
    if not facts and not incidents and not lines:
        return None
    envelope = facts[0]["event"] if facts else None
    matches = heal_match.matches(heal_match.index(table.TABLE), envelope) if envelope else []
    policies = sorted({one.policy for one in matches})
    shown = [heal_report_incidents.shown(reader, one) for one in incidents]
    text = _facts_text(facts) or [f"fact {name} is no more in the inbox"]
    if policies:
        text += labelled("policies", ", ".join(policies))
    elif envelope is not None:
        text += labelled("policies", _why_none(envelope))
    for one in shown:
        text += ["incident", *heal_report_incidents.text(one)]
    if policies and not shown:
        text += labelled("incident", "none is kept: it happened too seldom, or is long over")
    for line in lines:
        text += heal_report_audit.text(line)
    return {
        "event": envelope, "policies": policies, "incidents": shown,
        "audit": [heal_report_audit.row(one) for one in lines], "text": "\n".join(text),
    }  # fmt: skip


def _why_none(envelope: Mapping[str, Any]) -> str:
    if envelope.get("settled") is False:
        return "none yet: the fact has not settled"
    return "no policy is for it, so nothing follows from it"
