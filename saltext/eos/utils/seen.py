"""
Lists that a state run has read: they spare reading, one by one, objects that are as wanted.

From a list only "nothing to do" may be drawn. Whatever else it seems to say is read again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import codec, wire
from saltext.eos.utils.http import Client, NotFound

FROM = 3
"""From which object of a kind on a list pays, of those in a row in which nothing was changed."""
OLDEST = 5.0
MOST = 5000
Spec = dict[str, Any]
Item = dict[str, Any]


@dataclass
class _Listed:
    """
    What is known of one list.

    :param asked: objects that were asked for since something last changed.
    :param is_useless: it cannot be read, or is too long to be kept.
    :param items: what was listed, by the fields that tell an object; ``None`` when it is not read.
    """

    asked: int = 0
    is_useless: bool = False
    read_at: float = 0.0
    items: dict[Hashable, Item | None] | None = None


@dataclass
class _Run:
    """
    One run of states in one process.

    :param over: how many of its states have been looked at.
    :param last: which of them was the last, and when it began.
    """

    key: Hashable
    over: int = 0
    last: Hashable = None
    is_parallel: bool = False
    lists: dict[Hashable, _Listed] = field(default_factory=dict)


_last = _Run(None)


def item(client: Client, spec: Spec, keys: dict[str, Any], told: Mapping[str, Any]) -> Item | None:
    """
    Give an object as a list of this run has it; ``None`` when it has to be read by itself.

    :param told: the globals of a state function. Salt puts into them, while it runs one, what the
        run is and what its states before this one have said.
    """
    names = wire.told_by(spec)
    if not _is_listed(spec) or any(keys.get(name) is None for name in names):
        return None
    run = _current(told)
    if run is None or run.is_parallel:
        return None
    path = wire.filled(spec, spec["find"]["list"].partition(" ")[2], keys)
    one = run.lists.setdefault((spec["object"], client.identity, path), _Listed())
    one.asked += 1
    if one.items is not None and time.monotonic() - one.read_at > OLDEST:
        one.items = None
    if one.items is None:
        if one.is_useless or one.asked < FROM:
            return None
        _fill(one, client, spec, keys, names)
    found = (one.items or {}).get(tuple(keys[name] for name in names))
    return None if found is None else _object(client, spec, keys, found)


def _is_listed(spec: Spec) -> bool:
    """Tell whether a list has what a single read has, or is needed for a single read."""
    how = spec["find"]
    return "list" in how and ("read" not in how or bool(how.get("whole")) or _needs_item(spec))


def _needs_item(spec: Spec) -> bool:
    rows = spec["fields"]
    return any(
        name not in rows or not rows[name].get("key") for name in wire.places(spec["find"]["read"])
    )


def _current(told: Mapping[str, Any]) -> _Run | None:
    """Give the run that goes on; its lists are dropped where a state may have written."""
    global _last  # noqa: PLW0603 - what another run has seen is never asked again
    number, states = told.get("__instance_id__"), told.get("__lowstate__")
    if number is None or not states:
        # Of a state that is called by itself nobody says what the one before it has done.
        return None
    running = told.get("__running__") or {}
    key = (os.getpid(), number)
    run = _last
    # Salt gives the number of a run that is over to a later one.
    if run.key != key or run.last != _looked_at(running, run.over):
        # Beside the others a state writes at any time, and says it at its end.
        beside = any(low.get("parallel") for low in states)
        run = _last = _Run(key, len(running), is_parallel=beside)
    for tag in islice(running, run.over, None):
        if _may_have_written(running[tag]):
            for one in run.lists.values():
                one.asked, one.items = 0, None
    run.over = len(running)
    run.last = _looked_at(running, run.over)
    return run


def _looked_at(running: Mapping[str, Any], count: int) -> Hashable:
    """Tell one of so many states from every other that has run in this process."""
    tag = next(islice(running, count - 1, None), None) if count else None
    return None if tag is None else (tag, running[tag].get("start_time"))


def _may_have_written(said: Mapping[str, Any]) -> bool:
    """Tell whether a state has changed something, by its own words; a failed one may have."""
    outcome = said.get("result")
    return outcome is False or (outcome is True and bool(said.get("changes")))


def _fill(one: _Listed, client: Client, spec: Spec, keys: dict[str, Any], names: list[str]) -> None:
    one.read_at = time.monotonic()
    try:
        items = wire.listed(client, spec, keys)
    except CommandExecutionError:
        # Who may not list may read one by one, and what is wrong is told there.
        one.is_useless = True
        return
    if len(items) > MOST:
        one.is_useless = True
        return
    rows = {name: spec["fields"][name] for name in names}
    one.items = {}
    for found in items:
        fields = codec.from_wire(rows, found)
        told = tuple(keys[name] if fields[name] is None else fields[name] for name in names)
        # Two of one name are refused where they are read.
        one.items[told] = None if told in one.items else found


def _object(client: Client, spec: Spec, keys: dict[str, Any], found: Item) -> Item | None:
    how, constant = spec["find"], spec.get("constant", {})
    if "read" not in how or how.get("whole"):
        is_kind = all(found.get(name) in (None, value) for name, value in constant.items())
        return found if is_kind else None
    values = {**found, **codec.from_wire(spec["fields"], found)}
    try:
        return wire.read(client, spec, values, keys)
    except NotFound:
        return None
