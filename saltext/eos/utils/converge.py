"""
The converge loop, once for all resources: read, compare, write, read again.

A state is right when the server, asked afterwards, says so. ``None`` means "not managed".
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from salt.exceptions import CommandExecutionError, SaltInvocationError

from saltext.eos.utils import diff, measures, settings, state, wire
from saltext.eos.utils.http import Client, NotFound
from saltext.eos.utils.mask import plain

Functions = Mapping[str, Callable[..., Any]]
Spec = dict[str, Any]
POLL = 0.5


def present(
    spec: Spec, desired: dict[str, Any], salt: Functions, opts: Mapping[str, Any]
) -> dict[str, Any]:
    """
    Ensure that an object exists with these settings.

    :param spec: the resource's table.
    :param desired: value by field; ``None`` is not managed.
    :return: the return of a state.
    """
    desired = plain(desired)
    name, what = _named(spec, desired)
    test = bool(opts.get("test"))
    try:
        wire.check(spec, desired)
        client = settings.connect(spec["service"], opts)
        found = wire.find(client, spec, desired)
        if found is None:
            changes = _created(spec, desired)
            if not test:
                _create(client, spec, desired)
                _confirm(client, spec, desired, what)
            return state.changed(name, f"{what} {{}} created.", changes, test=test)
        changes = _changes(spec, desired, _read(spec, found))
        fixed = [field for field in changes if spec["fields"][field].get("immutable")]
        if fixed:
            return state.failed(name, _immovable(what, fixed, changes))
        if not changes:
            return state.unchanged(name, what)
        if spec.get("update") is None:
            return state.failed(name, _immovable(what, list(changes), changes))
        if not test:
            _update(client, spec, desired, found)
            _confirm(client, spec, desired, what)
        return state.changed(name, f"{what} {{}} updated.", changes, test=test)
    except (CommandExecutionError, SaltInvocationError, ValueError) as err:
        return state.failed(name, err)


def absent(
    spec: Spec, keys: dict[str, Any], salt: Functions, opts: Mapping[str, Any]
) -> dict[str, Any]:
    """
    Ensure that an object does not exist.

    :param keys: value by key field.
    :return: the return of a state.
    """
    keys = plain(keys)
    name, what = _named(spec, keys)
    test = bool(opts.get("test"))
    try:
        wire.check(spec, keys)
        client = settings.connect(spec["service"], opts)
        found = wire.find(client, spec, keys)
        if found is None:
            return state.result(name, True, f"{what} is already absent.")
        shown = _created(spec, _read(spec, found))
        changes = {field: {"old": one["new"], "new": None} for field, one in shown.items()}
        if not test:
            _delete(client, spec, keys, found)
            if wire.find(client, spec, keys) is not None:
                raise CommandExecutionError(f"{what} is still there after it was deleted")
        return state.changed(name, f"{what} {{}} deleted.", changes, test=test)
    except (CommandExecutionError, SaltInvocationError, ValueError) as err:
        return state.failed(name, err)


def get(
    spec: Spec, keys: dict[str, Any], salt: Functions, opts: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Give one object as fields, secrets hidden; ``None`` when it is not there."""
    wire.check(spec, keys)
    found = wire.find(settings.connect(spec["service"], opts), spec, keys)
    return None if found is None else _shown(spec, _read(spec, found))


