"""
Read and run Nomad jobs directly, beside Terraform.

What another changed meanwhile is a conflict, told as such. A stop and a purge are the exception:
Nomad takes no index with them, so the job is read again right before.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from saltext.eos.utils import (
    answers,
    nomad_act,
    nomad_job,
    nomad_jobspec,
    nomad_run,
    placed,
    settings,
)
from saltext.eos.utils.nomad_hidden import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    __opts__: dict[str, Any]
    __salt__: dict[str, Callable[..., Any]]

__virtualname__ = "nomad_job"
__func_alias__ = {"list_": "list"}


def __virtual__():
    return __virtualname__


def get(name, namespace="default"):
    """
    Give one job as Nomad has it, or ``None`` when there is none; what may be a secret is
    hidden: environment, templates, metadata, a driver's configuration, and whatever is named so.

    name
        Id of the job.

    namespace
        Where the job is.

    CLI Example:

    .. code-block:: bash

        salt n1 nomad_job.get web
    """
    here = nomad_run.Asked(name, namespace, __opts__)
    found = nomad_job.read(here.client, name, namespace)
    return None if found is None else shown(found)


def list_(namespace="*"):
    """
    List jobs, also stopped ones: those that the token may read.

    namespace
        Of this namespace only.

    CLI Example:

    .. code-block:: bash

        salt n1 nomad_job.list
    """
    if namespace != "*":
        nomad_jobspec.check_namespace(namespace)
    client = settings.connect("nomad", __opts__)
    fields = ("ID", "Namespace", "Type", "Status", "Stop", "JobModifyIndex")
    found = answers.listing(client.get(f"/v1/jobs?namespace={namespace}"), "Nomad's list of jobs")
    return [{name: one.get(name) for name in fields} for one in found]


def plan(name, jobspec=None, source=None, variables=None, namespace=None, saltenv=None):
    """
    Ask Nomad what registering a job would change; nothing is written.

    name
        Id of the job; the jobspec must have the same.

    jobspec
        The job: HCL, JSON text or a map.

    source
        A file with the jobspec instead, such as ``salt://web/job.hcl``.

    variables
        Values of the variables of a jobspec in HCL, by name.

    namespace
        Where the job runs; what the jobspec says when left out, else ``default``.

    saltenv
        Environment of the fileserver that ``source`` is of; the minion's own when left out.

    Returns ``changes`` by field, ``updates`` by group as the scheduler would do them, ``unplaced``
    (why something would find no place), ``warnings`` and ``index``, the index that the job has.

    CLI Example:

    .. code-block:: bash

        salt n1 nomad_job.plan web source=salt://web/job.hcl
    """
    here = nomad_run.Asked(name, namespace, __opts__)
    text = nomad_jobspec.chosen(
        jobspec, source, lambda: __salt__["cp.get_file_str"](source, saltenv)
    )
    nomad_jobspec.check_text(text, variables)
    spec = nomad_jobspec.read(here.client, name, text, variables, namespace)
    found = nomad_job.plan(here.client, spec)
    return {
        "changes": found.changes,
        "updates": {
            group: {kind: count for kind, count in one.items() if count}
            for group, one in found.updates.items()
        },
        "unplaced": found.unplaced,
        "warnings": found.warnings,
        "index": found.index,
    }


def scale(name, group, count, namespace="default", message="", within="5m"):
    """
    Set how many of a group run, and wait until they do. A count outside of the group's ``scaling``
    is refused by Nomad.

    name
        Id of the job.

    group
        Name of its group.

    count
        How many shall run.

    namespace
        Where the job is.

    message
        Why; Nomad shows it among the group's scaling events.

    within
        Longest wait; ``0s`` does not wait.

    CLI Example:

    .. code-block:: bash

        salt n1 nomad_job.scale web server 3 message='more guests'
    """
    here = nomad_run.Asked(name, namespace, __opts__)
    return nomad_act.scale(here, group, count, message, nomad_run.seconds(within))


def revert(name, version=None, tag=None, namespace="default", within="5m"):
    """
    Make an earlier version of a job the current one, and wait for its deployment.

    name
        Id of the job.

    version
        Number of that version.

    tag
        Tag of that version instead.

    namespace
        Where the job is.

    within
        Longest wait; ``0s`` does not wait.

    CLI Example:

    .. code-block:: bash

        salt n1 nomad_job.revert web version=3
    """
    here = nomad_run.Asked(name, namespace, __opts__)
    return nomad_act.revert(here, version, tag, nomad_run.seconds(within))


def dispatch(name, payload=None, meta=None, namespace="default", token=None, within="0s"):
    """
    Start one run of a parameterized job.

    name
        Id of the job.

    payload
        What the run is given, at most 16 KiB: text, or the place where it lies:
        ``{file: path}``, ``{sealed: name}`` or ``{vault: {path: path, field: name}}``. Salt shows,
        sends and keeps the arguments of its functions, so a text is no place for a secret.

    meta
        What it is told: texts by name.

    namespace
        Where the job is.

    token
        A word for this very run: another dispatch with the same word starts nothing, as long as
        Nomad knows the first. No secret.

    within
        Longest wait until it has its place; ``0s`` does not wait.

    CLI Example:

    .. code-block:: bash

        salt n1 nomad_job.dispatch thumbnails meta='{"album": "7"}' token=album-7
    """
    here = nomad_run.Asked(name, namespace, __opts__)
    text = placed.opened(payload, __opts__) if isinstance(payload, dict) else payload
    packed = None if text is None else base64.b64encode(str(text).encode()).decode()
    return nomad_act.dispatch(here, packed, meta, token, nomad_run.seconds(within))


def stop(name, namespace="default", within="5m"):
    """
    Stop a job, wait until nothing of it runs, and keep it from garbage collection, so that it can
    be started, reverted or looked at later.

    name
        Id of the job.

    namespace
        Where the job is.

    within
        Longest wait.

    CLI Example:

    .. code-block:: bash

        salt n1 nomad_job.stop web
    """
    here = nomad_run.Asked(name, namespace, __opts__)
    return nomad_act.stop(here, nomad_run.seconds(within))


def start(name, namespace="default", within="5m"):
    """
    Start a stopped job as it was before it was stopped, with its autoscaling, and wait for its
    deployment.

    name
        Id of the job.

    namespace
        Where the job is.

    within
        Longest wait; ``0s`` does not wait.

    CLI Example:

    .. code-block:: bash

        salt n1 nomad_job.start web
    """
    here = nomad_run.Asked(name, namespace, __opts__)
    return nomad_act.start(here, nomad_run.seconds(within))
