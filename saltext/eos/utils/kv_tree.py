"""The keys below one folder of Consul's key-value store, read with one list, written in swaps."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers, fate, forms
from saltext.eos.utils.http import (
    BadRequest,
    Client,
    Conflict,
    Forbidden,
    HttpError,
    NotFound,
)

ALL = "all"
TRIES = 3
PAUSE = 0.1
OPERATIONS = 64
LARGEST = 500_000
"""Bytes of one transaction; Consul takes 512 KiB with what is around the operations."""
Changes = dict[str, dict[str, Any]]
_STALE = "index is stale"
_DENIED = "Permission denied"


@dataclass
class Tree:
    """
    What is wanted below a folder.

    :param folder: without ``/`` at its end.
    :param keys: text by key, from the folder on.
    :param remove: keys, folders with ``/`` at their end, or ``all``: what may be taken away.
    """

    folder: str
    keys: dict[str, str]
    remove: list[str] | str = field(default_factory=list)

    def is_named(self, key: str) -> bool:
        """Tell whether the caller says by name that a key may be taken away."""
        if self.remove == ALL:
            return True
        return any(key == one or (one.endswith("/") and key.startswith(one)) for one in self.remove)


def check(tree: Tree) -> None:
    """
    Refuse what contradicts itself, or fits into no transaction.

    :raises CommandExecutionError: with field, expected and found.
    """
    for one in tree.remove if isinstance(tree.remove, list) else ():
        if one in tree.keys:
            raise CommandExecutionError(
                f"remove: expected keys that are not wanted; found {one!r}, which is in keys; "
                "take it out of one of them"
            )
    for key, value in tree.keys.items():
        size = _size(_operation(tree.folder, key, value, {}))
        if size > LARGEST:
            raise CommandExecutionError(
                f"keys:{key}: expected text that fits into one transaction of {LARGEST} bytes; "
                f"found one of {size}; put that key into another folder, with consul_kv.present"
            )


def read(client: Client, folder: str) -> dict[str, dict[str, Any]]:
    """
    Give what Consul has below a folder, by key from the folder on.

    :raises CommandExecutionError: the token may not see the whole of it.
    """
    path = f"/v1/kv/{quote(folder, safe='/')}/?recurse=true"
    try:
        found = answers.listing(client.get(path), f"GET {path}", "Key", "Value", "ModifyIndex")
    except NotFound:
        found = []
    answers.refuse_unseen(client, f"{folder}/", path)
    return {one["Key"].removeprefix(f"{folder}/"): one for one in found}


def texts(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Give the text by key; the mark of a folder is no key."""
    return {key: _text(one) for key, one in found.items() if key and not key.endswith("/")}


def settle(client: Client, tree: Tree, *, test: bool) -> tuple[Changes, list[str]]:
    """
    Bring the keys to what is wanted, and say what changed and what else lies there.

    Another's write in between is read and decided anew, three times at most. Of what is taken away
    the changes have the size alone: it may be another application's.

    :raises Unfinished: it broke off, with what was written until then.
    """
    changes: Changes = {}
    try:
        for attempt in range(1, TRIES + 1):
            found = read(client, tree.folder)
            left = _left(tree, found)
            steps = list(_steps(tree, found))
            _refuse_held(tree, found)
            if test or not steps:
                return {**changes, **{key: both for key, both, _ in steps}}, left
            try:
                _write(client, tree, steps, changes)
                break
            except Conflict:
                if attempt == TRIES:
                    raise
                time.sleep(PAUSE * attempt)
        _confirm(tree, read(client, tree.folder), changes)
    except CommandExecutionError as err:
        raise Unfinished(str(err), {**changes, **getattr(err, "changes", {})}) from err
    return changes, left


class Unfinished(CommandExecutionError):
    """
    A tree that was not brought to its end.

    :param changes: what was written before.
    """

    def __init__(self, message: str, changes: Changes) -> None:
        super().__init__(message)
        self.changes = changes


Step = tuple[str, dict[str, Any], dict[str, Any]]


def _steps(tree: Tree, found: dict[str, dict[str, Any]]) -> Iterator[Step]:
    """Give key, change and operation: first what is written, then what is taken away."""
    for key, value in sorted(tree.keys.items()):
        has = found.get(key)
        old = None if has is None else _text(has)
        if old != value:
            yield key, {"old": old, "new": value}, _operation(tree.folder, key, value, has or {})
    for key, has in sorted(found.items()):
        if key not in tree.keys and tree.is_named(key):
            index = {"Key": has["Key"], "Index": has["ModifyIndex"]}
            gone = {"KV": {"Verb": "delete-cas", **index}}
            yield key or "/", {"old": _length(has), "new": None}, gone