def list_(spec: Spec, salt: Functions, opts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give every object as fields, secrets hidden."""
    client = settings.connect(spec["service"], opts)
    items = wire.send(client, spec["find"]["list"], {}) or []
    return [_shown(spec, _read(spec, item)) for item in items]


def create(
    spec: Spec, desired: dict[str, Any], salt: Functions, opts: Mapping[str, Any]
) -> dict[str, Any]:
    """
    Create an object and give what was created.

    :raises CommandExecutionError: there is one already, or the server refuses.
    """
    _, what = _named(spec, desired)
    wire.check(spec, desired)
    client = settings.connect(spec["service"], opts)
    if wire.find(client, spec, desired) is not None:
        raise CommandExecutionError(f"{what} exists already; update it, or delete it first")
    _create(client, spec, desired)
    return _shown(spec, _confirm(client, spec, desired, what))


def update(
    spec: Spec, desired: dict[str, Any], salt: Functions, opts: Mapping[str, Any]
) -> dict[str, Any]:
    """
    Change an object and give what it has become; what is not named stays.

    :raises CommandExecutionError: there is none, a field cannot change, or the server refuses.
    """
    _, what = _named(spec, desired)
    wire.check(spec, desired)
    client = settings.connect(spec["service"], opts)
    found = wire.find(client, spec, desired)
    if found is None:
        raise CommandExecutionError(f"{what} does not exist; create it first")
    changes = _changes(spec, desired, _read(spec, found))
    fixed = [field for field in changes if spec["fields"][field].get("immutable")]
    if fixed or (changes and spec.get("update") is None):
        raise CommandExecutionError(_immovable(what, fixed or list(changes), changes))
    if changes:
        _update(client, spec, desired, found)
    return _shown(spec, _confirm(client, spec, desired, what))


def delete(spec: Spec, keys: dict[str, Any], salt: Functions, opts: Mapping[str, Any]) -> bool:
    """Delete an object; tell whether there was one."""
    wire.check(spec, keys)
    client = settings.connect(spec["service"], opts)
    found = wire.find(client, spec, keys)
    if found is None:
        return False
    _delete(client, spec, keys, found)
    return True


def _create(client: Client, spec: Spec, desired: dict[str, Any]) -> None:
    _hook(spec, "before_create", client, desired)
    wire.send(client, spec["create"], desired, _body(spec, desired, None))
    _hook(spec, "after_create", client, desired)
    _wait(client, spec, desired)


def _update(client: Client, spec: Spec, desired: dict[str, Any], found: dict[str, Any]) -> None:
    _hook(spec, "before_update", client, desired)
    known = {**found, **_without_none(_read(spec, found)), **_without_none(desired)}
    wire.send(client, spec["update"], known, _body(spec, desired, found))


def _delete(client: Client, spec: Spec, keys: dict[str, Any], found: dict[str, Any]) -> None:
    _hook(spec, "before_delete", client, keys)
    known = {**found, **_without_none(_read(spec, found)), **keys}
    try:
        wire.send(client, spec["delete"], known)
    except NotFound:
        return


def _body(spec: Spec, desired: dict[str, Any], base: dict[str, Any] | None) -> dict[str, Any]:
    made = wire.to_wire(spec, desired, base)
    changed = _hook(spec, "to_wire", made, desired)
    return wire.wrapped(spec, made if changed is None else changed)


def _read(spec: Spec, found: dict[str, Any]) -> dict[str, Any]:
    fields = wire.from_wire(spec, found)
    changed = _hook(spec, "from_wire", fields, found)
    return fields if changed is None else dict(changed)


def _confirm(client: Client, spec: Spec, desired: dict[str, Any], what: str) -> dict[str, Any]:
    """Read again; what the server did not keep is a failure, whatever it answered before."""
    found = wire.find(client, spec, desired)
    if found is None:
        raise CommandExecutionError(f"{what} is not there after it was written")
    fields = _read(spec, found)
    left = _changes(spec, desired, fields)
    if left:
        raise CommandExecutionError(
            f"{what} was written, but the server did not keep {', '.join(left)}: {left}"
        )
    return fields


def _changes(
    spec: Spec, desired: dict[str, Any], found: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    changes = {}
    for name, value in desired.items():
        field = spec["fields"][name]
        if field.get("read_only"):
            continue
        if diff.differs(field.get("diff", "exact"), value, found[name], field.get("default")):
            changes[name] = _change(field, found[name], value)
    return changes


def _created(spec: Spec, desired: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: _change(spec["fields"][name], None, value)
        for name, value in desired.items()
        if value is not None and not spec["fields"][name].get("read_only")
    }


def _change(field: dict[str, Any], old: Any, new: Any) -> dict[str, Any]:
    if field.get("secret") or field.get("diff") == "write-only":
        return {"old": None if old is None else state.HIDDEN, "new": state.HIDDEN}
    return {"old": old, "new": new}


def _shown(spec: Spec, fields: dict[str, Any]) -> dict[str, Any]:
    hidden = {n for n, f in spec["fields"].items() if f.get("secret") or f["diff"] == "write-only"}
    return {n: state.HIDDEN if n in hidden and v else v for n, v in fields.items()}


def _immovable(what: str, fields: list[str], changes: dict[str, Any]) -> str:
    said = ", ".join(f"{n} from {changes[n]['old']!r} to {changes[n]['new']!r}" for n in fields)
    return (
        f"{what} cannot change {said}: the server fixes that at creation; keep the old value, or "
        "delete the object first, which loses what it holds"
    )


def _wait(client: Client, spec: Spec, desired: dict[str, Any]) -> None:
    """Wait for the state that the declaration calls created."""
    wanted = (spec.get("wait") or {}).get("created")
    if not wanted:
        return
    _, what = _named(spec, desired)
    deadline = time.monotonic() + measures.duration(wanted["within"])
    while True:
        found = wire.find(client, spec, desired)
        value = _read(spec, found)[wanted["field"]] if found else None
        if value == wanted["is"]:
            return
        if value in wanted.get("fails", ()):
            raise CommandExecutionError(f"{what} became {value}; expected {wanted['is']}")
        if time.monotonic() > deadline:
            raise CommandExecutionError(
                f"{what} is {value!r} after {wanted['within']}; expected {wanted['is']}"
            )
        time.sleep(POLL)


def _hook(spec: Spec, name: str, *arguments: Any) -> Any:
    if name not in spec.get("hooks", ()):
        return None
    module: ModuleType = importlib.import_module(
        f"saltext.eos.hooks.{spec['service']}_{spec['object']}"
    )
    return getattr(module, name)(*arguments)


def _named(spec: Spec, values: dict[str, Any]) -> tuple[str, str]:
    """Give the state's name and what messages call the object."""
    keys = [str(values.get(name)) for name, field in spec["fields"].items() if field.get("key")]
    return keys[0] if keys else spec["title"], f"{spec['title']} {' '.join(map(ascii_only, keys))}"


def ascii_only(text: str) -> str:
    """Write control characters of a name so that a message stays one line."""
    return text if text.isprintable() else ascii(text)


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
