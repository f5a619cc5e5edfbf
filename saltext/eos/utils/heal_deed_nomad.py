"""The act ``evaluate``: Nomad's scheduler looks at a job again, also at what it gave up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saltext.eos.utils import master
from saltext.eos.utils.heal_plan import (
    LONGEST_ASK,
    Acting,
    Done,
    Misfit,
    Plan,
    leaf,
    region,
    runner_of,
)

# A deployment has its own deadline; this is for a placement that Nomad makes at once.
WITHIN = 120.0
SILENCE = 30
LONGEST = 256


def plan(subject: Mapping[str, Any], form: Mapping[str, Any]) -> Plan:
    """Name the job, and the node beside the master that may ask for it."""
    job, space = leaf(subject, "job"), leaf(subject, "namespace")
    for name in (job, space):
        if len(name) > LONGEST or not name.isprintable():
            raise Misfit(f"{name[:80]!r} is no name of Nomad; expected printable text")
    where = region(subject, "nomad")
    node = runner_of(form, "healer")
    says = f"evaluate job {job} of namespace {space} in region {where}"
    return Plan(says, node, (job, space, where), WITHIN)


def do(opts: dict[str, Any], what: Plan, _: Acting) -> Done:
    """Ask for the evaluation, and wait until it is worked off."""
    job, space, where = what.arguments
    found = master.call(
        opts, what.node, "eos_heal_act.evaluate", [job, space, where], SILENCE, LONGEST_ASK
    )
    says = f"evaluated {job}: evaluation {found['evaluation'][:8]} is {found['status']}"
    return Done(says, tuple(one for one in (found["evaluation"], found["deployment"]) if one))
