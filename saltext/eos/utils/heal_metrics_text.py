"""The healer's metrics as OpenMetrics text: pure, the same values give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from saltext.eos.utils.heal_metrics_read import CHECKS, OUTCOMES, RULES
from saltext.eos.utils.heal_state import DEEDS
from saltext.eos.utils.heal_status import FROZEN, RUNNING, STANDBY, Status

KIND = "application/openmetrics-text; version=1.0.0; charset=utf-8"
Labels = Mapping[str, str]
Samples = Iterable[tuple[Labels, float]]


class Facts(NamedTuple):
    """All that is shown; empty or None where it is not known, and then not shown."""

    version: str
    status: Status | None
    standing: Mapping[str, Any]
    decisions: Mapping[tuple[str, str], int]
    kinds: Mapping[str, int]
    is_verified: bool
    lines: int
    notified: Mapping[str, Mapping[str, Any]]
    bridge: Mapping[str, Any]
    restarts: int = 0


def text(facts: Facts) -> str:
    """Write them."""
    told = [
        _family("eos_healer_version", "info", "Version of the wheel.",
                [({"version": facts.version}, 1)]),
        *_of_status(facts.status), *_of_standing(facts.standing), *_of_audit(facts),
        *_of_channels(facts.notified), *_of_bridge(facts.bridge),
        _family("eos_healer_notify_restarts", "counter",
                "How often the process that tells people, and this, was started again.",
                [({}, float(facts.restarts))]),
    ]  # fmt: skip
    return "".join(told) + "# EOF\n"


def _of_status(status: Status | None) -> list[str]:
    if status is None:
        return []
    states = [({"state": one}, float(status.state == one)) for one in (RUNNING, FROZEN, STANDBY)]
    found = [
        _gauge("eos_healer_status_timestamp_seconds", "When the engine last said how it is.",
               status.at),
        _family("eos_healer_state", "gauge", "1 for the state that the engine is in.", states),
        _gauge("eos_healer_tokens", "Acts that may still be decided now.", status.tokens),
        _gauge("eos_healer_row", "Number of the last fact that was taken.", status.row),
        _gauge("eos_healer_epoch", "Fencing epoch of the engine.", status.epoch),
    ]  # fmt: skip
    if status.settings is not None:
        size = status.settings.get("bucket_size", 0)
        found.append(_gauge("eos_healer_tokens_most", "Acts that the budget holds at most.", size))
    if status.lag is not None:
        found.append(_gauge("eos_healer_behind_rows", "Facts that wait.", status.lag))
    loop = [({"what": name}, float(status.counters[name])) for name in sorted(status.counters)]
    found.append(_family("eos_healer_loop", "counter", "What the engine's loop counted.", loop))
    return found


def _of_standing(held: Mapping[str, Any]) -> list[str]:
    if not held:
        return []
    waiting = [({"check": name}, float(held["waiting"].get(name, 0))) for name in CHECKS]
    rules = [({"kind": name}, float(held["rules"].get(name, 0))) for name in RULES]
    return [
        _gauge("eos_healer_incidents", "Incidents that are open.", held["incidents"]),
        _family("eos_healer_incidents_waiting", "gauge",
                "Open incidents by the check that they wait for.", waiting),
        _family("eos_healer_rules", "gauge", "What holds healing back, by kind.", rules),
        _gauge("eos_healer_decisions_unclaimed",
               "Decisions that were fired more than once, and that nobody claimed yet.",
               held["unclaimed"]),
        _gauge("eos_healer_breakers_open", "Things on which attempts are used up.",
               held["breakers"]),
    ]  # fmt: skip


def _of_audit(facts: Facts) -> list[str]:
    decisions = [
        ({"action": action, "outcome": outcome}, float(facts.decisions.get((action, outcome), 0)))
        for action in DEEDS
        for outcome in OUTCOMES
    ]
    kinds = [
        ({"kind": kind}, float(facts.kinds.get(kind, 0)))
        for kind in ("opened", "closed", "note", "claim_refused", "command_refused", "missed",
                     "crowded", "unreadable")
    ]  # fmt: skip
    return [
        _family("eos_healer_decisions", "counter", "Decisions, by what came of them.", decisions),
        _family("eos_healer_audit_events", "counter", "Lines of the audit, of some kinds.", kinds),
        _gauge("eos_healer_audit_verified", "1 while the audit is what was written.",
               float(facts.is_verified)),
        _gauge("eos_healer_audit_lines", "Number of the last line of the audit.", facts.lines),
    ]  # fmt: skip


def _of_channels(notified: Mapping[str, Mapping[str, Any]]) -> list[str]:
    found = []
    for name, says in (("sent", "Messages that were taken."),
                       ("failed", "Attempts that were not."),
                       ("dead", "Messages that were given up: dead letters.")):  # fmt: skip
        rows = [({"channel": one}, float(held[name])) for one, held in notified.items()]
        found.append(_family(f"eos_healer_notifications_{name}", "counter", says, rows))
    rows = [({"channel": one}, float(held["behind"])) for one, held in notified.items()]
    says = "Lines of the audit that were not told yet."
    found.append(_family("eos_healer_notifications_behind_lines", "gauge", says, rows))
    return found


def _of_bridge(held: Mapping[str, Any]) -> list[str]:
    known = [_gauge("eos_healer_bridge_known", "1 while the inbox can be read.", float(bool(held)))]
    if not held:
        return known
    return [
        *known,
        _gauge("eos_healer_bridge_problems", "Problems that `salt-run eos.bridge` tells.",
               held["problems"]),
        _gauge("eos_healer_sources_silent", "Sources from which nothing is heard.",
               held["silent"]),
        _gauge("eos_healer_inbox_row", "Number of the newest fact.", held["row"]),
    ]  # fmt: skip


def _gauge(name: str, says: str, value: float) -> str:
    return _family(name, "gauge", says, [({}, float(value))])


def _family(name: str, kind: str, says: str, samples: Samples) -> str:
    suffix = {"counter": "_total", "info": "_info"}.get(kind, "")
    lines = [f"# TYPE {name} {kind}\n", f"# HELP {name} {says}\n"]
    for labels, value in samples:
        pairs = ",".join(f'{label}="{_escaped(labels[label])}"' for label in labels)
        lines.append(f"{name}{suffix}{{{pairs}}} {_number(value)}\n" if pairs
                     else f"{name}{suffix} {_number(value)}\n")  # fmt: skip
    return "".join(lines)


def _escaped(text_: str) -> str:
    return text_.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
