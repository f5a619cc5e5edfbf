"""
The converge loop, once for all resources: read, compare, write, read again.

A state is right when the server, asked afterwards, says so. ``None`` means "not managed".
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import codec, diff, fate, forms, measures, seen, settings, state, wire
from saltext.eos.utils.fate import EXPECTED, Changes
from saltext.eos.utils.http import Conflict, NotFound
from saltext.eos.utils.task import Task, task

Functions = Mapping[str, Callable[..., Any]]
Spec = dict[str, Any]
POLL = 0.5
PAUSE = 0.1
TRIES = 3


def present(
    spec: Spec,
    desired: dict[str, Any],
    salt: Functions,
    opts: Mapping[str, Any],
    told: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """
    Ensure that an object exists with these settings.

    :param spec: the resource's table.
    :param desired: value by field; ``None`` is not managed.
    :param told: the globals of the state function, where Salt says in which run it is.
    :return: the return of a state.
    """
    one = task(spec, desired, opts)
    try:
        with one.told():
            one.prepare(fill=True)
            if _is_seen_right(one, told):
                return _noted(one, state.unchanged(one.name, one.what))
            return _noted(one, _again(lambda: _present(one, test=bool(opts.get("test")))))
    except EXPECTED as err:
        return state.failed(one.name, err)


def absent(
    spec: Spec, keys: dict[str, Any], salt: Functions, opts: Mapping[str, Any]
) -> dict[str, Any]:
    """
    Ensure that an object does not exist.

    :param keys: value by key field.
    :return: the return of a state.
    """
    one = task(spec, keys, opts)
    try:
        with one.told():
            one.prepare()
            return _again(lambda: _absent(one, test=bool(opts.get("test"))))
    except EXPECTED as err:
        return state.failed(one.name, err)


def get(
    spec: Spec, keys: dict[str, Any], salt: Functions, opts: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Give one object as fields, secrets hidden; ``None`` when it is not there."""
    one = task(spec, keys, opts)
    with one.told():
        one.prepare()
        found = wire.find(one.client, spec, one.desired)
        return None if found is None else _shown(spec, _read(one, found))


