"""
Manage Nomad jobs directly, beside Terraform.

Nomad itself reads the jobspec and says in a plan what would change; a job is registered only if
nobody changed it since, and its deployment is followed to its end: see
``docs/resources/nomad_job.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saltext.eos.utils import nomad_jobspec, nomad_run, state
from saltext.eos.utils.fate import EXPECTED

if TYPE_CHECKING:
    from collections.abc import Callable

    __opts__: dict[str, Any]
    __salt__: dict[str, Callable[..., Any]]

__virtualname__ = "nomad_job"


def __virtual__():
    return __virtualname__


def present(name, jobspec=None, source=None, variables=None, namespace=None, within="5m"):
    """
    Ensure that a job is registered as its jobspec says, and that its deployment has succeeded.

    .. code-block:: yaml

        web:
          nomad_job.present:
            - source: salt://web/job.hcl
            - variables:
                image: registry.example.org/web:7
            - within: 10m

    name
        Id of the job; the jobspec must have the same.

    jobspec
        The job: HCL, JSON text or a map, as ``nomad job run`` and ``nomad job run -json`` take it.

    source
        A file with the jobspec instead, such as ``salt://web/job.hcl``, of the environment of the
        SLS.

    variables
        Values of the variables of a jobspec in HCL, by name. They are stored in Nomad with the
        job, where everybody who may read the job sees them: secrets belong into Vault or into
        Nomad's own variables, which the job's templates read.

    namespace
        Where the job runs; what the jobspec says when left out, else ``default``.

    within
        Longest wait for the deployment, such as ``90s`` or ``5m``. A job without one, such as a
        batch, is done when all of it has its place. ``0s`` does not wait.

    A group with ``scaling`` keeps the count that it has, as long as that is within its bounds.
    """
    here = nomad_run.Asked(name, namespace, __opts__)
    try:
        text = _text(jobspec, source)
        return nomad_run.present(here, text, variables, nomad_run.seconds(within))
    except EXPECTED as err:
        return state.failed(name, err)


def stopped(name, namespace="default", within="5m"):
    """
    Ensure that nothing of a job runs, and that the job stays: Nomad's garbage collection, which
    takes a stopped job after some hours, spares a job of which a version has a tag.
    ``nomad_job.present`` starts it again.

    .. code-block:: yaml

        web:
          nomad_job.stopped:
            - namespace: default

    name
        Id of the job. A job that does not exist does not run, so nothing is done.

    namespace
        Where the job is.

    within
        Longest wait for the end of its allocations.
    """
    here = nomad_run.Asked(name, namespace, __opts__)
    try:
        return nomad_run.stopped(here, nomad_run.seconds(within))
    except EXPECTED as err:
        return state.failed(name, err)


def absent(name, namespace="default", purge=False, within="5m"):
    """
    Ensure that a job is gone: stopped, and left to Nomad's garbage collection.

    .. code-block:: yaml

        web:
          nomad_job.absent:
            - purge: true

    name
        Id of the job.

    namespace
        Where the job is.

    purge
        Forget it at once, with its versions: nothing can then be reverted.

    within
        Longest wait for the end of its allocations.
    """
    here = nomad_run.Asked(name, namespace, __opts__)
    try:
        return nomad_run.absent(here, nomad_run.seconds(within), purge=purge)
    except EXPECTED as err:
        return state.failed(name, err)


def _text(jobspec, source):
    # Salt tells a state the environment of its SLS by this name, and only while it runs it.
    environment = globals().get("__env__") or __opts__.get("saltenv") or "base"

    def fetched():
        return __salt__["cp.get_file_str"](source, environment)

    return nomad_jobspec.chosen(jobspec, source, fetched)
