"""The one shape of a state over an object behind an API: observe, compare, act, observe again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import evaluate, secret, state
from saltext.eos.utils.compiled import compiled
from saltext.eos.utils.http import Sealed, Unavailable

Fields = Mapping[str, Any]


class NotYet(CommandExecutionError):
    """Something an earlier step of the same run will have made is not there yet."""


def settle(
    name: str,
    *,
    test: bool,
    wanted: Fields | Callable[[], Fields],
    read: Callable[[], Fields | None],
    write: Callable[[], object],
    hidden: Collection[str] = (),
) -> dict[str, Any]:
    """
    Bring one object to ``wanted`` and prove it by reading it again.

    :param name: name of the state, for its return.
    :param test: predict only; nothing is written. What an earlier step of the same run will have
        made (a server, a secret, a CA) may be missing then: it counts as nothing being there.
    :param wanted: the fields that are managed, in the form in which ``read`` gives them.
    :param read: gives the object as it is, or ``None`` when it does not exist.
    :param write: creates or updates the object.
    :param hidden: fields whose values are secret; they show as ``***``.
    :return: a state return; every failure is ``result: False`` with one short comment.
    """
    try:
        try:
            target = wanted() if callable(wanted) else wanted
            changes = difference(target, read(), hidden)
        except (NotYet, Sealed, Unavailable) as err:
            if not test:
                raise
            known = {} if callable(wanted) else wanted
            changes = difference(known, None, hidden) or {name: {"old": None, "new": "written"}}
            return state.changed(name, f"{name} {{0}} written; now: {err}.", changes, test=True)
        if not changes:
            return state.unchanged(name, name)
        if test:
            return state.changed(name, f"{name} {{0}} written.", changes, test=True)
        write()
        left = difference(target, read(), hidden)
    except CommandExecutionError as err:
        return state.failed(name, err)
    if left:
        return state.failed(
            name,
            f"{name} still differs after it was written, in: {', '.join(sorted(left))}; expected "
            "the server to keep what it accepted; look for a second writer of this object",
            changes,
        )
    return state.changed(name, f"{name} {{0}} written.", changes, test=False)


def opened(data: Any, pillar: Mapping[str, Any], opts: Mapping[str, Any]) -> Any:
    """
    Open the secrets in ``data``; keep the result out of returns, comments and logs.

    :raises NotYet: the master has not delivered one of them.
    :raises CommandExecutionError: one does not open here.
    """
    try:
        return secret.resolve(data, pillar, opts)
    except CommandExecutionError as err:
        delivered = compiled(pillar).get("secrets") or {}
        if not evaluate.markers(data) <= delivered.keys():
            raise NotYet(str(err)) from err
        raise


def difference(
    wanted: Fields, found: Fields | None, hidden: Collection[str] = ()
) -> dict[str, dict[str, Any]]:
    """Compare the managed fields; an object that does not exist differs in all of them."""
    changes: dict[str, dict[str, Any]] = {}
    for field, new in wanted.items():
        old = None if found is None else found.get(field)
        if found is not None and old == new:
            continue
        if field in hidden:
            changes[field] = {"old": None if not old else state.HIDDEN, "new": state.HIDDEN}
        else:
            changes[field] = {"old": old, "new": new}
    return changes
