"""
Whether something is wrong at all: the facts are whole, the truth was read, the rest had its time.

Each check is pure: what is not known is never taken for leave to act.
"""

from __future__ import annotations

from saltext.eos.utils.heal_judge_case import (
    CLOSE,
    FAILED,
    WAITS,
    Case,
    Outcome,
    again,
    passed,
    sooner,
    unknown,
)
from saltext.eos.utils.heal_policy import is_deed, needs_view, stops
from saltext.eos.utils.heal_state import OPEN_STATES, THINGS

# How far the layer below must be: what is enough for each.
ENOUGH = {
    "settled": ("settled", "exhausted", "failed"),
    "exhausted": ("exhausted", "failed"),
    "failed": ("failed",),
}
# What closes an incident that is none: nobody knows whether it ever was one.
NOT_WRONG = "it is not wrong, or not any more"
NEVER_SO = "it never was so that"
# How a wheel of before said these two; its audits are read as well.
BEFORE = ("healed by itself", "the layer below is")
# In words, what each is of what Nomad and Consul do about it by themselves.
DONE = {
    "progress": "Nomad or Consul is not done with it yet",
    "settled": "Nomad and Consul have done what they do by themselves",
    "exhausted": "Nomad has no attempt left",
    "failed": "Nomad has given it up",
}


def dedupe(case: Case) -> Outcome:
    """Say how many facts are this one incident."""
    return passed(f"facts that are this one incident: {case.incident.count}")


def debounce(case: Case) -> Outcome:
    """Wait while facts of the same may still come."""
    incident, settings = case.incident, case.settings
    least, most = settings.debounce_least, settings.debounce_most
    until = min(incident.latest + least, incident.occurred + most)
    if case.now < until:
        return Outcome(WAITS, f"facts may still come; {until - case.now:.0f} s more", until)
    return passed(f"{case.now - incident.occurred:.0f} s have passed since the first fact")


def own(case: Case) -> Outcome:
    """Wait for what Eos itself does about it, and for the echo of that."""
    if stops(case.policy):
        return passed("what stops healing waits for no act")
    mine = {name for name in case.incident.names if name.startswith(THINGS)}
    for one in case.state.decisions.values():
        if one.state == "would" or not mine.intersection(one.names):
            continue
        if one.state in OPEN_STATES:
            return again(case, f"decision {one.id} about the same is under way")
        until = one.ended + case.settings.own_window
        is_acted = one.claim is not None and (one.result or {}).get("begun") is not False
        if is_acted and case.now < until:
            says = f"it may be what decision {one.id} brought about; {until - case.now:.0f} s more"
            return Outcome(WAITS, says, until)
    return passed("no act of Eos about it is under way or has just ended")


def complete(case: Case) -> Outcome:
    """Wait for a view that is whole and newer than the last fact."""
    view = case.view
    if not needs_view(case.policy):
        return passed("a fact is noted as it was told")
    if view.blocked:
        return again(case, f"blocked: {view.blocked} did not answer wholly")
    incident = case.incident
    is_before = view.at < incident.last
    # What fails again and again is never without a newer fact, and it was wrong after the first.
    if is_before and view.thing.wrong:
        is_before = view.at < incident.occurred + case.settings.debounce_most
    if case.now - view.at > case.settings.fresh or is_before:
        says = f"the view is older than the fact, or than {case.settings.fresh:.0f} s"
        return again(case, says)
    return passed("every source answered, after the last fact")


def layer_below(case: Case) -> Outcome:
    """Leave what is below its time: it often heals by itself."""
    wanted = (case.policy.get("require") or {}).get("layer_below")
    if wanted is None:
        return passed("nothing below is waited for")
    layer = case.view.thing.layer
    if layer is None:
        return unknown(case, "whether Nomad and Consul are done with it is not known")
    if layer in ENOUGH[wanted]:
        return passed(below(layer))
    waited = case.now - case.incident.opened
    if waited < case.settings.healer_wait:
        left = case.settings.healer_wait - waited
        found = again(case, f"{below(layer)}; {left:.0f} s more at most, or until {below(wanted)}")
        moments = [found.until, case.incident.opened + case.settings.healer_wait]
        if (left_by_clock := case.view.thing.left) is not None:
            moments.append(case.view.at + left_by_clock)
        return sooner(case, found._replace(until=min(moments)))
    if wanted == "settled":
        return passed(f"after {waited:.0f} s {below(layer)}")
    says = f"after {waited:.0f} s {below(layer)}; {NEVER_SO} {below(wanted)}"
    return Outcome(FAILED, says, kind=CLOSE)


def is_not_wrong(why: str) -> bool:
    """Tell whether that was why an incident was closed."""
    return why in (NOT_WRONG, BEFORE[0])


def is_too_early(why: str) -> bool:
    """Tell whether it was closed because what is below never was as far as its policy asks."""
    return NEVER_SO in why or why.startswith(BEFORE[1])


def below(layer: str) -> str:
    """Say in words how far Nomad and Consul are with it."""
    return DONE.get(layer, layer)


def still_wrong(case: Case) -> Outcome:
    """End what is over by now."""
    wrong = case.view.thing.wrong
    if wrong is False:
        return Outcome(FAILED, NOT_WRONG, kind=CLOSE)
    is_hold = case.policy["act"]["do"] == "hold"
    if not is_hold and not is_deed(case.policy):
        return passed("nothing says that it is over")
    if wrong is None or case.view.thing.input is None:
        return unknown(case, "whether it is still wrong, and with what input, is not known")
    return passed("it was read again and is still wrong")


def required(case: Case) -> Outcome:
    """Hold to what the policy says about class and hook."""
    require, thing = case.policy.get("require") or {}, case.view.thing
    if classes := require.get("classes"):
        if thing.kind is None:
            return unknown(case, "the class of the component is not known")
        if thing.kind not in classes:
            return Outcome(FAILED, f"the policy is not for class {thing.kind}", kind=CLOSE)
    if hook := require.get("hook"):
        if thing.hook is None:
            return unknown(case, f"{hook} does not know")
        if not thing.hook:
            return Outcome(FAILED, f"{hook} says no", kind=CLOSE)
    return passed("what the policy requires holds")
