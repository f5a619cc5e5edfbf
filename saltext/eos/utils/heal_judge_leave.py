"""
Whether something may be done about it now: nobody stopped it, and no budget is used up.

Each check is pure; what was only said and not done has budgets of its own, its realm's.
"""

from __future__ import annotations

from saltext.eos.utils import heal_budget as budget
from saltext.eos.utils.heal_judge_case import (
    FAILED,
    HOUR,
    REFUSE,
    WAITS,
    Case,
    Outcome,
    again,
    passed,
    sooner,
)
from saltext.eos.utils.heal_policy import LOCAL, is_of_job, stops
from saltext.eos.utils.heal_state import (
    ACT,
    CONTENDED,
    FREEZE,
    HOLD,
    OPEN_STATES,
    SUSPEND,
    WOULD,
    counted_as,
    named,
)


def frozen(case: Case) -> Outcome:
    """Do nothing while all is frozen, or while nobody knows which master heals."""
    if (only := case.state.only) is not None and not _is_at(case, only):
        says = f"nobody can say which master heals; until then only units of {only} are acted upon"
        return again(case, says)
    found = case.state.rule((FREEZE,), case.incident.names, case.now)
    if found is not None:
        return _ruled(case, "frozen", found.what, found.by, found.reason)
    return passed("nothing is frozen")


def _is_at(case: Case, node: str) -> bool:
    """Tell an act on a unit of that node."""
    return case.policy["act"]["do"] in LOCAL and f"node:{node}" in case.incident.names


def suspended(case: Case) -> Outcome:
    """Do nothing about what a person holds or suspends, nor against a window."""
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
    return passed("nothing about it is suspended or held, and no window is against it")


def _ruled(case: Case, words: str, what: str, by: str, reason: str) -> Outcome:
    return Outcome(WAITS, f"{what} is {words} by {by}: {reason}", case.now + 60.0)


def mode(case: Case) -> Outcome:
    """Say whether it will be done or only told."""
    if case.mode == "enforce":
        return passed("mode enforce")
    return passed(f"mode {case.mode}: what would be done is said, and not done")


def mass_failure(case: Case) -> Outcome:
    """Do nothing where many fail at once: the cause is elsewhere."""
    view = case.view
    if named(case.incident.names, "job:") is None:
        if is_of_job(case.policy, case.incident.subject):
            return again(case, "which job it belongs to is not known")
        return passed("it is about no job")
    if view.red:
        return Outcome(WAITS, f"{view.red} is down, on which all jobs stand", case.now + 60.0)
    if view.managed <= 0 or not 0 <= view.unhealthy <= view.managed:
        return again(case, f"{view.unhealthy} of {view.managed} jobs unhealthy cannot be")
    share = 100.0 * view.unhealthy / view.managed
    if share > case.settings.mass_failure:
        says = f"{view.unhealthy} of {view.managed} jobs are unhealthy: the cause is a shared one"
        return Outcome(WAITS, says, case.now + 60.0)
    return passed(f"{view.unhealthy} of {view.managed} jobs are unhealthy")


def contended(case: Case) -> Outcome:
    """Refuse to fight another writer."""
    found = case.state.rule((CONTENDED,), (case.incident.thing,), case.now)
    if found is not None:
        return Outcome(FAILED, f"CONTENDED: {found.reason}", case.now + HOUR, REFUSE)
    value, writer = case.view.thing.value, case.view.thing.writer
    flips = [
        one
        for one in case.state.flips.get(case.incident.thing, ())
        if one[1] == value and case.now - one[0] <= case.settings.contended_within
    ]
    if value is not None and len(flips) >= case.settings.flips:
        says = f"CONTENDED: {writer or 'another writer'} undid what Eos wrote, {len(flips)} times"
        return Outcome(FAILED, says, case.now + HOUR, REFUSE)
    return passed("no other writer undoes what Eos writes")


def breaker(case: Case) -> Outcome:
    """Wait while acts on this input have not helped."""
    key = case.state.key(case.realm, case.incident.thing)
    input_ = case.view.thing.input or ""
    shown = budget.shown(key, input_, case.now)
    if shown == budget.OPEN:
        says = f"open after {key.attempts} acts on this input; {key.breaker_until - case.now:.0f} s"
        return Outcome(WAITS, says, key.breaker_until)
    return passed("open, this is its one probe" if shown == budget.PROBING else "closed")


def cool_down(case: Case) -> Outcome:
    """Wait until the pause after the last act is over."""
    if stops(case.policy):
        return passed("what stops healing is never late")
    key = case.state.key(case.realm, case.incident.thing)
    found = budget.wait(key, case.view.thing.input or "", case.now)
    if found is not None and found[0] == "cool_down":
        done = {ACT: "acted", WOULD: "said what would be done"}.get(case.realm, "noted")
        return Outcome(WAITS, f"{done} lately; {found[1] - case.now:.0f} s more", found[1])
    return passed("it is not too soon after the last time")


def attempts(case: Case) -> Outcome:
    """Wait when the acts on this input are used up."""
    key = case.state.key(case.realm, case.incident.thing)
    done = key.attempts if key.input == (case.view.thing.input or "") else 0
    if done >= case.pace.attempts and key.breaker == budget.CLOSED:
        until = key.cool_until + case.pace.open_first
        if case.now < until:
            return Outcome(WAITS, f"{done} attempts on this input are used up", until)
    return passed(f"{done} acts on this input so far, {case.pace.attempts} before the breaker")


def blast(case: Case) -> Outcome:
    """Do one thing at a time, and touch few jobs."""
    job = counted_as(case.incident.names)
    for one in case.state.decisions.values():
        if case.realm == ACT and one.state in OPEN_STATES:
            return again(case, f"decision {one.id} is under way, and only one may be")
    if case.realm == ACT and case.state.locked:
        return sooner(case, again(case, f"the stack lock is held by {case.state.locked}"))
    if job is None:
        return passed("it touches no job, and nothing is under way")
    since = case.now - case.settings.blast_within
    touched = case.state.touched.get(case.realm, {})
    lately = {name: at for name, at in touched.items() if at > since}
    most = budget.reach(case.view.managed, case.settings.blast_share)
    count = len({*lately, job})
    if count > most:
        first = min(at for name, at in lately.items() if name != job)
        until = first + case.settings.blast_within
        return Outcome(WAITS, f"{len(lately)} jobs touched lately, {most} may be", until)
    return passed(f"{count} jobs touched with this one, {most} may be")


def bucket(case: Case) -> Outcome:
    """Wait for a token of the whole stack."""
    size, every = case.settings.bucket_size, case.settings.bucket_every
    held = case.state.bucket(case.realm)
    full = budget.filled(held, case.now, size, every)
    if full.tokens < 1.0:
        until = budget.next_token(held, case.now, size, every)
        of = " of those for what is only said" if case.realm == WOULD else ""
        return Outcome(WAITS, f"no token is left{of}; one comes in {until - case.now:.0f} s", until)
    return passed(f"{full.tokens:.1f} tokens of {size}")
