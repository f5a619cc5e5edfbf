"""
Manage the scheduler configuration of Nomad: there is one for a cluster, and it cannot be deleted.

See ``docs/resources/nomad_scheduler_configuration.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saltext.eos.utils import fate, nomad_scheduler, settings, state
from saltext.eos.utils.http import Conflict
from saltext.eos.utils.nomad_run import EXPECTED

if TYPE_CHECKING:
    __opts__: dict[str, Any]

__virtualname__ = "nomad_scheduler_configuration"
WHAT = "Nomad scheduler configuration"


def __virtual__():
    return __virtualname__


def present(
    name,
    algorithm=None,
    memory_oversubscription=None,
    reject_job_registration=None,
    pause_eval_broker=None,
    preemption=None,
):
    """
    Ensure that the scheduler works with these settings; what is left out stays as it is.

    .. code-block:: yaml

        scheduler:
          nomad_scheduler_configuration.present:
            - algorithm: spread
            - memory_oversubscription: true
            - preemption:
                service: true

    name
        Any word: there is one configuration only.

    algorithm
        ``binpack`` fills one node before the next, ``spread`` uses all alike.

    memory_oversubscription
        Whether tasks may use more memory than is reserved for them, up to their ``memory_max``.

    reject_job_registration
        Whether only management tokens may register jobs.

    pause_eval_broker
        Whether nothing is scheduled at all: for the mending of a cluster.

    preemption
        For which types of jobs work of less priority has to give way: ``service``, ``batch``,
        ``system``, ``sysbatch``, each true or false.
    """
    desired = {
        "algorithm": algorithm,
        "memory_oversubscription": memory_oversubscription,
        "reject_job_registration": reject_job_registration,
        "pause_eval_broker": pause_eval_broker,
        "preemption": preemption,
    }
    try:
        wanted = nomad_scheduler.check(desired)
        client = settings.connect("nomad", __opts__)
        for _ in range(nomad_scheduler.TRIES - 1):
            try:
                return _present(name, client, wanted)
            except Conflict:
                continue
        return _present(name, client, wanted)
    except EXPECTED as err:
        return state.failed(name, err)


def _present(name, client, wanted):
    found, known = nomad_scheduler.read(client)
    changes = nomad_scheduler.difference(found, wanted)
    if not changes:
        return state.unchanged(name, WHAT)
    if __opts__["test"]:
        return state.changed(name, f"{WHAT} {{}} updated.", changes, test=True)

    def look():
        return nomad_scheduler.difference(nomad_scheduler.read(client)[0], wanted)

    with fate.told(WHAT, "updated", changes, look):
        nomad_scheduler.write(client, {**found, **wanted}, known)
    try:
        left = look()
    except EXPECTED as err:
        return state.failed(name, f"{WHAT} has been updated, but {err}", changes)
    if left:
        said = f"{WHAT} has been updated, but Nomad did not keep {', '.join(left)}: {left}; "
        said += "expected what it accepted; look for a second writer"
        return state.failed(name, said, fate.real(changes, left))
    return state.changed(name, f"{WHAT} {{}} updated.", changes, test=False)
