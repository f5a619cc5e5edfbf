"""What the healer's acts do on a node; the master's runner ``eos.act`` calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saltext.eos.utils import heal_ask, heal_at_agent, heal_at_consul, heal_at_nomad

if TYPE_CHECKING:
    __opts__: dict[str, Any]

__virtualname__ = "eos_heal_act"


def __virtual__():
    return __virtualname__


def evaluate(job, namespace, region):
    """
    Let Nomad evaluate a job again, with what it gave up; wait until that is worked off.

    It is asked for with the healer's own token: Nomad wants ``evaluate-job`` (1.11.3, measured),
    which the sidecar's token has not.

    job
        Its id.

    namespace
        Its namespace.

    region
        Its region, as the sidecar names it.

    Returns ``{"evaluation", "deployment", "status"}``; ``deployment`` is empty without one.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_heal_act.evaluate web default global
    """
    nomad = heal_ask.Server(heal_ask.source(_config(), "nomad", region), _token("nomad"))
    return heal_at_nomad.evaluate(nomad, job, namespace)


def failed_for_vault():
    """
    List the jobs whose allocations failed because Vault was not there, and how all jobs are.

    Returns ``{"failed": [{"job", "namespace", "region"}], "managed", "unhealthy"}``.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_heal_act.failed_for_vault
    """
    found: dict[str, Any] = {"failed": [], "managed": 0, "unhealthy": 0}
    for one in heal_ask.known(_config(), "nomad"):
        region = one.name.partition(":")[2]
        found["failed"] += [
            {"job": job, "namespace": namespace, "region": region}
            for namespace, job in heal_at_nomad.failed_for_vault(one)
        ]
        managed, unhealthy = heal_at_nomad.totals(one)
        found["managed"] += managed
        found["unhealthy"] += unhealthy
    return found


def evaluate_failed_for_vault(jobs):
    """
    Let Nomad evaluate jobs whose allocations failed because Vault was not there.

    jobs
        Which of them: a list of ``{"job", "namespace", "region"}``.

    Returns ``{"evaluated": [{"job", "namespace", "evaluation"}]}``.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_heal_act.evaluate_failed_for_vault '[{job: web, namespace: a, region: global}]'
    """
    evaluated: list[dict[str, str]] = []
    wanted = {(one["region"], one["namespace"], one["job"]) for one in jobs}
    for one in heal_ask.known(_config(), "nomad"):
        region, nomad = one.name.partition(":")[2], heal_ask.Server(one, _token("nomad"))
        for namespace, job in heal_at_nomad.failed_for_vault(one):
            if (region, namespace, job) in wanted:
                made, _ = heal_at_nomad.asked(nomad, job, namespace)
                evaluated.append({"job": job, "namespace": namespace, "evaluation": made})
    return {"evaluated": evaluated}


def deregister(datacenter, node, instance, allocation, agent=""):
    """
    Remove a registration from Consul, if its allocation has ended at this very moment.

    datacenter
        Of Consul.

    node
        The node it is registered on.

    instance
        Its id.

    allocation
        The allocation it is of; where no region of Nomad knows it, nothing is removed.

    agent
        Where the agent of that node answers; empty when the stack has none there.

    Returns ``{"through": "its agent"|"the catalogue"}``.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_heal_act.deregister dc1 n1 _nomad-task-5b9c5dd2-… 5b9c5dd2-… https://…:8501
    """
    heal_at_consul.refuse_unless_ended(allocation, _rows(allocation))
    source = heal_ask.source(_config(), "consul", datacenter)
    token = _token("consul")
    consul = heal_ask.Server(source, token)
    return heal_at_consul.deregister(consul, source, token, node, instance, agent)


def resync(datacenter, node, instance, allocation, agent):
    """
    Have a Consul agent write a registration that the catalogue lost, if its allocation runs now.

    datacenter
        Of Consul.

    node
        The node it is registered on.

    instance
        Its id.

    allocation
        The allocation it is of; where no region of Nomad runs it, nothing is written.

    agent
        Where the agent of that node answers.

    Returns ``{"written": False}`` when it stands in the catalogue already.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_heal_act.resync dc1 n1 _nomad-task-5b9c5dd2-… 5b9c5dd2-… https://…:8501
    """
    heal_at_consul.refuse_unless_runs(allocation, _rows(allocation))
    source = heal_ask.source(_config(), "consul", datacenter)
    token = _token("consul")
    asked = heal_at_consul.agent_of(source, token, agent)
    written = heal_at_agent.resync(heal_ask.Server(source, token), asked, node, instance)
    return {"written": written}


def _rows(allocation: str) -> list[dict[str, Any]]:
    """Give what each region that knows an allocation says of it."""
    rows = (
        heal_at_nomad.allocation(heal_ask.Server(one), allocation)
        for one in heal_ask.known(_config(), "nomad")
    )
    return [one for one in rows if one]


def _config() -> str | None:
    return __opts__.get("eos_sidecar_config")


def _token(kind: str) -> str:
    """Give the file of one of the healer's tokens; ``eos_healer_dir`` of the minion moves them."""
    return f"{__opts__.get('eos_healer_dir') or heal_ask.TOKENS}/{kind}.token"
