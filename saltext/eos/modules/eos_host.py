"""What the beacon ``eos_host`` has told and what the master has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saltext.eos.utils import record_books

if TYPE_CHECKING:
    __opts__: dict[str, Any]

__virtualname__ = "eos_host"


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

        salt n1 eos_host.acknowledge 8c1e4f5a-6f0e-4a53-9d3b-2f6f1b0c7d11 1767000160012
    """
    return record_books.released(__opts__, __virtualname__, boot, n)


def pending():
    """
    List the records that the master has not acknowledged, oldest first.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_host.pending
    """
    return record_books.pending(__opts__, __virtualname__)


def status():
    """
    Tell where the beacon stands: what it watches, how each is, and how much was told.

    ``refused`` says since when and why the pillar of this minion is refused; null where it is used.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_host.status
    """
    return record_books.status(
        __opts__,
        __virtualname__,
        lambda state: {
            "things": {thing: known["told"] for thing, known in state["things"].items()},
            "refused": state.get("refused"),
        },
    )
