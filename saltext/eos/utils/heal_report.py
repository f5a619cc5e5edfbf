"""How healing is: what stands in its way, what it may still do, and what needs a person."""

from __future__ import annotations

import contextlib
import shlex
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saltext.eos.utils import (
    event_line,
    heal_budget,
    heal_file,
    heal_notify_channel,
    heal_report_asked,
    heal_report_breakers,
    heal_settings,
    heal_status,
)
from saltext.eos.utils.heal_reader import Reader
from saltext.eos.utils.heal_report_text import indented, labelled, span
from saltext.eos.utils.heal_state import (
    ACT,
    CONTENDED,
    FREEZE,
    HOLD,
    SUSPECT,
    SUSPEND,
    WOULD,
    Incident,
    Rule,
)
from saltext.eos.utils.moments import moment

DAY = 86_400.0
# Facts that wait: above it the engine is behind.
BEHIND = 5_000
SHOWN = 20
WORDS = {
    FREEZE: "frozen", SUSPEND: "suspended", HOLD: "held", SUSPECT: "suspect",
    CONTENDED: "contended",
}  # fmt: skip
OFF, DOWN, UNTRUSTED = "off", "down", "untrusted"


def report(opts: Mapping[str, Any], heal: Mapping[str, Any] | None) -> dict[str, Any]:
    """
    Tell how healing is on this master.

    :param heal: what pillar says below ``eos:heal``; None where the pillar cannot be compiled.
    :return: ``state``, ``why``, ``engine``, ``mode``, ``frozen``, ``suspended``, ``held``, …;
        ``needs`` lists what needs a person, and is empty when all is well.
    """
    path = heal_file.path_of(opts)
    engine = _engine(path.with_name(heal_status.NAME), time.time())
    is_wanted = any("eos_healer" in one for one in opts.get("engines") or [] if one)
    if not path.exists() and engine["heard"] is None:
        words = (
            "the engine eos_healer has not made its state; restart the master, its log has the "
            "reason" if is_wanted else
            "the engine eos_healer is not set up; `saltext-eos configure-master` does so"
        )  # fmt: skip
        return {"state": OFF, "why": words, "engine": engine, "needs": [words] * is_wanted}
    try:
        with contextlib.closing(Reader(path)) as reader:
            found = _reported(reader, engine, _settings(engine, heal))
            found["asked"] = heal_report_asked.asked(opts, reader)
            found["needs"] += [one["line"] for one in found["asked"][-SHOWN:]]
            found["needs"] += heal_notify_channel.needs(path.parent, time.time(), heal)
            return found
    except heal_file.Other as err:
        told = f" The engine says: {engine['why']}." if engine.get("why") else ""
        why = (
            f"{err}.{told} Nothing is healed while this is so. Do not remove the file, and do not "
            "move it: it holds what was done, frozen and held"
        )
        return {"state": UNTRUSTED, "why": why, "engine": engine, "needs": [f"FROZEN: {why}"]}
    except heal_file.Unusable as err:
        why = (
            f"{err}. Nothing is healed while this is so. Do not remove the file: it holds what was "
            f"done. Look at it with `salt-run eos.audit`, move {path.name}, {heal_file.LOGS} away "
            "together, put the newest whole backup in its place or move healer.made away too, and "
            "restart the master. Freezes, holds, suspensions and open breakers that came after "
            "that backup, without one all of them, are gone then: say them again at once"
        )
        return {"state": UNTRUSTED, "why": why, "engine": engine, "needs": [f"FROZEN: {why}"]}


def _reported(reader: Reader, engine: dict[str, Any], settings: Any) -> dict[str, Any]:
    state, now = reader.state, reader.now
    rules = [one for one in state.rules.values() if one.until is None or now < one.until]
    found: dict[str, Any] = {
        word: [shown_rule(reader, one) for one in rules if one.kind == kind]
        for kind, word in WORDS.items()
    }
    stops = any(one["what"] == "stack" for one in found["frozen"])
    found["state"] = (
        DOWN if not engine["alive"] else "frozen" if stops else str(engine["state"])
    )  # fmt: skip
    found["why"] = engine["why"] or ""
    incidents = [*state.incidents.values()]
    found["engine"] = engine
    found["mode"] = settings.mode
    found["modes"] = {"components": dict(settings.components), "jobs": dict(settings.jobs)}
    found["budget"] = _budget(reader, settings)
    found["breakers"] = heal_report_breakers.listed(reader)
    found["incidents"] = dict(sorted(Counter(one.state for one in incidents).items()))
    found["blocked"] = dict(Counter(source for one in incidents if (source := _blocked(one))))
    found["unanswered"] = _unanswered(reader)
    found["not_obeyed"] = len(reader.told)
    found["needs"] = _needs(found)
    return found


