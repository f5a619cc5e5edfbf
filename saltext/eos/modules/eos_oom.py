"""What the beacon ``eos_oom`` has told and what the master has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from saltext.eos.utils import oom_store

if TYPE_CHECKING:
    __opts__: dict[str, Any]

__virtualname__ = "eos_oom"


def __virtual__():
    return __virtualname__


def acknowledge(boot, n):
    """
    Let the beacon forget records that are in the master's inbox.

    The master calls it; an older number than the stored one changes nothing.

    boot
        Id of the boot in which the last of them was told.
    n
        Number of the last record that is in the inbox.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_oom.acknowledge 8c1e4f5a-6f0e-4a53-9d3b-2f6f1b0c7d11 1767000160012
    """
    stored = oom_store.acknowledge(oom_store.home(__opts__), str(boot), int(n))
    return {"boot": stored.boot, "n": stored.number}


def pending():
    """
    List the records that the master has not acknowledged, oldest first.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_oom.pending
    """
    state, done = _books()
    return [record for record in state.get("records", ()) if record["n"] > done]


def status():
    """
    Tell where the beacon stands: counter, debts, numbers and what it did not tell.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_oom.status
    """
    state, done = _books()
    if not state:
        return {"running": False}
    return {
        "running": True,
        "boot": state["boot"],
        "kills": state["total"],
        "unnamed": sum(count for _, count in state["owed"]),
        "next": state["number"],
        "acknowledged": done or None,
        "pending": len(pending()),
        **state["counts"],
    }


def _books() -> tuple[dict[str, Any], int]:
    """Read without touching: a damaged file is the beacon's to put aside."""
    folder = oom_store.home(__opts__)
    try:
        state = json.loads((folder / oom_store.STATE).read_bytes())
    except (OSError, ValueError):
        state = {}
    done = oom_store.acknowledged(folder)
    return state, done.number if done else 0
