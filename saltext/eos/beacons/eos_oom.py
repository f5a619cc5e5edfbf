"""
Kills for lack of memory on this minion, each told to the master exactly once.

The counter of the kernel says how many were killed, its log lines say who; what has no line is
told as ``unattributed``. Kills by systemd-oomd are told as their own cause. Records are numbered
without a gap, kept on disk in ``/var/lib/eos-oom`` (minion option ``eos_oom_dir``), signed with
the minion's own key, and repeated until the master acknowledges them through
:py:mod:`eos_oom <saltext.eos.modules.eos_oom>`.

.. code-block:: yaml

    beacons:
      eos_oom:
        - interval: 1
        - burst: 120

Each event is ``salt/beacon/<minion>/eos_oom/<kind>`` with ``schema``, ``minion``, ``batch`` (text
of JSON) and ``signature`` (RSA PKCS #1 v1.5 with SHA-256 over that text). Observers want the
events ``eos/kernel/oom/…`` and ``eos/kernel/oomd/…``, which the master fires from its inbox.

The first pass of all takes the counter as it stands: nothing of the past is told. Kills between a
boot and the minion's start are told; what the last boot still owed is told as ``unattributed``.

Where several nodes share a kernel (containers with cgroup v1), the counter is everybody's. A node
then tells what is below its own cgroup, in a container of its own Docker, or in an allocation of
its own Nomad; other kills it only counts. With cgroup v2 the node's own ``memory.events`` counts.

What it may read decides what it can tell: ``/dev/kmsg`` (with ``dmesg_restrict`` only with
``CAP_SYSLOG``), else the journal, else nothing but the counter.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from saltext.eos.beacon_config import eos_oom as settings_of
from saltext.eos.utils import oom_store
from saltext.eos.utils.mask import plain
from saltext.eos.utils.oom_batch import Outbox
from saltext.eos.utils.oom_watch import Watch

if TYPE_CHECKING:
    __context__: dict[str, Any]
    __opts__: dict[str, Any]

__virtualname__ = "eos_oom"

# What Salt itself understands in the configuration of every beacon.
SALTS_OWN = ("enabled", "disable_during_state_run", "run_once", "beacon_module", "_beacon_name")


class Running(NamedTuple):
    """What stays open between two passes, and the configuration that it was opened with."""

    settings: str
    watch: Watch
    outbox: Outbox


def __virtual__():
    if sys.platform != "linux":
        return False, "eos_oom reads Linux's kernel counters; this is another system"
    return __virtualname__


def validate(config):
    """
    Tell whether the configuration can be used.

    config
        List of mappings, as Salt gives it.
    """
    try:
        found = settings_of.problem(_merged(config))
    except (TypeError, ValueError):
        return False, "eos_oom: expected a list of settings; see docs/beacons/eos_oom.md"
    return (False, f"eos_oom: {found}") if found else (True, "Valid beacon configuration")


def beacon(config):
    """
    Make one pass and give the batch that is due, if any.

    config
        List of mappings, as Salt gives it.
    """
    running = _running({**settings_of.DEFAULTS, **_merged(config)})
    running.watch.step()
    event = running.outbox.due(running.watch.records, running.watch.boot, time.monotonic())
    return [event] if event else []


def close(config):
    """
    Give files, sockets and children back; the books stay on disk.

    config
        List of mappings, as Salt gives it.
    """
    running = __context__.pop(__virtualname__, None)
    if running:
        running.watch.close()


def _running(settings: dict[str, Any]) -> Running:
    text = json.dumps(settings, sort_keys=True)
    running = __context__.get(__virtualname__)
    if running and running.settings == text:
        return running
    close(None)
    minion = __opts__["id"]
    running = Running(
        text,
        Watch(oom_store.home(__opts__), minion, settings),
        Outbox(minion, Path(__opts__["pki_dir"]) / "minion.pem"),
    )
    __context__[__virtualname__] = running
    return running


def _merged(config: list[dict[str, Any]]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for entry in plain(config):
        settings.update(entry)
    return {name: value for name, value in settings.items() if name not in SALTS_OWN}
