"""
Whether the healer may act on an incident: named checks in one order, each with a true sentence.

Pure: the same incident, policy, view, state, settings and moment always give the same ruling.
What is not known is never taken for leave to act.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from saltext.eos.utils import heal_budget as budget
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import (
    ACT,
    CONTENDED,
    DEEDS,
    FREEZE,
    HOLD,
    OPEN_STATES,
    SUSPEND,
    THINGS,
    WOULD,
    Incident,
    State,
    View,
    named,
)

PASSED, FAILED, WAITS = "passed", "failed", "waits"
DECIDE, WAIT, REFUSE, CLOSE = "decide", "wait", "refuse", "close"
# A view older than this says nothing about now.
FRESH = 30.0
HOUR = 3600.0
LONGEST_LOOK = 300.0
SOON, SOON_FOR = 5.0, 120.0
UNKNOWN_FOR = 24 * HOUR
# How far the layer below must be: what is enough for each.
ENOUGH = {
    "settled": ("settled", "exhausted", "failed"),
    "exhausted": ("exhausted", "failed"),
    "failed": ("failed",),
}
# Acts that need nothing but the node.
LOCAL = ("apply", "reload")
# Acts on what a person may have done on purpose: only a fact says that it was none.
BY_FACT = ("unseal",)
# Notes that only ever stop healing are never late.
STOPS = ("freeze", "hold")


class Check(NamedTuple):
    """One step of the pipeline, what came of it, and why."""

    name: str
    result: str
    says: str


class Ruling(NamedTuple):
    """
    What follows.

    :param kind: ``decide``, ``wait``, ``refuse`` or ``close``.
    :param until: when to look again.
    :param realm: ``act``, or ``would`` where the mode lets nothing be done; empty for a note.
    :param input: hash of what is acted upon.
    """

    kind: str
    until: float
    realm: str
    mode: str
    input: str
    checks: tuple[Check, ...]

    def last(self) -> Check:
        """Give the check that decided."""
        return self.checks[-1]


class Case(NamedTuple):
    """All that a check may look at."""

    incident: Incident
    policy: Mapping[str, Any]
    view: View
    state: State
    settings: Settings
    now: float
    wall: float
    mode: str
    realm: str
    pace: budget.Pace


class Outcome(NamedTuple):
    """What a check found; ``until`` for one that waits, ``kind`` for one that ends it."""

    result: str
    says: str
    until: float = 0.0
    kind: str = WAIT


def is_deed(policy: Mapping[str, Any]) -> bool:
    """Tell what changes something outside from a note."""
    return policy["act"]["do"] in DEEDS


def needs_view(policy: Mapping[str, Any]) -> bool:
    """Tell whether the truth has to be read first; a note of a plain fact needs nothing else."""
    require = policy.get("require") or {}
    has_input = is_deed(policy) or policy["act"]["do"] == "hold"
    return has_input or any(require.get(name) for name in ("classes", "layer_below", "hook"))


def pace_of(policy: Mapping[str, Any], settings: Settings) -> budget.Pace:
    """Give the limits of one policy; what it says itself can only be forgotten after that long."""
    limits = policy.get("limits") or {}
    pace = settings.pace
    if limits.get("attempts") is not None:
        pace = pace._replace(attempts=int(limits["attempts"]))
    if limits.get("cool_down") is not None:
        first = float(limits["cool_down"])
        pace = pace._replace(
            cool_first=first, cool_most=max(first, pace.cool_most), stable=max(first, pace.stable)
        )
    return pace if is_deed(policy) else pace._replace(attempts=2**31)


def judge(
    incident: Incident,
    policy: Mapping[str, Any],
    view: View,
    state: State,
    settings: Settings,
    now: float,
    wall: float,
) -> Ruling:
    """
    Go through the pipeline until a check does not let through.

    :param now: the healer's seconds.
    :param wall: seconds since 1970, for windows alone.
    """
    deed = is_deed(policy)
    names = incident.names
    mode = settings.mode_of(named(names, "job:"), named(names, "component:"))
    realm = (ACT if mode == "enforce" else WOULD) if deed else "note"
    pace = pace_of(policy, settings)
    case = Case(incident, policy, view, state, settings, now, wall, mode, realm, pace)
    checks: list[Check] = []
    for name, check in PIPELINE if deed else NOTES:
        found = check(case)
        checks.append(Check(name, found.result, found.says))
        if found.result != PASSED:
            until = max(found.until, now + 1.0)
            return Ruling(found.kind, until, realm, mode, view.thing.input or "", tuple(checks))
    return Ruling(DECIDE, now, realm, mode, view.thing.input or "", tuple(checks))


def _passed(says: str) -> Outcome:
    return Outcome(PASSED, says)


def _again(case: Case, says: str) -> Outcome:
    # The longer ago the last fact, the later the next look: a tenth of that, within bounds.
    pause = max(case.settings.look, min(LONGEST_LOOK, (case.now - case.incident.last) / 10.0))
    return Outcome(WAITS, says, case.now + pause)


def _unknown(case: Case, says: str) -> Outcome:
    """Look again; what every source answered and nobody knew for a day, nobody will know."""
    if case.now - case.incident.last >= UNKNOWN_FOR:
        return Outcome(FAILED, f"for a day {says}", kind=CLOSE)
    return _again(case, says)


def _dedupe(case: Case) -> Outcome:
    return _passed(f"facts that are this one incident: {case.incident.count}")


def _debounce(case: Case) -> Outcome:
    incident, settings = case.incident, case.settings
    least, most = settings.debounce_least, settings.debounce_most
    until = min(incident.latest + least, incident.occurred + most)
    if case.now < until:
        return Outcome(WAITS, f"facts may still come; {until - case.now:.0f} s more", until)
    return _passed(f"{case.now - incident.occurred:.0f} s have passed since the first fact")


def _stops(case: Case) -> bool:
    return case.policy["act"]["do"] in STOPS


def _own(case: Case) -> Outcome:
    if _stops(case):
        return _passed("what stops healing waits for no act")
    mine = {name for name in case.incident.names if name.startswith(THINGS)}
    for one in case.state.decisions.values():
        if one.state == "would" or not mine.intersection(one.names):
            continue
        if one.state in OPEN_STATES:
            return _again(case, f"decision {one.id} about the same is under way")
        until = one.ended + case.settings.own_window
        if one.claim is not None and case.now < until:
            return Outcome(WAITS, f"it may be the echo of decision {one.id}", until)
    return _passed("no act of Eos about it is under way or has just ended")


def _complete(case: Case) -> Outcome:
    view = case.view
    if not needs_view(case.policy):
        return _passed("a fact is noted as it was told")
    if view.blocked:
        return _again(case, f"blocked: {view.blocked} did not answer wholly")
    incident = case.incident
    is_before = view.at < incident.last
    # What fails again and again is never without a newer fact, and it was wrong after the first.
    if is_before and view.thing.wrong:
        is_before = view.at < incident.occurred + case.settings.debounce_most
    if case.now - view.at > FRESH or is_before:
        return _again(case, "the view is older than the fact, or than 30 s")
    return _passed("every source answered, after the last fact")


def _layer_below(case: Case) -> Outcome:
    wanted = (case.policy.get("require") or {}).get("layer_below")
    if wanted is None:
        return _passed("nothing below is waited for")
    layer = case.view.thing.layer
    if layer is None:
        return _unknown(case, "how far the layer below is, is not known")
    if layer in ENOUGH[wanted]:
        return _passed(f"the layer below is {layer}")
    waited = case.now - case.incident.opened
    if waited < case.settings.healer_wait:
        found = _again(case, f"the layer below is {layer}; expected {wanted}")
        last = case.incident.opened + case.settings.healer_wait
        # Most layers are done within two minutes, and then it is acted upon soon.
        soon = case.now + SOON if case.now - case.incident.last < SOON_FOR else found.until
        return found._replace(until=min(found.until, last, soon))
    if wanted == "settled":
        return _passed(f"the layer below was given {waited:.0f} s and still is {layer}")
    return Outcome(FAILED, f"the layer below is {layer}, it never was {wanted}", kind=CLOSE)


def _still_wrong(case: Case) -> Outcome:
    wrong = case.view.thing.wrong
    if wrong is False:
        return Outcome(FAILED, "healed by itself", kind=CLOSE)
    is_hold = case.policy["act"]["do"] == "hold"
    if not is_hold and not is_deed(case.policy):
        return _passed("nothing says that it is over")
    if wrong is None or case.view.thing.input is None:
        return _unknown(case, "whether it is still wrong, and with what input, is not known")
    return _passed("it was read again and is still wrong")


def _required(case: Case) -> Outcome:
    require, thing = case.policy.get("require") or {}, case.view.thing
    if classes := require.get("classes"):
        if thing.kind is None:
            return _unknown(case, "the class of the component is not known")
        if thing.kind not in classes:
            return Outcome(FAILED, f"the policy is not for class {thing.kind}", kind=CLOSE)
    if hook := require.get("hook"):
        if thing.hook is None:
            return _unknown(case, f"{hook} does not know")
        if not thing.hook:
            return Outcome(FAILED, f"{hook} says no", kind=CLOSE)
    return _passed("what the policy requires holds")


def _frozen(case: Case) -> Outcome:
    if (only := case.state.only) is not None and not _is_at(case, only):
        says = f"nobody can say which master heals; until then only units of {only} are acted upon"
        return _again(case, says)
    found = case.state.rule((FREEZE,), case.incident.names, case.now)
    if found is not None:
        return _ruled(case, "frozen", found.what, found.by, found.reason)
    return _passed("nothing is frozen")


def _is_at(case: Case, node: str) -> bool:
    """Tell an act on a unit of that node."""
    return case.policy["act"]["do"] in LOCAL and f"node:{node}" in case.incident.names


def _suspended(case: Case) -> Outcome:
    input_ = case.view.thing.input or ""
    found = case.state.rule((HOLD, SUSPEND), case.incident.names, case.now, input_)
    if found is not None:
        words = {HOLD: "held", SUSPEND: "suspended"}[found.kind]
        return _ruled(case, words, found.what, found.by, found.reason)
    allowing = [one for one in case.settings.windows if one.allows]
    for window in case.settings.windows:
        if not window.allows and window.is_open(case.wall):
            return Outcome(WAITS, f"window {window.name} denies it", case.now + 60.0)
    if allowing and not any(window.is_open(case.wall) for window in allowing):
        return Outcome(WAITS, "no window allows it now", case.now + 60.0)
    return _passed("nothing about it is suspended or held, and no window is against it")


def _ruled(case: Case, words: str, what: str, by: str, reason: str) -> Outcome:
    return Outcome(WAITS, f"{what} is {words} by {by}: {reason}", case.now + 60.0)


def _mode(case: Case) -> Outcome:
    if case.mode == "enforce":
        return _passed("mode enforce")
    return _passed(f"mode {case.mode}: what would be done is said, and not done")


def _mass_failure(case: Case) -> Outcome:
    view = case.view
    if named(case.incident.names, "job:") is None:
        return _passed("it is about no job")
    if view.red:
        return Outcome(WAITS, f"{view.red} is down, on which all jobs stand", case.now + 60.0)
    if view.managed <= 0 or not 0 <= view.unhealthy <= view.managed:
        return _again(case, f"{view.unhealthy} of {view.managed} jobs unhealthy cannot be")
    share = 100.0 * view.unhealthy / view.managed
    if share > case.settings.mass_failure:
        says = f"{view.unhealthy} of {view.managed} jobs are unhealthy: the cause is a shared one"
        return Outcome(WAITS, says, case.now + 60.0)
    return _passed(f"{view.unhealthy} of {view.managed} jobs are unhealthy")


def _contended(case: Case) -> Outcome:
    found = case.state.rule((CONTENDED,), (case.incident.thing,), case.now)
    if found is not None:
        return Outcome(FAILED, f"CONTENDED: {found.reason}", case.now + HOUR, REFUSE)
    value, writer = case.view.thing.value, case.view.thing.writer
    flips = [
        one
        for one in case.state.flips.get(case.incident.thing, ())
        if one[1] == value and case.now - one[0] <= HOUR
    ]
    if value is not None and len(flips) >= 2:
        says = f"CONTENDED: {writer or 'another writer'} undid what Eos wrote, {len(flips)} times"
        return Outcome(FAILED, says, case.now + HOUR, REFUSE)
    return _passed("no other writer undoes what Eos writes")


def _breaker(case: Case) -> Outcome:
    key = case.state.key(case.realm, case.incident.thing)
    input_ = case.view.thing.input or ""
    shown = budget.shown(key, input_, case.now)
    if shown == budget.OPEN:
        says = f"open after {key.attempts} acts on this input; {key.breaker_until - case.now:.0f} s"
        return Outcome(WAITS, says, key.breaker_until)
    return _passed("open, this is its one probe" if shown == budget.PROBING else "closed")


def _cool_down(case: Case) -> Outcome:
    if _stops(case):
        return _passed("what stops healing is never late")
    key = case.state.key(case.realm, case.incident.thing)
    found = budget.wait(key, case.view.thing.input or "", case.now, case.pace)
    if found is not None and found[0] == "cool_down":
        return Outcome(WAITS, f"acted lately; {found[1] - case.now:.0f} s more", found[1])
    return _passed("it is not too soon after the last time")


def _attempts(case: Case) -> Outcome:
    key = case.state.key(case.realm, case.incident.thing)
    done = key.attempts if key.input == (case.view.thing.input or "") else 0
    if done >= case.pace.attempts and key.breaker == budget.CLOSED:
        until = key.cool_until + case.pace.open_first
        if case.now < until:
            return Outcome(WAITS, f"{done} attempts on this input are used up", until)
    return _passed(f"{done} acts on this input so far, {case.pace.attempts} before the breaker")


def _blast(case: Case) -> Outcome:
    job = named(case.incident.names, "job:")
    for one in case.state.decisions.values():
        if case.realm == ACT and one.state in OPEN_STATES:
            return _again(case, f"decision {one.id} is under way, and only one may be")
    if case.realm == ACT and case.state.locked:
        found = _again(case, f"the stack lock is held by {case.state.locked}")
        soon = case.now + SOON if case.now - case.incident.last < SOON_FOR else found.until
        return found._replace(until=min(found.until, soon))
    if job is None:
        return _passed("it touches no job, and nothing is under way")
    since = case.now - case.settings.blast_within
    touched = case.state.touched.get(case.realm, {})
    lately = {name: at for name, at in touched.items() if at > since}
    most = budget.reach(case.view.managed, case.settings.blast_share)
    count = len({*lately, job})
    if count > most:
        first = min(at for name, at in lately.items() if name != job)
        until = first + case.settings.blast_within
        return Outcome(WAITS, f"{len(lately)} jobs touched lately, {most} may be", until)
    return _passed(f"{count} jobs touched with this one, {most} may be")


def _bucket(case: Case) -> Outcome:
    size, every = case.settings.bucket_size, case.settings.bucket_every
    held = case.state.bucket(case.realm)
    full = budget.filled(held, case.now, size, every)
    if full.tokens < 1.0:
        until = budget.next_token(held, case.now, size, every)
        return Outcome(WAITS, f"no token is left; one comes in {until - case.now:.0f} s", until)
    return _passed(f"{full.tokens:.1f} tokens of {size}")


Steps = tuple[tuple[str, Callable[[Case], Outcome]], ...]
_FIRST: Steps = (
    ("dedupe", _dedupe),
    ("debounce", _debounce),
    ("own", _own),
    ("complete", _complete),
    ("layer_below", _layer_below),
    ("still_wrong", _still_wrong),
    ("required", _required),
)
PIPELINE: Steps = (
    *_FIRST,
    ("frozen", _frozen),
    ("suspended", _suspended),
    ("mode", _mode),
    ("mass_failure", _mass_failure),
    ("contended", _contended),
    ("breaker", _breaker),
    ("cool_down", _cool_down),
    ("attempts", _attempts),
    ("blast", _blast),
    ("bucket", _bucket),
)
# A note changes nothing outside: no budget is for it but that it does not come too often.
NOTES: Steps = (*_FIRST, ("cool_down", _cool_down))
