"""Verbs about the stack as it is described, and as it stands."""

from __future__ import annotations

from typing import Any

from salt.exceptions import SaltRunnerError
from salt.loader.dunder import __opts__

from saltext.eos.utils import (
    asked,
    authority,
    bridge_verbs,
    component_report,
    contract,
    heal_file,
    heal_known,
    heal_report,
    heal_report_explain,
    heal_report_name,
    heal_report_text,
    lock,
    master,
    standing,
)
from saltext.eos.utils import preflight as flight
from saltext.eos.utils.one_line import one_line
from saltext.eos.utils.validate import nearest
from saltext.eos.verbs.spoken import shown, spoken
from saltext.eos.version import SCHEMA, __version__


def status():
    """
    Show what stands, what waits and for what, asked live, and how healing is.

    Returns ``{"stack", "nodes", "components": [{"name", "node", "gate", "observed", "why",
    "waits_for"}], "apps": [{"name", "url", "gate", ...}], "lock", "problems", "healing", "needs",
    "text"}``; a gate is passed, waiting, failed or unknown. ``needs`` lists what needs a person;
    the exit status is 1 when there is something.

    CLI Example:

    .. code-block:: bash

        salt-run eos.status
        salt-run eos.status --out=json
    """
    return shown(_status)


def explain(component=None, **others):
    """
    Show what a component is and how it is, or all about an incident, a decision, an event, a name.

    For an incident or a decision: its facts with their evidence, every check with its sentence,
    what was done and what came of it, what stops it, and what a person should do. For a name such
    as ``job:web``, ``node:n1`` or ``policy:unit_failed``: what stops it, and what is open about it.

    component
        Name of a component; id of an incident or a decision, or how it begins, six characters at
        least; id of an event; a name with its kind before a colon.
    others
        What is no option; it is refused.

    CLI Example:

    .. code-block:: bash

        salt-run eos.explain consul
        salt-run eos.explain 192ab91acf1368e3-1
        salt-run eos.explain job:web
    """
    return shown(_explain, component, others)


def versions():
    """
    Compare wheel, schema and contract of the master, every minion of the stack and the sidecars.

    Returns ``{"master", "minions", "sidecars", "skew"}``; ``skew`` lists what does not fit, and is
    empty when all do.

    CLI Example:

    .. code-block:: bash

        salt-run eos.versions
    """
    return spoken(_versions)


def plan(name="bootstrap"):
    """
    Show the steps of a plan in the order of needs, with the nodes of each.

    name
        The plan.

    CLI Example:

    .. code-block:: bash

        salt-run eos.plan bootstrap
    """
    return spoken(_plan, name)


def _status() -> dict[str, Any]:
    refused, heal = "", None
    try:
        form = master.form(__opts__)
        found, heal = standing.status(__opts__, form, contract.load()), form.get("heal") or {}
    except SaltRunnerError as err:
        # How healing is, is asked for most when the rest cannot be told.
        refused = str(err)
        found = {"stack": None, "nodes": [], "components": [], "apps": []}
    holder = lock.read(__opts__)
    found["lock"] = lock.describe(holder) if holder else None
    found["problems"] = [*([one_line(refused)] if refused else []), *flight.master_side(__opts__)]
    found["healing"] = heal_report.report(__opts__, heal)
    found["needs"] = [*standing.needs(found), *found["problems"], *found["healing"]["needs"]]
    stands = [standing.readable(found)] if found["components"] else []
    if found["lock"]:
        says = found["lock"]
        if (holder or {}).get("name") == "bootstrap":
            says += "; what it has not come to yet does not stand"
        stands = [*heal_report_text.labelled("running", says), *stands]
    lines = [*stands, *heal_report.text(found["healing"])]
    lines += heal_report.needs_text(found["needs"])
    if refused:
        found |= {"result": False, "comment": refused}
    return {**found, "text": "\n".join(lines), "retcode": 1 if found["needs"] else 0}


def _explain(component: Any, others: dict[str, Any]) -> dict[str, Any]:
    asked.nothing_else(others, ["component"])
    if component is None:
        raise asked.Unclear("what to explain is missing; expected a component, or an id")
    known = contract.load().components
    if component not in known:
        return _healing(str(component), list(known))
    form = master.form(__opts__)
    stands = standing.status(__opts__, form, contract.load())
    return component_report.report(component, known, form, stands)


def _healing(name: str, known: list[str]) -> dict[str, Any]:
    """Explain what the healer knows by an id, or by a name such as ``job:web``."""
    found, hint = None, nearest(name, known)
    if heal_file.path_of(__opts__).exists():
        if heal_known.is_name(name):
            return heal_report_name.explain(__opts__, name)
        found = heal_report_explain.explain(__opts__, name)
        if found is None:
            hint = heal_report_name.hint(__opts__, name) or hint
    if found is None:
        short = (
            f"; an id is told by its first {heal_report_explain.LEAST} characters or more"
            if len(name) < heal_report_explain.LEAST else ""
        )  # fmt: skip
        raise asked.Unclear(
            f"component {name} is unknown; expected one of: {', '.join(known)}; and no incident, "
            f"decision or event has that id{short}{hint}"
        )
    return found


def _versions() -> dict[str, Any]:
    form = master.form(__opts__)
    nodes = sorted(form["all"])
    answers = master.ask(__opts__, nodes, "eos_node.versions")
    minions = {node: answers.get(node, {}).get("ret") for node in nodes}
    skew = [f"{node} does not answer" for node, facts in minions.items() if facts is None]
    for node, facts in minions.items():
        if isinstance(facts, dict):
            skew += flight.skew(node, facts)
        elif facts is not None:
            skew.append(f"{node} has no wheel saltext-eos: {facts}")
    sidecars = bridge_verbs.sidecars(__opts__)
    skew += [str(one["waits"]) for one in sidecars.values() if one["waits"]]
    mine = {"eos": __version__, "schema": SCHEMA, "contract": contract.digest()}
    return {"master": mine, "minions": minions, "sidecars": sidecars, "skew": skew}


def _plan(name: str) -> dict[str, Any]:
    known = contract.load()
    if name not in known.plans:
        names = ", ".join(known.plans)
        raise SaltRunnerError(f"plan {name} is unknown; expected one of: {names}")
    form = master.form(__opts__)
    components = [
        {
            "component": component,
            "needs": one["spec"]["needs"],
            "nodes": form["plan"]["nodes_of"][component],
            **({"apps": form["plan"]["apps"]} if one["spec"].get("each") else {}),
        }
        for component, one in known.components.items()
        if form["plan"]["nodes_of"][component]
    ]
    return {
        "plan": name,
        "says": known.plans[name]["spec"]["says"],
        "steps": known.plans[name]["spec"]["steps"],
        "components": components,
        "has_ca": authority.exists(__opts__),
    }
