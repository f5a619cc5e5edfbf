"""What the healer would do now: its own pipeline on a copy of its state, and a fresh view."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping
from typing import Any

from salt.exceptions import SaltRunnerError

from saltext.eos.policies import table
from saltext.eos.utils import (
    asked,
    event_line,
    heal_act,
    heal_budget,
    heal_claim,
    heal_clock,
    heal_core,
    heal_file,
    heal_inbox,
    heal_known,
    heal_match,
    heal_report,
    heal_settings,
    heal_snapshot,
    heal_stop,
    heal_view,
    heal_when,
    inbox_read,
    lock,
    master,
)
from saltext.eos.utils.asker import asker
from saltext.eos.utils.heal_reader import Reader
from saltext.eos.utils.heal_report_text import indented, span
from saltext.eos.utils.heal_state import ACTING, CLOSED, DECIDED, WATCHING, Incident, View

# Facts that the engine has not taken yet, looked at here too.
MOST = 5_000
VERDICTS = {
    "decided": "WOULD ACT", "would": "would say", "note": "would note", "refused": "refuses",
    "waits": "waits",
}  # fmt: skip


def heal(opts: dict[str, Any], test: Any, others: Mapping[str, Any]) -> dict[str, Any]:
    """
    Ask the engine to look at everything now; with ``test`` only say what it would do.

    :raises Unclear: an option is none.
    :raises Unusable: the healer's file cannot be trusted.
    :raises SaltRunnerError: the pillar does not compile.
    """
    asked.nothing_else(others, ["test"])
    if asked.flag("test", test):
        return _would(opts)
    path, by = heal_file.path_of(opts), asker()
    with contextlib.closing(Reader(path)) as reader:
        count = sum(one.due < heal_act.FOR_EVER for one in reader.state.incidents.values())
    heal_claim.tell(path, {"verb": "look", "what": heal_known.STACK}, by)
    lines = indented(
        f"The engine looks at all open incidents now ({count}), and does what every check allows, "
        "no more. `salt-run eos.incidents open=True` shows what came of it.", 0,
    )  # fmt: skip
    text = "\n".join([*lines, *heal_stop.engine_text(opts)])
    return {"changes": {}, "comment": lines[0], "open": count, "by": by, "text": text}


def _would(opts: dict[str, Any]) -> dict[str, Any]:
    form = master.form(opts)
    try:
        settings = heal_settings.read(form.get("heal"))
    except heal_settings.Refused as err:
        raise SaltRunnerError(str(err)) from err
    with contextlib.closing(Reader(heal_file.path_of(opts))) as reader:
        state, now, wall = reader.state, reader.now, reader.wall
    state.locked = lock.said(opts)
    begun = heal_clock.read()
    state.lines = []
    core = heal_core.Core(table.TABLE, settings, state)
    missing = _arrive(opts, core, heal_clock.Time(now, heal_clock.Reading("", 0.0, wall)))
    under_way = (DECIDED, ACTING)
    incidents = sorted(state.incidents.values(), key=lambda one: (one.opened, one.id))
    for one in incidents:
        if one.state not in under_way:
            one.due = min(one.due, now)
    views = _views(opts, form, core.wanted(now), now)
    # The moment of the views: reading them has taken its time.
    later = now + (heal_clock.read().monotonic - begun.monotonic)
    state.lines = []
    core.due(later, wall + later - now, views)
    rows = [_row(one, state.lines, views.get(one.id), later) for one in incidents]
    lines = [line for row in rows for line in _text(row)]
    lines = lines or ["nothing is wrong that the healer knows of"]
    held = state.bucket(heal_report.realm_of(settings))
    full = heal_budget.filled(held, later, settings.bucket_size, settings.bucket_every)
    modes = {"components": dict(settings.components), "jobs": dict(settings.jobs)}
    lines += indented(
        f"Nothing was done or written. Mode {heal_report.mode_text(settings.mode, modes)}; "
        f"{full.tokens:.1f} of {settings.bucket_size} acts would be left.", 0,
    )  # fmt: skip
    lines += indented(missing, 0) if missing else []
    found = {"rows": rows, "mode": settings.mode, "modes": modes, "changes": {}}
    return {**found, "text": "\n".join(lines)}


def _arrive(opts: dict[str, Any], core: heal_core.Core, moment: heal_clock.Time) -> str:
    """Let the facts arrive that the engine has not taken; say what could not be looked at."""
    intake = heal_inbox.Intake(inbox_read.path_of(opts))
    try:
        facts = intake.read(core.state.row, core.state.inbox, MOST)
    except (sqlite3.Error, SaltRunnerError, OSError) as err:
        return f"Facts that the engine has not taken were not looked at: {err}"
    finally:
        intake.close()
    core.state.row = facts.row
    for row, text in facts.rows:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            envelope = heal_inbox.envelope(text)
            at, since = heal_when.occurred(envelope, moment), heal_when.heard(envelope, moment)
            core.arrive(row, envelope, moment.now, at, since)
    left = facts.last - facts.rows[-1][0] if facts.rows else 0
    return f"{left} more facts wait in the inbox." if left > 0 else ""


def _views(
    opts: dict[str, Any], form: dict[str, Any], wanted: list[Incident], now: float
) -> dict[str, View]:
    pairs = [(one, table.TABLE[one.policy]) for one in wanted if one.policy in table.TABLE]
    if not pairs:
        return {}
    begun = heal_clock.read().monotonic
    needs = heal_view.needs(pairs)
    snapshot = heal_snapshot.read(
        opts, form, lambda: now + heal_clock.read().monotonic - begun, needs
    )
    return {one.id: heal_view.view(one, policy, snapshot, form) for one, policy in pairs}


def _row(
    one: Incident, lines: list[tuple[str, dict[str, Any]]], view: View | None, now: float
) -> dict[str, Any]:
    nothing: tuple[str, dict[str, Any]] = ("", {})
    told = [line for line in lines if line[1].get("incident") == one.id and line[0] in VERDICTS]
    kind, body = told[-1] if told else nothing
    act = (table.TABLE.get(one.policy) or {"act": {"do": "unknown"}})["act"]["do"]
    if one.state == CLOSED and kind != "note":
        verdict, why = "is well", one.why
    elif kind in VERDICTS:
        verdict, why = VERDICTS[kind], one.why
    elif one.state in (DECIDED, ACTING):
        verdict, why = "under way", one.why
    elif one.state == WATCHING:
        verdict, why = "is well", one.why or "it is watched"
    else:
        verdict, why = "waits", one.why
    return {
        "incident": one.id,
        "policy": one.policy,
        "action": act,
        "place": heal_match.place(one.subject),
        "verdict": verdict,
        "why": why if verdict in ("waits", "refuses", "is well", "under way") else one.says,
        "checks": body.get("checks", []),
        "wrong": None if view is None else view.thing.wrong,
        "next": round(one.due - now) if now < one.due < heal_act.FOR_EVER else None,
    }


def _text(row: Mapping[str, Any]) -> list[str]:
    lines = indented(f"{row['verdict']:10} {row['action']:10} {event_line.plain(row['place'])}", 0)
    wait = f" (again in {span(row['next'])})" if row["next"] and row["verdict"] == "waits" else ""
    lines += indented(f"{event_line.plain(row['why'])}{wait}", 4)
    return lines + indented(f"{row['policy']}, incident {row['incident']}", 4)