def list_(spec: Spec, salt: Functions, opts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give every object as the fields that the list carries, secrets hidden."""
    # What a list asks for by key, such as its namespace, is asked for all of them.
    every = {name: "*" for name, row in spec["fields"].items() if row.get("key")}
    items = wire.listed(settings.connect(spec["service"], opts), spec, every)
    return [_shown(spec, wire.carried(spec, _fields(spec, item))) for item in items]


def create(
    spec: Spec, desired: dict[str, Any], salt: Functions, opts: Mapping[str, Any]
) -> dict[str, Any]:
    """
    Create an object and give what was created.

    :raises CommandExecutionError: there is one already, or the server refuses.
    """
    one = task(spec, desired, opts)
    with one.told():
        one.prepare(fill=True)
        if wire.find(one.client, spec, one.desired) is not None:
            raise CommandExecutionError(f"{one.what} exists already; update it, or delete it first")
        _create(one)
        return _shown(spec, _settled(one))


def update(
    spec: Spec, desired: dict[str, Any], salt: Functions, opts: Mapping[str, Any]
) -> dict[str, Any]:
    """
    Change an object and give what it has become; what is not named stays.

    :raises CommandExecutionError: there is none, a field cannot change, or the server refuses.
    """
    one = task(spec, desired, opts)
    with one.told():
        one.prepare()
        return _shown(spec, _again(lambda: _updated(one)))


def delete(spec: Spec, keys: dict[str, Any], salt: Functions, opts: Mapping[str, Any]) -> bool:
    """Delete an object; tell whether there was one."""
    one = task(spec, keys, opts)
    with one.told():
        one.prepare()
        return bool(_again(lambda: _deleted(one)))


def _is_seen_right(one: Task, told: Mapping[str, Any]) -> bool:
    """Tell whether a list of this run shows the object as it is wanted; nothing else is proof."""
    found = seen.item(one.client, one.spec, one.desired, told)
    return found is not None and not _changes(one, _read(one, found))


def _present(one: Task, *, test: bool) -> dict[str, Any]:
    found = wire.find(one.client, one.spec, one.desired)
    if found is None:
        changes = _created(one.spec, one.desired)
        if not test:
            with _told(one, "created", changes):
                _create(one)
            fate.proved(one.what, "created", changes, lambda: _settled(one), one.hide)
        return state.done(one.name, one.what, "created", changes, test=test)
    changes = _changes(one, _read(one, found))
    if not changes:
        return state.unchanged(one.name, one.what)
    _refuse_fixed(one, changes)
    _refuse_loss(one, found)
    if not test:
        with _told(one, "updated", changes):
            _update(one, found)
        fate.proved(one.what, "updated", changes, lambda: _confirm(one), one.hide)
    return state.done(one.name, one.what, "updated", changes, test=test)


def _absent(one: Task, *, test: bool) -> dict[str, Any]:
    found = wire.find(one.client, one.spec, one.desired)
    if found is None:
        return state.result(one.name, True, f"{one.what} is already absent.")
    if test:
        # What a run would refuse is refused in test mode as well, so this hook writes nothing.
        _hook(one.spec, "before_delete", one.client, one.desired)
    shown = _created(one.spec, _read(one, found))
    changes = {name: {"old": both["new"], "new": None} for name, both in shown.items()}
    if not test:
        with _told(one, "deleted", changes):
            _delete(one, found)
        fate.proved(one.what, "deleted", changes, lambda: _gone(one, changes), one.hide)
    return state.done(one.name, one.what, "deleted", changes, test=test)


def _gone(one: Task, changes: Changes) -> None:
    if wire.find(one.client, one.spec, one.desired) is not None:
        raise fate.NotKept(
            f"{one.what} is still there after it was deleted; expected it to be gone", changes
        )


def _told(one: Task, verb: str, changes: Changes) -> AbstractContextManager[None]:
    """Look for what was written when its server does not say whether it was."""

    def left() -> Changes:
        found = wire.find(one.client, one.spec, one.desired)
        if verb == "deleted":
            return {} if found is None else changes
        return changes if found is None else _changes(one, _read(one, found))

    return fate.told(one.what, verb, changes, left, one.hide)


def _updated(one: Task) -> dict[str, Any]:
    found = wire.find(one.client, one.spec, one.desired)
    if found is None:
        raise CommandExecutionError(f"{one.what} does not exist; create it first")
    changes = _changes(one, _read(one, found))
    _refuse_fixed(one, changes)
    if changes:
        _refuse_loss(one, found)
        _update(one, found)
    return _confirm(one)


def _deleted(one: Task) -> dict[str, Any] | None:
    found = wire.find(one.client, one.spec, one.desired)
    if found is not None:
        _delete(one, found)
    return found


def _again(write: Callable[[], Any]) -> Any:
    """Read and decide anew when another wrote in between; a write is never forced."""
    for turn in range(1, TRIES):
        try:
            return write()
        except Conflict:
            # Consul itself writes what became of a route, some milliseconds after it was written.
            time.sleep(PAUSE * turn)
    return write()


def _noted(one: Task, result: dict[str, Any]) -> dict[str, Any]:
    """Add what was left out to the comment."""
    return {**result, "comment": " ".join([result["comment"], *(f"{n}." for n in one.notes)])}


def _create(one: Task) -> None:
    _hook(one.spec, "before_create", one.client, one.desired)
    wire.send(one.client, one.spec, one.spec["create"], one.desired, _body(one, None))


def _settled(one: Task) -> dict[str, Any]:
    _hook(one.spec, "after_create", one.client, one.desired)
    _wait(one)
    return _confirm(one)


def _update(one: Task, found: dict[str, Any]) -> None:
    known = {**found, **_set(_read(one, found)), **_set(one.desired)}
    wire.send(one.client, one.spec, one.spec["update"], known, _body(one, found))


def _delete(one: Task, found: dict[str, Any]) -> None:
    _hook(one.spec, "before_delete", one.client, one.desired)
    known = {**found, **_set(_read(one, found)), **_set(one.desired)}
    try:
        wire.send(one.client, one.spec, one.spec["delete"], known, wire.farewell(one.spec, known))
    except NotFound:
        return


def _body(one: Task, base: dict[str, Any] | None) -> Any:
    kept = None if base is None else _hook(one.spec, "kept", base, one.desired)
    made = wire.body_of(one.spec, one.desired, base if kept is None else kept)
    changed = _hook(one.spec, "to_wire", made, one.desired)
    return wire.wrapped(one.spec, made if changed is None else changed)


def _read(one: Task, found: dict[str, Any]) -> dict[str, Any]:
    """Give the fields of what was found; a key that is only in its path is the one asked for."""
    fields = _fields(one.spec, found)
    keys = {n: one.desired.get(n) for n, row in one.spec["fields"].items() if row.get("key")}
    return {**fields, **{n: key for n, key in keys.items() if fields[n] is None}}


def _fields(spec: Spec, found: dict[str, Any]) -> dict[str, Any]:
    fields = codec.from_wire(spec["fields"], found)
    changed = _hook(spec, "from_wire", fields, found)
    return fields if changed is None else dict(changed)


def _confirm(one: Task) -> dict[str, Any]:
    """Read again; what the server did not keep is a failure, whatever it answered before."""
    found = wire.find(one.client, one.spec, one.desired)
    if found is None:
        raise CommandExecutionError(
            f"{one.what} is not there after it was written; expected what was accepted"
        )
    fields = _read(one, found)
    left = _changes(one, fields)
    if left:
        raise fate.NotKept(
            f"{one.what} was written, but the server did not keep {', '.join(left)}: {left}; "
            "expected what it accepted; look for a second writer",
            left,
        )
    return fields


def _changes(one: Task, found: dict[str, Any]) -> Changes:
    changes = {}
    for name, value in one.desired.items():
        row = one.spec["fields"][name]
        if not row.get("read_only") and not row.get("key") and diff.unlike(row, value, found[name]):
            changes[name] = _change(row, found[name], value)
    return changes


def _created(spec: Spec, desired: dict[str, Any]) -> Changes:
    return {
        name: _change(spec["fields"][name], None, value)
        for name, value in desired.items()
        if value is not None and not spec["fields"][name].get("read_only")
    }


def _change(row: dict[str, Any], old: Any, new: Any) -> dict[str, Any]:
    """Say what changes; what holds a secret stays hidden, also that only the secret differs."""
    return {"old": forms.shown(row, old, state.HIDDEN), "new": forms.shown(row, new, state.HIDDEN)}


def _shown(spec: Spec, fields: dict[str, Any]) -> dict[str, Any]:
    return wire.shown(spec, fields, state.HIDDEN)


def _refuse_fixed(one: Task, changes: Changes) -> None:
    """
    Refuse what the server fixes at creation.

    :raises CommandExecutionError: with old, new and what to do.
    """
    fixed = [name for name in changes if one.spec["fields"][name].get("immutable")]
    if one.spec.get("update") is None:
        fixed = list(changes)
    if not fixed:
        return
    said = ", ".join(
        f"{name} from {changes[name]['old']!r} to {changes[name]['new']!r}" for name in fixed
    )
    advice = "expected the old value; keep it"
    if one.spec["delete"] is not None:
        advice += ", or delete the object first, which loses what it holds"
    raise CommandExecutionError(
        f"{one.what} cannot change {said}: the server fixes that at creation; {advice}"
    )


def _refuse_loss(one: Task, found: dict[str, Any]) -> None:
    """
    Refuse a change that takes away what nobody asked for: nothing could put it back.

    :raises CommandExecutionError: with what would be lost and what to do.
    """
    # A hook before an update may refuse it, in test mode as well, so it writes nothing.
    _hook(one.spec, "before_update", one.client, one.desired)
    if "raw" in one.spec:
        return
    unread = codec.unread(one.spec["fields"], found, one.desired)
    if unread:
        raise CommandExecutionError(
            f"{one.what} has {', '.join(unread)}, which the server never shows, and a change would "
            "take it away; expected it to be given; give it, or delete the object first"
        )
    # What the server reckons anew comes again by itself.
    kept = _hook(one.spec, "kept", found, one.desired)
    base = found if kept is None else kept
    strange = codec.strange(one.spec["fields"], one.desired, base)
    if strange:
        raise CommandExecutionError(
            f"{one.what} has {', '.join(strange)}, which Eos does not know, and this change would "
            "take it away; expected nothing but the fields of its page there; take it away on the "
            "server first, or leave that field out of the state"
        )


def _wait(one: Task) -> None:
    """Wait for the state that the declaration calls created."""
    wanted = (one.spec.get("wait") or {}).get("created")
    if not wanted:
        return
    deadline = time.monotonic() + measures.duration(wanted["within"])
    while True:
        found = wire.find(one.client, one.spec, one.desired)
        value = _read(one, found)[wanted["field"]] if found else None
        if value == wanted["is"]:
            return
        if value in wanted.get("fails", ()):
            raise CommandExecutionError(f"{one.what} became {value}; expected {wanted['is']}")
        if time.monotonic() > deadline:
            raise CommandExecutionError(
                f"{one.what} is {value!r} after {wanted['within']}; expected {wanted['is']}"
            )
        time.sleep(POLL)


def _hook(spec: Spec, name: str, *arguments: Any) -> Any:
    if name not in spec.get("hooks", ()):
        return None
    where = f"saltext.eos.hooks.{spec['service']}_{spec['object']}"
    return getattr(importlib.import_module(where), name)(*arguments)


def _set(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
