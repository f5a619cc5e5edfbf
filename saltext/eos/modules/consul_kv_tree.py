"""Read the keys below a folder of Consul's key-value store."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import kv_tree, settings
from saltext.eos.utils.arguments import SLASHED, refuse_wrong

__virtualname__ = "consul_kv_tree"

__opts__: dict[str, Any]


def __virtual__():
    return __virtualname__


def get(name):
    """
    Give the text of every key below a folder, by key.

    name
        The folder, with ``/`` between its parts and none at its end.

    Raises ``CommandExecutionError`` when the server is out of reach or refuses, and when the token
    may not see the whole of it.

    CLI Example:

    .. code-block:: bash

        salt '*' consul_kv_tree.get app/web
    """
    refuse_wrong({"name": SLASHED}, {"name": name})
    return kv_tree.texts(kv_tree.read(settings.connect("consul", __opts__), name))
