"""
Manage the keys below a folder of Consul's key-value store.

All keys are read with one request and written in transactions of at most 64. Whoever may read a
key reads its value: a secret belongs into Vault.
"""

from __future__ import annotations

from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import kv_tree, settings, state
from saltext.eos.utils.arguments import SLASHED, TEXT, refuse_wrong
from saltext.eos.utils.mask import plain

__virtualname__ = "consul_kv_tree"

__opts__: dict[str, Any]

_NAMED = {
    "type": "string",
    "pattern": SLASHED["pattern"].removesuffix("$") + "/?$",
    "x-says": "a key, or a folder with `/` at its end",
}
_SCHEMAS: dict[str, dict[str, Any]] = {
    "name": SLASHED,
    "keys": {"type": "object", "additionalProperties": TEXT},
    "remove": {"anyOf": [{"type": "array", "items": _NAMED}, {"const": kv_tree.ALL}]},
}


def __virtual__():
    return __virtualname__


def present(name, keys, remove=None):
    """
    Ensure that a folder has exactly these keys, as far as the others may be taken away.

    .. code-block:: yaml

        app/web:
          consul_kv_tree.present:
            - keys:
                motd: Fifty per second
                limits/cpu: '2'
            - remove:
                - limits/memory
                - cache/

    name
        The folder, with ``/`` between its parts and none at its end.

    keys
        Text by key; a key may have ``/`` in it.

    remove
        What may be taken away: a list of keys, or of folders with ``/`` at their end; or ``all``
        for whatever is not in ``keys``. What is not named stays, and the comment names it.

    A key that somebody else writes at the same time is read again and never written over unseen.
    """
    if plain(keys) == {} and remove:
        return state.failed(
            str(name)[:120],
            "keys: expected at least one, because `remove` takes others away; found none; look "
            "whether the pillar is there, or use consul_kv_tree.absent",
        )
    return _settled(name, keys, remove, "as specified", "name", "keys")


def absent(name, remove):
    """
    Ensure that a folder does not have these keys.

    .. code-block:: yaml

        app/web:
          consul_kv_tree.absent:
            - remove: all

    name
        The folder, with ``/`` between its parts and none at its end.

    remove
        What is taken away: a list of keys, or of folders with ``/`` at their end; or ``all``.
    """
    if plain(remove) == []:
        return state.failed(
            str(name)[:120],
            "remove: expected at least one key or folder, or `all`; found none; look whether the "
            "pillar is there",
        )
    return _settled(name, {}, remove, "absent", "name", "remove")


def _settled(name: Any, keys: Any, remove: Any, wanted: str, *needed: str) -> dict[str, Any]:
    test = bool(__opts__.get("test"))
    try:
        tree = _tree(name, plain(keys), plain(remove), *needed)
        client = settings.connect("consul", __opts__)
        changes, left = kv_tree.settle(client, tree, test=test)
    except kv_tree.Unfinished as err:
        return state.failed(name, err, err.changes)
    except CommandExecutionError as err:
        return state.failed(str(name)[:120], err)
    told = _said_of(left) if wanted == "as specified" else ""
    if not changes:
        return state.result(name, True, f"Consul KV tree {name} is already {wanted}.{told}")
    comment = f"Consul KV tree {name} {{}} changed in {len(changes)} of its keys.{told}"
    return state.changed(name, comment, changes, test=test)


def _tree(name: Any, keys: Any, remove: Any, *needed: str) -> kv_tree.Tree:
    refuse_wrong(_SCHEMAS, {"name": name, "keys": keys, "remove": remove}, needed)
    for key in keys:
        refuse_wrong({f"keys:{key}"[:120]: SLASHED}, {f"keys:{key}"[:120]: key})
    tree = kv_tree.Tree(name, keys, [] if remove is None else remove)
    kv_tree.check(tree)
    return tree


def _said_of(left: list[str]) -> str:
    if not left:
        return ""
    more = "" if len(left) <= 10 else f" and {len(left) - 10} more"
    return f" Left below, because `remove` does not name it: {', '.join(left[:10])}{more}."
