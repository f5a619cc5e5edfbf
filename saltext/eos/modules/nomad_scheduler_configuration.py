"""Read the scheduler configuration of Nomad. The state of the same name changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saltext.eos.utils import nomad_scheduler, settings

if TYPE_CHECKING:
    __opts__: dict[str, Any]

__virtualname__ = "nomad_scheduler_configuration"


def __virtual__():
    return __virtualname__


def get():
    """
    Give the scheduler configuration by field.

    CLI Example:

    .. code-block:: bash

        salt n1 nomad_scheduler_configuration.get
    """
    found, _ = nomad_scheduler.read(settings.connect("nomad", __opts__))
    preemption = {name: found.pop(f"preemption:{name}") for name in nomad_scheduler.PREEMPTION}
    return {**found, "preemption": preemption}
