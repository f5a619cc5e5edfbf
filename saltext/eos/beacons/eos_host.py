"""
Whether on this minion runs what the compiled pillar says: units, disks, certificates, tokens, seal.

What changes is told to the master once, when it has been so for its quiet time. It is seen at each
pass as it is, never taken from a message, so that nothing that happened while the minion was down
is lost. Records are numbered without a gap, kept on disk in ``/var/lib/eos-host`` (minion option
``eos_host_dir``), signed with the minion's own key, and repeated until the master acknowledges them
through :py:mod:`eos_host <saltext.eos.modules.eos_host>`.

.. code-block:: yaml

    beacons:
      eos_host:
        - interval: 1
        - ignore: [caddy]

Each event is ``salt/beacon/<minion>/eos_host/<verb>`` with ``schema``, ``minion``, ``batch`` (text
of JSON) and ``signature`` (RSA PKCS #1 v1.5 with SHA-256 over that text). Observers want the
events ``eos/host/…`` and ``eos/vault/seal/…``, which the master fires from its inbox.

Units are asked for on systemd's own socket, all at once; a minion that does not run as root, or
not under systemd, tells nothing of them. What cannot be seen is neither well nor not.

While the minion has a pillar that is refused, what the last usable one said is watched, and the
pillar is asked for anew every five minutes. Where there was none before, it says no more that it is
there, so that the master tells of its silence.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saltext.eos.beacon_config import eos_host as settings_of
from saltext.eos.utils import host_kept, record_beacon
from saltext.eos.utils.host_watch import ASK_EVERY, Watch

if TYPE_CHECKING:
    __context__: dict[str, Any]
    __opts__: dict[str, Any]
    __salt__: dict[str, Any]

log = logging.getLogger(__name__)

__virtualname__ = "eos_host"


def __virtual__():
    if sys.platform != "linux":
        return False, "eos_host asks systemd and the kernel of Linux; this is another system"
    return __virtualname__


def validate(config):
    """
    Tell whether the configuration can be used.

    config
        List of mappings, as Salt gives it.
    """
    return record_beacon.valid(__virtualname__, config, settings_of.SCHEMA)


def beacon(config):
    """
    Make one pass and give the batch that is due, if any.

    config
        List of mappings, as Salt gives it.
    """
    return record_beacon.step(
        __virtualname__, __context__, __opts__, config, settings_of.DEFAULTS, _watch
    )


def close(config):
    """
    Give sockets and threads back; the books stay on disk.

    config
        List of mappings, as Salt gives it.
    """
    record_beacon.close(__virtualname__, __context__)


def _watch(folder: Path, settings: dict[str, Any]) -> Watch:
    """Open the watch; Salt closes it when the pillar is refreshed, so it is read once."""
    known = host_kept.known(folder, __opts__.get("pillar") or {}, __opts__["id"])
    if known.refused:
        log.error(
            "eos_host: the pillar of this minion is refused: %s; %s, and the pillar is asked for "
            "anew every %d s", known.refused,
            "nothing is watched" if known.is_blind else "what the last usable one said is watched",
            ASK_EVERY,
        )  # fmt: skip
    return Watch(folder, __opts__["id"], known, settings, _ask_again)


def _ask_again() -> None:
    """Have the minion take its pillar anew, as ``saltutil.refresh_pillar`` has it."""
    __salt__["event.fire"]({"force_refresh": False}, "pillar_refresh")
