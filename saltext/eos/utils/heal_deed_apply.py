"""
The acts ``apply`` and ``unseal``: the states of a component on a node, its gate as their check.

Unsealing is the state of the declared custody. Where that lacks shares a person is asked for, once
and precisely; where it opened Vault, jobs that had failed for want of it are evaluated again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from salt.exceptions import CommandExecutionError, SaltRunnerError

from saltext.eos.utils import heal_claim, heal_file, heal_reach, heal_settings, master
from saltext.eos.utils.heal_plan import (
    LONGEST_APPLY,
    LONGEST_ASK,
    Acting,
    Done,
    Plan,
    leaf,
    part,
    part_of,
    runner_of,
)

WITHIN = 60.0
SILENCE = 30
# State runs that may wait on the node before this one.
QUEUE = 8
OPENS = "vault_open"
MOST_FAILURES = 3


def plan(subject: Mapping[str, Any], form: Mapping[str, Any]) -> Plan:
    """Name the SLS of the component, and the node."""
    node, component, _ = part(subject, form)
    return Plan(f"apply eos.{component} on {node}", node, (component,), WITHIN)


def do(opts: dict[str, Any], what: Plan, _: Acting) -> Done:
    """Apply it, behind what already runs there."""
    (component,) = what.arguments
    changed, job = _applied(opts, what.node, component)
    said = f"changed {', '.join(changed)}" if changed else "nothing had to be changed"
    return Done(f"applied eos.{component} on {what.node} (job {job}): {said}", (job,))


def plan_unseal(subject: Mapping[str, Any], form: Mapping[str, Any]) -> Plan:
    """Name the node of the sealed Vault, and the node on which Nomad is asked."""
    node = leaf(subject, "node", "minion")
    part_of(form, node, OPENS)
    arguments = (runner_of(form, "healer"), dict(form.get("heal") or {}))
    return Plan(f"open Vault on {node}", node, arguments, WITHIN)


def unseal(opts: dict[str, Any], what: Plan, acting: Acting) -> Done:
    """Open Vault as its custody is declared, then let Nomad place again what failed for it."""
    beside, heal = what.arguments
    try:
        _, job = _applied(opts, what.node, OPENS)
    except CommandExecutionError as err:
        raise CommandExecutionError(
            f"a person is asked to open Vault on {what.node}, its custody alone cannot: {err}"
        ) from err
    says, effects = f"opened Vault on {what.node} (job {job})", [job]
    try:
        evaluated, refused = _evaluated(opts, beside, heal, acting)
    except (
        SaltRunnerError, heal_file.Unusable, heal_settings.Refused, heal_claim.Refused
    ) as err:  # fmt: skip
        return Done(f"{says}; jobs that failed for it were not evaluated: {err}", tuple(effects))
    effects += [one["evaluation"] for one in evaluated]
    if evaluated:
        says += f", then evaluated {', '.join(one['job'] for one in evaluated)}"
    if refused:
        says += f"; not evaluated, {'; '.join(refused[:MOST_FAILURES])}"
    if refused[MOST_FAILURES:]:
        says += f"; {len(refused) - MOST_FAILURES} more wait for Nomad"
    return Done(says, tuple(effects))


def _evaluated(
    opts: dict[str, Any], beside: str, heal: Mapping[str, Any], acting: Acting
) -> tuple[list[dict[str, str]], list[str]]:
    """Have those evaluated that nothing is against; give them, and why others were not."""
    found = master.call(
        opts, beside, "eos_heal_act.failed_for_vault", timeout=SILENCE, within=LONGEST_ASK
    )
    jobs = [heal_reach.Job(one["region"], one["namespace"], one["job"]) for one in found["failed"]]
    if not jobs:
        return [], []
    stack = heal_reach.Stack(found["managed"], found["unhealthy"])
    path = heal_file.path_of(opts)
    may, refused = heal_reach.granted(path, jobs, stack, heal_settings.read(heal), acting)
    if not may:
        return [], refused
    wanted = [[one._asdict() for one in may]]
    told = master.call(
        opts, beside, "eos_heal_act.evaluate_failed_for_vault", wanted, SILENCE, LONGEST_ASK
    )
    return told["evaluated"], refused


def _applied(opts: dict[str, Any], node: str, component: str) -> tuple[list[str], str]:
    """Apply one SLS; give what it changed, and the job."""
    arguments = [f"eos.{component}", {"__kwarg__": True, "queue": QUEUE}]
    answers = master.ask(opts, [node], "state.apply", arguments, SILENCE, LONGEST_APPLY)
    if node not in answers:
        raise CommandExecutionError(
            f"{node} did not answer state.apply; expected an accepted minion that runs; see "
            "`salt-run manage.down`"
        )
    answer = answers[node]
    found, job = answer["ret"], str(answer.get("jid") or "unknown")
    if not isinstance(found, dict):
        said = "; ".join(map(str, found)) if isinstance(found, list) else str(found)
        raise CommandExecutionError(f"eos.{component} on {node} did not run: {said}")
    wrong = [one for one in found.values() if one.get("result") is False]
    if wrong or answer.get("retcode", 0) != 0 or not found:
        told = [f"{one['__id__']}: {one['comment']}" for one in _first(wrong)]
        said = "; ".join(told[:MOST_FAILURES]) or "it ran no state"
        raise CommandExecutionError(f"eos.{component} on {node} failed (job {job}): {said}")
    return sorted(one["__id__"] for one in found.values() if one.get("changes")), job


def _first(wrong: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put what failed by itself before what only needed that."""
    return sorted(wrong, key=lambda one: "requisite" in str(one.get("comment")))
