"""
Steps of the orchestrations ``eos.heal.<action>``: claim a decision, act on it, verify, or give up.

They are no verbs for people: without the orchestration that ``eos_run.done`` names, each refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from salt.exceptions import CommandExecutionError
from salt.loader.dunder import __opts__

from saltext.eos.utils import (
    heal_claim,
    heal_deed,
    heal_file,
    heal_look,
    heal_run,
    heal_verify,
    lock,
    master,
)
from saltext.eos.utils.heal_plan import Acting
from saltext.eos.verbs.spoken import spoken

T = TypeVar("T")


def claim(decision, action, orchestration=None, test=False):
    """
    Claim a decision for the orchestration that runs this step, before anything is done.

    It refuses what was never decided, is for another action, is over, claimed already or frozen.

    decision
        Id of the decision.
    action
        What is about to be done.
    orchestration
        Which one it is a step of; ``eos_run.done`` with ``told`` says so.
    test
        Only say whether the claim would be granted.

    CLI Example:

    .. code-block:: bash

        salt-run state.orchestrate eos.heal.resync pillar='{eos_decision: d-1}' test=True
    """
    return spoken(_claim, decision, action, orchestration, test)


def act(decision, action, orchestration=None, test=False):
    """
    Do what was decided, once; only the orchestration that has claimed the decision may.

    An act that fails ends its decision with the reason; where nothing is wrong any more it ends
    as healed.

    decision
        Id of the decision.
    action
        What is done.
    orchestration
        Which one it is a step of; ``eos_run.done`` with ``told`` says so.
    test
        Only say what would be done.

    CLI Example:

    .. code-block:: bash

        salt-run state.orchestrate eos.heal.resync pillar='{eos_decision: d-1}' test=True
    """
    return spoken(_act, decision, action, orchestration, test)


def verify(decision, action, orchestration=None, test=False):
    """
    Read fresh and complete views until nothing is wrong any more, and end the decision.

    decision
        Id of the decision.
    action
        What was done.
    orchestration
        Which one it is a step of; ``eos_run.done`` with ``told`` says so.
    test
        Look at nothing.

    CLI Example:

    .. code-block:: bash

        salt-run state.orchestrate eos.heal.resync pillar='{eos_decision: d-1}' test=True
    """
    return spoken(_verify, decision, action, orchestration, test)


def abandon(decision, action, orchestration=None, test=False):
    """
    End a claimed decision that could not be carried through, so that none hangs.

    decision
        Id of the decision.
    action
        What was not done.
    orchestration
        Which one it is a step of; ``eos_run.done`` with ``told`` says so.
    test
        End nothing.

    CLI Example:

    .. code-block:: bash

        salt-run state.orchestrate eos.heal.resync pillar='{eos_decision: d-1}' test=True
    """
    return spoken(_abandon, decision, action, orchestration, test)


def _claim(decision: Any, action: Any, orchestration: Any, test: bool) -> dict[str, Any]:
    path, who = _path(), _who(orchestration)
    if not test and not _is_id(decision):
        # A reactor that hands on what a minion invented: people see that somebody asked.
        why = f"the event names no decision, but {decision!r}"
        _refusing(lambda: heal_claim.refuse(path, "-", str(action), who, why[:200]))
    name = _text(decision)
    if test:
        _refusing(lambda: heal_claim.foretold(path, name, action))
        return {"changes": {name: "would be claimed"}, "comment": f"{name} would be claimed."}
    _refusing(lambda: heal_claim.claim(path, name, action, who))
    return {"changes": {name: "claimed"}, "comment": f"Claimed decision {name} to {action}."}


def _act(decision: Any, action: Any, orchestration: Any, test: bool) -> dict[str, Any]:
    path, who = _path(), _who(orchestration)
    name = _text(decision)
    if test:
        subject = _refusing(lambda: heal_claim.foretold(path, name, action))
        plan = heal_deed.planned(action, subject, master.form(__opts__))
        return {"changes": {name: f"would {plan.says}"}, "comment": f"Would {plan.says}."}
    words = "was not done"
    try:
        held = _refusing(lambda: heal_run.proved(path, name, action, who))
        form = master.form(__opts__)
        plan = heal_deed.planned(action, held.subject, form)
        # Up to minutes lie between the view that was decided on and this moment.
        look = heal_look.looking(__opts__, form, path, held.body)
        heal_verify.refuse_unless_same(look.view, look.clock, held.body["input_hash"])
        _refusing(lambda: heal_run.begin(path, name, action, who))
        words = "failed"
        done = heal_deed.carried_out(__opts__, action, plan, Acting(name, who))
        _refusing(lambda: heal_run.did(path, name, who, done.says, done.effects))
    except heal_verify.Gone as err:
        _ended(path, name, who, True, f"healed by itself before the act: {err}", is_back=True)
        raise
    except BaseException as err:
        # What does not fit, has changed or is not known is tried again no oftener than a deed.
        is_back = isinstance(err.__cause__, heal_run.Stopped)
        _ended(path, name, who, False, f"{action} {words}: {err or type(err).__name__}", is_back)
        raise
    return {"changes": {name: done.says}, "comment": f"{done.says}."}


def _verify(decision: Any, action: Any, orchestration: Any, test: bool) -> dict[str, Any]:
    path, who = _path(), _who(orchestration)
    name = _text(decision)
    if test:
        return {"changes": {}, "comment": "Would look until nothing is wrong any more."}
    held = _refusing(lambda: heal_run.owned(path, name, who))
    if "did" not in held.claim:
        raise CommandExecutionError(f"decision {name} was not acted on; expected an act to verify")
    try:
        form = master.form(__opts__)
        plan = heal_deed.planned(action, held.subject, form)
        look = heal_look.looking(__opts__, form, path, held.body)
        found = heal_verify.until_right(look.view, _within(plan.within), look.clock)
    except BaseException as err:
        _ended(path, name, who, False, f"not verified: {err or type(err).__name__}")
        raise
    says = f"{held.claim['did']}; {found.says}"
    _ended(path, name, who, found.ok, says)
    if not found.ok:
        raise CommandExecutionError(f"decision {name}: {says}")
    return {"changes": {}, "comment": f"Decision {name}: {says}."}


def _abandon(decision: Any, action: Any, orchestration: Any, test: bool) -> dict[str, Any]:
    path, who = _path(), _who(orchestration)
    name = _text(decision)
    if test:
        return {"changes": {}, "comment": "Would end the decision if nobody else did."}
    holder = lock.read(__opts__)
    is_held = holder is not None and holder.get("jid") != who["jid"]
    why = f"the stack lock is held by {lock.describe(holder)}" if holder and is_held else (
        "its orchestration ended before that was done and verified"
    )  # fmt: skip
    if not _ended(path, name, who, False, f"{action} was given up: {why}", is_back=bool(is_held)):
        return {"changes": {}, "comment": f"Decision {name} has ended already."}
    return {"changes": {name: "failed"}, "comment": f"Decision {name} was given up: {why}."}


def _path() -> Path:
    return heal_file.path_of(__opts__)


def _who(orchestration: Any) -> dict[str, Any]:
    """Give who asks, so far as an orchestration says so."""
    if not isinstance(orchestration, Mapping) or not orchestration.get("jid"):
        raise CommandExecutionError(
            "this is a step of an orchestration; expected eos_run.done with `told` to call it; "
            "use `salt-run eos.heal` to see what would be done"
        )
    return {name: orchestration.get(name) for name in (*heal_run.OWN, "user")}


def _is_id(decision: Any) -> bool:
    return isinstance(decision, str) and bool(decision)


def _text(decision: Any) -> str:
    if _is_id(decision):
        return str(decision)
    raise CommandExecutionError(
        f"the decision is {decision!r}; expected its id in pillar eos_decision"
    )


def _within(seconds: float) -> float:
    """Give how long a result is waited for, at most option ``eos_heal_within`` of the master."""
    return min(seconds, float(__opts__.get("eos_heal_within") or seconds))


def _ended(
    path: Path, decision: str, who: dict[str, Any], ok: bool, says: str, is_back: bool = False
) -> bool:
    return _refusing(lambda: heal_run.end(path, decision, who, ok, says, is_back=is_back))


def _refusing(work: Callable[[], T]) -> T:
    """Turn the refusals of the healer's file into what a verb can say."""
    try:
        return work()
    except (heal_claim.Refused, heal_file.Unusable) as err:
        raise CommandExecutionError(str(err)) from err
