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

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saltext.eos.beacon_config import eos_oom as settings_of
from saltext.eos.utils import record_beacon
from saltext.eos.utils.oom_watch import Watch

if TYPE_CHECKING:
    __context__: dict[str, Any]
    __opts__: dict[str, Any]

__virtualname__ = "eos_oom"


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
    Give files, sockets and children back; the books stay on disk.

    config
        List of mappings, as Salt gives it.
    """
    record_beacon.close(__virtualname__, __context__)


def _watch(folder: Path, settings: dict[str, Any]) -> Watch:
    return Watch(folder, __opts__["id"], settings)
