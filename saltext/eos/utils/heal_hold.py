"""
Applications that are not applied again: their specification is held, because it failed.

A policy holds one specification of a job, by its hash. While the pillar compiles to that very hash
its Terraform root is left alone; another pillar has another hash, so it is applied as ever. What a
person holds with ``eos.hold`` is held from healing alone, and is applied.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from saltext.eos.utils import (
    app_database,
    heal_clock,
    heal_command,
    heal_file,
    heal_store,
    heal_view_job,
)
from saltext.eos.utils.heal_state import HOLD, Rule

log = logging.getLogger(__name__)

KEY = "held"


class Hold(NamedTuple):
    """One held specification."""

    what: str
    reason: str
    input: str


def put(opts: Mapping[str, Any], form: dict[str, Any]) -> None:
    """
    Write into the compiled form of a node which of its applications are held, and why.

    :param opts: options of the master.
    :param form: of one node; changed in place.
    """
    each = (form["components"].get("app") or {}).get("each") or {}
    if not each:
        return
    holds = read(heal_file.path_of(opts))
    for name, entry in each.items():
        why = held(name, entry, holds)
        if why:
            entry[KEY] = why
            entry["states"]["root"][KEY] = why


def held(name: str, entry: Mapping[str, Any], holds: Iterable[Hold]) -> str:
    """
    Say why an application is held; empty for one that is not.

    :param entry: its compiled form.
    """
    form = {"all": {"": {"components": {"app": {"each": {name: entry}}}}}}
    space = entry["values"].get("namespace")
    for job in (name, app_database.job_name(name)):
        input_ = heal_view_job.specification(form, space, job)
        for hold in holds:
            if input_ == hold.input and hold.what in (f"job:{job}", f"job:{job}@{space}"):
                return (
                    f"HELD {name}: {hold.reason}; change its pillar, or "
                    f"`salt-run eos.release {hold.what}`"
                )
    return ""


def read(path: Path) -> list[Hold]:
    """
    Read the specifications that are held now; what was just released is not among them.

    A file that cannot be read holds nothing: it stops healing, and never a person.
    """
    if not path.exists():
        return []
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as db:
            last = heal_file.meta(db, heal_store.CLOCK)
            if last is None:
                return []
            now = heal_clock.after(heal_clock.unpacked(last), heal_clock.read()).now
            rows = db.execute(
                "SELECT kind, what, reason, by, at, until, input FROM rules WHERE kind = ? "
                "AND input <> '' AND (until IS NULL OR until > ?)", (HOLD, now),
            ).fetchall()  # fmt: skip
            commands = [json.loads(text) for (text,) in db.execute("SELECT body FROM commands")]
    except (sqlite3.Error, ValueError, OSError) as err:
        log.critical("EOS712 %s cannot be read, so nothing is held: %s", path, err)
        return []
    rules = [Rule(*row) for row in rows]
    for one in commands:
        if one.get("verb") == "release":
            gone = heal_command.dropped(rules, "release", str(one.get("what")), one.get("of"))
            rules = [rule for rule in rules if rule not in gone]
    return [Hold(rule.what, rule.reason, rule.input) for rule in rules]