def shown_rule(reader: Reader, rule: Rule) -> dict[str, Any]:
    """Give a rule with moments that people read."""
    return {
        "what": rule.what,
        "by": rule.by,
        "reason": rule.reason,
        "since": moment(reader.moment(rule.at)),
        "until": None if rule.until is None else moment(reader.moment(rule.until)),
        "left": None if rule.until is None else round(rule.until - reader.now),
        "input": rule.input,
    }


def realm_of(settings: heal_settings.Settings) -> str:
    """Name the budgets that count: those of acts where anything enforces."""
    modes = (settings.mode, *settings.components.values(), *settings.jobs.values())
    return ACT if "enforce" in modes else WOULD


def _engine(path: Path, wall: float) -> dict[str, Any]:
    try:
        said = heal_status.read(path)
    except (OSError, ValueError, TypeError) as err:
        return {"alive": False, "heard": 0.0, "state": DOWN, "why": str(err), "settings": None}
    if said is None:
        why = "it has never run here"
        return {"alive": False, "heard": None, "state": DOWN, "why": why, "settings": None}
    return {
        "alive": wall - said.at <= heal_status.FRESH,
        "heard": round(wall - said.at, 1),
        "pid": said.pid,
        "epoch": said.epoch,
        "row": said.row,
        "lag": said.lag,
        "state": said.state,
        "why": said.why,
        "settings": said.settings,
    }


def _settings(engine: dict[str, Any], heal: Mapping[str, Any] | None) -> heal_settings.Settings:
    """Give what the engine goes by; what pillar says while it is down; the defaults without."""
    said = engine.pop("settings", None)
    settings = heal_settings.Settings()
    if heal is not None:
        try:
            settings = heal_settings.read(heal)
        except (heal_settings.Refused, TypeError, AttributeError) as err:
            engine["why"] = engine["why"] or str(err)
    if engine["alive"] and isinstance(said, dict):
        plain = ("mode", "components", "jobs", "bucket_size", "bucket_every")
        settings = settings._replace(**{name: said[name] for name in plain if name in said})
    return settings


def _budget(reader: Reader, settings: heal_settings.Settings) -> dict[str, Any]:
    realm = realm_of(settings)
    held, size = reader.state.bucket(realm), settings.bucket_size
    full = heal_budget.filled(held, reader.now, size, settings.bucket_every)
    left = full.tokens
    due = (1.0 - left % 1.0) * settings.bucket_every
    touched = reader.state.touched.get(realm, {})
    since = reader.now - settings.blast_within
    return {
        "realm": realm,
        "left": round(left, 2),
        "size": size,
        "next": None if left >= size else round(due),
        "every": settings.bucket_every,
        "jobs_touched": sorted(job for job, at in touched.items() if at > since),
        "share": settings.blast_share,
    }


def _blocked(incident: Incident) -> str:
    """Name the source that an incident waits for; empty when it waits for none."""
    head, _, rest = incident.why.partition(": blocked: ")
    return rest.removesuffix(" did not answer wholly") if head == "complete" else ""


def _unanswered(reader: Reader) -> list[dict[str, Any]]:
    """List the decisions of the last day that nobody claimed, or that never ended."""
    since = reader.now - DAY
    return [
        {"decision": one["id"], "action": one["action"], "at": moment(reader.moment(one["ended"])),
         "why": (one["result"] or {}).get("says", "")}
        for one in reader.decisions()
        if one["state"] == "expired" and one["ended"] > since
    ]  # fmt: skip


