"""How an orchestration looks at what it acted on: with the views that the healer decides on."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from salt.exceptions import CommandExecutionError

from saltext.eos.policies import table
from saltext.eos.utils import heal_clock, heal_file, heal_snapshot, heal_store, heal_view
from saltext.eos.utils.heal_state import Incident, View, named


class Look(NamedTuple):
    """
    How to look.

    :param view: reads a fresh view.
    :param clock: gives the healer's seconds, in which the moment of a view is.
    """

    view: Callable[[], View]
    clock: Callable[[], float]


def looking(
    opts: dict[str, Any], form: dict[str, Any], path: Path, decision: Mapping[str, Any]
) -> Look:
    """
    Give what reads a fresh view of what a decision is about.

    :param path: the healer's file.
    :param decision: its row.
    :raises CommandExecutionError: its incident or policy is no more.
    """
    name = named(decision["names"], "policy:") or ""
    policy = table.TABLE.get(name)
    if policy is None:
        raise CommandExecutionError(f"policy {name!r} is no more, so nothing says what was wrong")
    incident, last = _incident(path, str(decision["incident"]))
    needs = heal_view.needs([(incident, policy)])

    def clock() -> float:
        return heal_clock.after(last, heal_clock.read()).now

    def view() -> View:
        snapshot = heal_snapshot.read(opts, form, clock, needs)
        return heal_view.view(incident, policy, snapshot, form)

    return Look(view, clock)


def _incident(path: Path, name: str) -> tuple[Incident, heal_clock.Time]:
    """Give the incident of a decision, and the healer's time at some moment."""
    with contextlib.closing(heal_file.opened(path, is_thorough=False)) as db:
        row = db.execute("SELECT body FROM incidents WHERE id = ?", (name,)).fetchone()
        last = heal_clock.unpacked(heal_file.meta(db, heal_store.CLOCK))
    if row is None:
        raise CommandExecutionError(f"incident {name} is no more, so nothing says what was wrong")
    held = json.loads(row[0])
    return Incident(**{**held, "names": tuple(held["names"])}), last