def _operation(folder: str, key: str, value: str, has: dict[str, Any]) -> dict[str, Any]:
    """Write a key only as it was read; its flags belong to whoever set them."""
    return {
        "KV": {
            "Verb": "cas",
            "Key": f"{folder}/{key}",
            "Value": base64.b64encode(value.encode()).decode(),
            "Flags": has.get("Flags", 0),
            "Index": has.get("ModifyIndex", 0),
        }
    }


def _write(client: Client, tree: Tree, steps: list[Step], changes: Changes) -> None:
    def left() -> Changes:
        return {key: both for key, both, _ in _steps(tree, read(client, tree.folder))}

    for batch in _batches(steps):
        wanted = {key: both for key, both, _ in batch}
        try:
            with fate.told(f"{tree.folder}/", "written", wanted, left):
                client.put("/v1/txn", [operation for _, _, operation in batch])
        except Conflict as err:
            raise _meant(err, [operation["KV"]["Key"] for _, _, operation in batch]) from err
        changes.update(wanted)


def _meant(err: Conflict, keys: list[str]) -> HttpError:
    """Give what a refused transaction means: Consul answers 409, whatever is wrong in it."""
    body = err.body if isinstance(err.body, dict) else {}
    known = [one for one in body.get("Errors") or () if isinstance(one, dict)]
    other = [one for one in known if not str(one.get("What")).endswith(_STALE)]
    if known and not other:
        said = ", ".join(_named(one, keys) for one in known[:10])
        kind, why = Conflict, f"another has written {said} meanwhile"
    elif any(_DENIED in str(one.get("What")) for one in other):
        said = ", ".join(_named(one, keys) for one in other[:10])
        kind, why = (
            Forbidden,
            (
                f"the token may not write {said}; expected one at eos:connections:consul with "
                "`key:write` there"
            ),
        )
    else:
        said = "; ".join(f"{_named(one, keys)}: {one.get('What')}"[:200] for one in other[:3])
        kind, why = BadRequest, f"Consul refuses {said or 'it without a reason'}"
    advice = f"; {kind.advice}"
    return kind(
        f"PUT /v1/txn answered {err.status}: {why}{'' if kind is Forbidden else advice}",
        method="PUT", path="/v1/txn", status=err.status, body=None,
    )  # fmt: skip


def _named(one: dict[str, Any], keys: list[str]) -> str:
    index = one.get("OpIndex")
    if isinstance(index, int) and 0 <= index < len(keys):
        return repr(keys[index])
    return "a key"


def _refuse_held(tree: Tree, found: dict[str, dict[str, Any]]) -> None:
    """
    Refuse to take away what a session holds: it is somebody's lock.

    :raises CommandExecutionError: with the first of these keys.
    """
    for key, has in sorted(found.items()):
        if has.get("Session") and key not in tree.keys and tree.is_named(key):
            raise CommandExecutionError(
                f"remove: expected keys that nobody holds; found {key!r}, which a session holds, "
                "as a lock; have it released, or do not name it in `remove`"
            )


def _batches(steps: list[Step]) -> Iterator[list[Step]]:
    """Cut into what one transaction takes."""
    batch: list[Step] = []
    size = 0
    for step in steps:
        more = _size(step[2])
        if batch and (len(batch) == OPERATIONS or size + more > LARGEST):
            yield batch
            batch, size = [], 0
        batch.append(step)
        size += more
    if batch:
        yield batch


def _confirm(tree: Tree, found: dict[str, dict[str, Any]], changes: Changes) -> None:
    again = {key: both for key, both, _ in _steps(tree, found)}
    if again:
        # What is not seen at all proves nothing: a list may be older than what was written.
        seen = fate.real(changes, {key: both for key, both in again.items() if key in found})
        changes.clear()
        changes.update(seen)
        raise CommandExecutionError(
            f"{tree.folder}/ was written, but {', '.join(list(again)[:10])} reads back otherwise; "
            "expected what was written; look for a second writer"
        )


def _left(tree: Tree, found: dict[str, dict[str, Any]]) -> list[str]:
    """Name the keys that are neither wanted nor named to be taken away."""
    return [key for key in sorted(texts(found)) if key not in tree.keys and not tree.is_named(key)]


def _text(one: dict[str, Any]) -> str:
    return str(forms.decoded({"form": "base64"}, one["Value"]) or "")


def _length(one: dict[str, Any]) -> str:
    return f"{len(base64.b64decode(one['Value'] or ''))} bytes"


def _size(operation: dict[str, Any]) -> int:
    return len(json.dumps(operation)) + 2