def _needs(found: dict[str, Any]) -> list[str]:
    engine = found["engine"]
    needs = []
    if not engine["alive"]:
        heard = "never" if engine["heard"] is None else f"{span(engine['heard'])} ago"
        needs.append(
            f"the engine eos_healer was last heard {heard}; nothing is healed; look at "
            "`systemctl status salt-master` and its log"
        )
    elif engine["state"] == heal_status.FROZEN and not found["frozen"]:
        needs.append(f"the engine is frozen: {engine['why']}")
    elif engine["why"] and engine["state"] == heal_status.RUNNING:
        needs.append(engine["why"])
    if (engine.get("lag") or 0) > BEHIND:
        needs.append(f"the engine is {engine['lag']} facts behind; expected at most {BEHIND}")
    needs += [
        f"{one['what']} is frozen by the healer: {one['reason']}; `salt-run eos.thaw "
        f"{shlex.quote(one['what'])}` once it is well"
        for one in found["frozen"]
        if one["by"] == "healer"
    ]
    needs += [
        f"{one['what']} is held: {one['reason']}; `salt-run eos.release "
        f"{shlex.quote(one['what'])}` once it may be touched"
        for one in found["held"]
    ]
    needs += [
        f"{one['reason']}; end the contention, then `salt-run eos.release {one['what'][:12]}`"
        for one in found["contended"]
    ]
    needs += [
        f"{one['what']}: {one['attempts']} acts on the same input{_in_brackets(one['acts'])}; the "
        f"next is tried in {span(one['left'])}; find what brings it back, then `salt-run "
        f"eos.release {one['thing'][: heal_report_breakers.SHOWN]}` lets it be healed again"
        for one in found["breakers"]
        if one["realm"] == ACT
    ]
    needs += [
        f"decision {one['decision']} to {one['action']}: {one['why']}"
        for one in found["unanswered"]
    ]
    needs += [
        f"{source} did not answer wholly, so {count} incidents wait"
        for source, count in found["blocked"].items()
    ]
    return needs


def _in_brackets(words: str) -> str:
    return f" ({words})" if words else ""


def text(found: dict[str, Any]) -> list[str]:
    """Write how healing is for people, in lines of 80 columns."""
    state = found["state"]
    if state in (OFF, UNTRUSTED):
        label = "off" if state == OFF else "FROZEN"
        return ["healing", *labelled(label, found["why"])]
    engine, budget = found["engine"], found["budget"]
    heard = "never" if engine["heard"] is None else f"{span(engine['heard'])} ago"
    lag = "unknown" if engine.get("lag") is None else engine["lag"]
    lines = ["healing"]
    lines += labelled("engine", f"{state}, heard {heard}, facts that wait: {lag}")
    lines += labelled("mode", mode_text(found["mode"], found["modes"]))
    is_told = budget["realm"] == WOULD
    says = f"{budget['left']:g} of {budget['size']} acts {'would be ' * is_told}left"
    if budget["next"] is not None:
        says += f", the next comes in {span(budget['next'])}, then one each {span(budget['every'])}"
    if is_told:
        says += "; nothing is done in this mode, so only what is said counts here"
    if budget["jobs_touched"]:
        says += f"; jobs touched lately: {', '.join(budget['jobs_touched'])}"
    lines += labelled("budget", says)
    if found["incidents"]:
        counts = ", ".join(f"{count} {name}" for name, count in found["incidents"].items())
        lines += labelled("open", f"{counts}; `salt-run eos.incidents` lists them")
    for word in WORDS.values():
        for one in found[word][:SHOWN]:
            lines += labelled("FROZEN" if word == "frozen" else word, _rule_line(one))
        if len(found[word]) > SHOWN:
            lines += labelled(word, f"and {len(found[word]) - SHOWN} more")
    for one in found["breakers"][:SHOWN]:
        is_tried = f"{one['attempts']} acts on the same input; probe in {span(one['left'])}"
        lines += labelled("breaker", f"{one['what']}: {one['state']} after {is_tried}")
    for source, count in found["blocked"].items():
        lines += labelled("blocked", f"{source}: {count} incidents wait for it")
    if found["not_obeyed"]:
        says = f"{found['not_obeyed']} commands are recorded, not yet read by the engine; they hold"
        lines += labelled("told", says)
    return lines


def needs_text(needs: list[str]) -> list[str]:
    """Write what needs a person."""
    if not needs:
        return []
    return [
        "needs a person",
        *(line for one in needs for line in indented(event_line.plain(one), 2, "- ")),
    ]


def mode_text(mode: str, modes: Mapping[str, Mapping[str, str]]) -> str:
    """
    Write the mode of the stack, with those that have one of their own.

    :param modes: of ``components`` and of ``jobs``.
    """
    others = [
        f"{name} {one}" for kind in ("components", "jobs") for name, one in modes[kind].items()
    ]
    return mode + (f" ({', '.join(others)})" if others else "")


def _rule_line(one: dict[str, Any]) -> str:
    left = "" if one["left"] is None else f", {span(one['left'])} more"
    reason = event_line.plain(one["reason"])
    return f"{one['what']} by {one['by']} since {one['since']}{left}: {reason}"
