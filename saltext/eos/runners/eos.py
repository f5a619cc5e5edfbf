"""
Bring the stack up, and ask how it is: ``salt-run eos.<verb>``.

Verbs that can be steps of an orchestration take ``test`` and return
``{"changes": {...}, "comment": text}``.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError, SaltRunnerError

from saltext.eos.utils import authority, bridge_verbs, contract, deliver, lock, master, standing
from saltext.eos.utils import issue as issuing
from saltext.eos.utils import preflight as flight
from saltext.eos.version import SCHEMA, __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    __context__: dict[str, Any]
    __opts__: dict[str, Any]
    __salt__: dict[str, Callable[..., Any]]

__virtualname__ = "eos"


def __virtual__():
    return __virtualname__


def status():
    """
    Show what stands, what waits and for what, asked live.

    Returns ``{"stack", "nodes", "components": [{"name", "node", "gate", "observed", "why",
    "waits_for"}], "apps": [{"name", "url", "gate", ...}], "lock", "problems", "text"}``; a gate is
    passed, waiting, failed or unknown.

    CLI Example:

    .. code-block:: bash

        salt-run eos.status
        salt-run eos.status --out=json
    """
    return _spoken(_status)


def explain(component):
    """
    Show what a component is, where it runs, what it needs and what needs it.

    component
        Its name.

    CLI Example:

    .. code-block:: bash

        salt-run eos.explain consul
    """
    return _spoken(_explain, component)


def events(
    tag=None, event=None, subject=None, severity=None, since=None, limit=50, follow=False,
    advice=False, **others,
):  # fmt: skip
    """
    Show what happened, one line per event, the newest last.

    tag
        Glob of the tag, such as ``eos/nomad/alloc/*``; ``*`` matches ``/`` too.
    event
        Name of the event, such as ``nomad/alloc``.
    subject
        Glob of what follows the verb in the tag.
    severity
        This one and graver: info, notice, warning or critical.
    since
        Span of time, such as ``90s``, ``15m``, ``2h`` or ``1d``.
    limit
        Most events; the newest are shown.
    follow
        Go on showing what happens until interrupted.
    advice
        Say under each warning and critical event what to do about it; with ``--out=json`` as its
        key ``advice``.

    others
        What is no option; it is refused.

    Returns a list of lines; with ``--out=json`` the events themselves. The checkpoint that comes
    every minute is shown when it is asked for: with ``event=bridge``, a tag or ``--out=json``.

    CLI Example:

    .. code-block:: bash

        salt-run eos.events since=1h severity=warning
        salt-run eos.events follow=True
        salt-run eos.events severity=critical advice=True
        salt-run eos.events event=nomad/task --out=json
    """
    return _spoken(
        bridge_verbs.events, __opts__,
        {"tag": tag, "event": event, "subject": subject, "severity": severity, "since": since},
        limit, follow, advice, others,
    )  # fmt: skip


def replay(from_seq=None, epoch=None, to_seq=None, test=False, **others):
    """
    Fire events of the inbox on the bus again, for observers, with ``replay: true``.

    A sidecar numbers its events 1, 2, 3 and so on without a gap, within an epoch such as
    ``n1-5f0a93c2``. A new epoch begins with a new journal and when the other half of a pair takes
    over, so a number alone does not name an event. ``seq`` and ``epoch`` of an event stand in
    ``salt-run eos.events --out=json``.

    from_seq
        Number of the first; when left out, the epochs with their numbers are listed.
    epoch
        Epoch that the numbers belong to; that of the sidecar heard last when left out.
    to_seq
        Number of the last; all that there are when left out.
    test
        Say how many, and fire none.
    others
        What is no option; it is refused.

    CLI Example:

    .. code-block:: bash

        salt-run eos.replay
        salt-run eos.replay from_seq=10400 test=True
        salt-run eos.replay from_seq=1 to_seq=500 epoch=n1-5f0a93c2
    """
    return _spoken(bridge_verbs.replay, __opts__, from_seq, epoch, to_seq, test, others)


def bridge():
    """
    Show how the bridge is: sidecars, sources, lag, depth, gaps, dead letters, minions.

    Returns ``{"streams", "sources", "minions", "inbox", "gaps", "dead", "problems", "text"}``;
    ends with an error code when there are problems.

    CLI Example:

    .. code-block:: bash

        salt-run eos.bridge --out=eos
    """
    found = _spoken(bridge_verbs.bridge, __opts__)
    if found.get("problems"):
        __context__["retcode"] = 1
    return found


def versions():
    """
    Compare wheel, schema and contract of the master and every minion of the stack.

    Returns ``{"master", "minions", "skew"}``; ``skew`` lists what does not fit, and is empty when
    all do.

    CLI Example:

    .. code-block:: bash

        salt-run eos.versions
    """
    return _spoken(_versions)


def preflight(test=False, within=flight.IDLE_WITHIN):
    """
    Check all that can be known to fail before a host is touched; a running stack passes.

    State jobs that still run on minions from an earlier orchestration are waited for.

    test
        Check only, and do not wait for running jobs.

    within
        Longest wait for running jobs, in seconds.

    CLI Example:

    .. code-block:: bash

        salt-run eos.preflight
    """
    return _spoken(_preflight, test, within)


def secrets(test=False):
    """
    Make every secret that does not exist yet, and an envelope of it for each minion that needs it.

    test
        Only say what would be made.

    CLI Example:

    .. code-block:: bash

        salt-run eos.secrets test=True
    """
    return _spoken(_secrets, test)


def issue(test=False):
    """
    Make the site's CA once, and a certificate for every component with an identity.

    A certificate is made anew when its names or the key of its host changed, or when less than
    30 % of its lifetime is left.

    test
        Only say what would be made; no host is asked.

    CLI Example:

    .. code-block:: bash

        salt-run eos.issue
    """
    return _spoken(_issue, test)


def plan(name="bootstrap"):
    """
    Show the steps of a plan in the order of needs, with the nodes of each.

    name
        The plan.

    CLI Example:

    .. code-block:: bash

        salt-run eos.plan bootstrap
    """
    return _spoken(_plan, name)


def _spoken(work: Callable[..., Any], *arguments: Any) -> Any:
    """
    Give what a verb gives, or say why it failed.

    Salt prints a traceback for an exception. ``retcode`` in the return is the exit status of
    ``salt-run``, ``retcode`` in the context makes a step of an orchestration fail.
    """
    try:
        return work(*arguments)
    except (CommandExecutionError, SaltRunnerError, sqlite3.Error) as err:
        __context__["retcode"] = 1
        return {"result": False, "comment": str(err), "retcode": 1}


def _status() -> dict[str, Any]:
    form = master.form(__opts__)
    found = standing.status(__opts__, form, contract.load())
    holder = lock.read(__opts__)
    found["lock"] = lock.describe(holder) if holder else None
    found["problems"] = flight.master_side(__opts__)
    found["text"] = standing.readable(found)
    return found


def _explain(component: str) -> dict[str, Any]:
    known = contract.load().components
    if component not in known:
        names = ", ".join(known)
        raise SaltRunnerError(f"component {component} is unknown; expected one of: {names}")
    form = master.form(__opts__)
    spec = known[component]["spec"]
    found: dict[str, Any] = {
        "name": component,
        "is": known[component]["doc"],
        "source": known[component]["source"],
        "class": spec["class"],
        "needs": spec["needs"],
        "needed_by": [name for name, one in known.items() if component in one["spec"]["needs"]],
        "nodes": {},
    }
    for node in form["plan"]["nodes_of"][component]:
        part = form["all"][node]["components"][component]
        entries = part.get("each", {"": part})
        found["nodes"][node] = {
            entry or "component": {
                "roles": one["roles"],
                "unit": one["unit"],
                "packages": one["packages"],
                "ports": one["ports"],
                "memory": one["memory"],
                "files": sorted(one["files"]),
                "proven_by": [_proof(probe) for probe in one["gate"]["probes"]],
                "within": one["gate"]["within"],
            }
            for entry, one in entries.items()
        }
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
    mine = {"eos": __version__, "schema": SCHEMA, "contract": contract.digest()}
    return {"master": mine, "minions": minions, "skew": skew}


def _preflight(test: bool, within: int) -> dict[str, Any]:
    form = master.form(__opts__)
    nodes = sorted(form["all"])
    found = flight.findings(__opts__, form, contract.load())
    if found:
        lines = "\n".join(f"- {line}" for line in found)
        raise SaltRunnerError(f"preflight found {len(found)} in the way:\n{lines}")
    waited = [] if test else master.idle(__opts__, nodes, within)
    comment = f"{len(nodes)} nodes are ready."
    if waited:
        comment += f" Waited for {'; '.join(waited)}."
    return {"changes": {}, "comment": comment}


def _secrets(test: bool) -> dict[str, Any]:
    changes = deliver.deliver(__opts__, contract.load(), master.form(__opts__), test=test)
    return _told(changes, "secrets and envelopes", test)


def _issue(test: bool) -> dict[str, Any]:
    changes = issuing.issue(__opts__, master.form(__opts__), test=test)
    return _told(changes, "certificates", test)


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


def _told(changes: dict[str, Any], what: str, test: bool) -> dict[str, Any]:
    if not changes:
        return {"changes": {}, "comment": f"All {what} are already as specified."}
    verb = "would have been made" if test else "have been made"
    return {"changes": changes, "comment": f"{len(changes)} of the {what} {verb}."}


def _proof(probe: dict[str, Any]) -> str:
    """Say in one line what a probe wants to see."""
    ways = {
        "http": lambda: f"GET {probe['scheme']}://{probe['host']}:{probe['port']}{probe['get']}",
        "command": lambda: "`" + " ".join(probe["run"]) + "`",
        "tcp": lambda: f"connect to {probe['host']}:{probe['port']}",
        "hook": lambda: f"hook {probe['hook']}",
    }
    said = ways[probe["by"]]()
    if "field" in probe:
        said += f" {probe['field']}"
    for word, sign in (("is", "="), ("is_not", "is not"), ("at_least", "at least")):
        if word in probe:
            said += f" {sign} {probe[word]!r}"
    return said
