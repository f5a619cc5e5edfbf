"""What follows from a ruling: the decision, its budgets and its end, and the notes of policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from saltext.eos.utils import heal_budget as budget
from saltext.eos.utils import heal_judge, heal_match, heal_over, heal_policy
from saltext.eos.utils import heal_judge_truth as truth
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import (
    ACT,
    ACTING,
    CLOSED,
    CONTENDED,
    DECIDED,
    FREEZE,
    HELD,
    HOLD,
    OPEN_STATES,
    SUSPECT,
    WAITING,
    WATCHING,
    WOULD,
    Decision,
    Incident,
    Rule,
    State,
    View,
    counted_as,
    leaves_of,
    named,
)

REALMS = (ACT, WOULD)
# Checks that wait for the end of another decision.
ONE_AT_A_TIME = ("own", "blast")
FOR_EVER = float(2**53)
# A fact older than that, when it comes here, is of the past: after a stop, or of an older inbox.
RECENT = 600.0
MOST_FLIPS = 16
# Facts that tell the contrary of what an act brings about.
CONTRARY = {"resync": ("deregistered",)}
# What a policy may ask for that no fact tells.
GIVEN_UP = ("exhausted", "failed")
MOST_KEYS = 2_000
HEALER = "healer"


def decide(
    state: State, incident: Incident, policy: Mapping[str, Any], view: View,
    ruling: heal_judge.Ruling, settings: Settings, now: float, name: Callable[[], str],
) -> None:  # fmt: skip
    """Book what a ruling allows: a decision with its budgets, or a note."""
    pace = heal_policy.pace_of(policy, settings)
    if not heal_policy.is_deed(policy):
        key = budget.acted(state.key("note", incident.thing), ruling.input, now, pace)
        state.set_key("note", incident.thing, budget.seen(key, True, now, pace))
        if (policy.get("require") or {}).get("layer_below") in GIVEN_UP and view.thing.layer:
            # Its fact alone does not tell that.
            incident.says = f"{incident.says or incident.policy}; {truth.below(view.thing.layer)}"
        if view.thing.says:
            incident.says = f"{incident.says or incident.policy}: {view.thing.says}"
        _note(state, incident, policy, ruling, now)
        return
    realm, act = ruling.realm, policy["act"]
    held = budget.taken(state.bucket(realm), now, settings.bucket_size, settings.bucket_every)
    if held is None:
        raise RuntimeError("a decision without a token; expected the check bucket to have waited")
    state.buckets[realm] = held
    state.mark("budget", realm)
    state.set_key(
        realm, incident.thing,
        budget.acted(state.key(realm, incident.thing), ruling.input, now, pace),
    )  # fmt: skip
    job, counted = named(incident.names, "job:"), counted_as(incident.names)
    if counted is not None:
        state.touched.setdefault(realm, {})[counted] = now
        state.mark("touched", (realm, counted))
    decision = Decision(
        id=name(), incident=incident.id, action=act["do"], thing=incident.thing,
        subject={**incident.subject, "cluster": incident.cluster, "act": dict(act)},
        names=incident.names, input_hash=ruling.input, created=now,
        expires=now + settings.decision_valid, state="decided" if realm == ACT else "would",
        epoch=state.epoch, value=view.thing.value, checks=[one._asdict() for one in ruling.checks],
        ended=0.0 if realm == ACT else now,
    )  # fmt: skip
    state.decisions[decision.id] = decision
    state.mark("decisions", decision.id)
    state.line(
        DECIDED if realm == ACT else WOULD, now, decision=decision.id, incident=incident.id,
        policy=incident.policy, action=decision.action, thing=incident.thing, realm=realm,
        place=heal_match.place(incident.subject), mode=ruling.mode, input=ruling.input, job=job,
        names=list(incident.names), managed=view.managed, unhealthy=view.unhealthy,
        tokens=held.tokens, pace=pace._asdict(), size=settings.bucket_size,
        every=settings.bucket_every, blast_share=settings.blast_share,
        blast_within=settings.blast_within, mass_failure=settings.mass_failure,
        limits=settings.limits(), checks=decision.checks,
    )  # fmt: skip
    is_act = realm == ACT
    incident.state = DECIDED if is_act else "waiting"
    incident.why = f"decision: {decision.id}" if is_act else f"would: {decision.action}"
    incident.due = FOR_EVER if is_act else state.key(realm, incident.thing).cool_until
    state.mark("incidents", incident.key)


def _note(
    state: State, incident: Incident, policy: Mapping[str, Any], ruling: heal_judge.Ruling,
    now: float,
) -> None:  # fmt: skip
    act = policy["act"]
    what = incident.names[0]
    until = now + float(act["for"]) if act.get("for") is not None else None
    says = incident.says or incident.policy
    is_past = incident.late > _recent(policy)
    state.line(
        "note", now, incident=incident.id, policy=incident.policy, do=act["do"], what=what,
        says=says, count=incident.count, act=dict(act),
        checks=[one._asdict() for one in ruling.checks],
        **({"late": round(incident.late), "stands": heal_over.ends(policy["on"])}
           if is_past else {}),
    )  # fmt: skip
    if is_past:
        # Of a time that is over: people are told, and nothing is stopped for it now.
        close(state, incident, f"noted as past: {act['do']}", now)
        return
    if act["do"] == "freeze":
        before = state.rules.get((FREEZE, "stack", ""))
        # Never shorter than what already holds, whoever said it.
        if before is None or (before.until is not None and (until or FOR_EVER) > before.until):
            state.put_rule(Rule(FREEZE, "stack", says, HEALER, now, until))
    elif act["do"] == "hold":
        for one in [*state.rules.values()]:
            if (one.kind, one.what, one.by) == (HOLD, what, HEALER):
                state.drop_rule(one, now, HEALER)
        state.put_rule(Rule(HOLD, what, says, HEALER, now, until, ruling.input))
    elif act["do"] == "suspect":
        state.put_rule(Rule(SUSPECT, what, says, HEALER, now, until))
    close(state, incident, f"noted: {act['do']}", now)


def _recent(policy: Mapping[str, Any]) -> float:
    """Say how old a fact may be that is noted as of now: as old as what it is counted with."""
    if policy["act"]["do"] == "hold":
        # However old it is: a view has just shown that this is what would be applied now.
        return FOR_EVER
    repeated = (policy.get("require") or {}).get("repeated") or {}
    return max(RECENT, float(repeated.get("within") or 0.0), float(policy["act"].get("for") or 0.0))


def opened(
    state: State, incident: Incident, policy: Mapping[str, Any], now: float, settings: Settings
) -> None:
    """A note's thing is quiet between its incidents; so its pauses are forgotten by quiet alone."""
    if not heal_policy.is_deed(policy):
        pace = heal_policy.pace_of(policy, settings)
        key = budget.seen(state.key("note", incident.thing), False, now, pace)
        state.set_key("note", incident.thing, key)


def close(state: State, incident: Incident, why: str, now: float) -> None:
    """End an incident."""
    incident.state, incident.why, incident.due = CLOSED, why, now
    state.incidents.pop(incident.key, None)
    state.closed.append(incident)


def is_remembered(state: State, incident: Incident) -> bool:
    """Tell whether something was done about the thing that is not forgotten yet."""
    return any(state.key(realm, incident.thing).cool_step for realm in REALMS)


def judging(state: State, now: float, settings: Settings) -> None:
    """Begin to judge; after a time in which nobody looked, the time of health begins anew."""
    gap, state.judged = now - state.judged, now
    if gap <= settings.unseen:
        return
    for name, key in [*state.keys.items()]:
        realm, _, thing = name.partition(":")
        if realm in REALMS and key.healthy_since is not None:
            state.set_key(realm, thing, key._replace(healthy_since=None))


def contend(state: State, incident: Incident, says: str, now: float) -> None:
    """Leave a thing to people that another writer contends for."""
    if (CONTENDED, incident.thing, "") not in state.rules:
        reason = f"{heal_match.place(incident.subject)}: {says.removeprefix('CONTENDED: ')}"
        state.put_rule(Rule(CONTENDED, incident.thing, reason, HEALER, now))


def to_fire(state: State, now: float, settings: Settings) -> list[Decision]:
    """Give the decisions that are to be fired now: at once, and again while nobody claims them."""
    found = []
    for one in state.decisions.values():
        is_next = now - one.fired_at >= settings.refire_after or not one.fired
        if one.state != "decided" or not is_next or one.fired > settings.decision_refire:
            continue
        one.fired, one.fired_at = one.fired + 1, now
        state.mark("decisions", one.id)
        state.line("fired", now, decision=one.id, action=one.action, times=one.fired)
        found.append(one)
    return found


def fire_again(state: State, now: float) -> None:
    """
    After a start, let be fired at once what perhaps never was: whoever kept it last ended.

    No settings are read yet; however long they let it wait, it is no longer than a decision holds.
    """
    for one in state.decisions.values():
        # It is fired right after the step that kept it; another step came after what was fired.
        is_unsure = one.fired <= 1 and one.fired_at >= state.judged
        if one.state == "decided" and is_unsure:
            one.fired_at = min(one.fired_at, now - (one.expires - one.created))


def age(state: State, now: float, settings: Settings) -> None:
    """End the decisions that nobody claimed or finished in time, and forget what is long over."""
    for one in [*state.decisions.values()]:
        if one.state == "decided" and now >= one.expires:
            _given_up(state, one, "nobody claimed it: is the reactor set up?", now)
        elif one.state == "claimed" and now - one.created >= settings.act_within:
            _given_up(state, one, "it was claimed and never ended", now)
        elif one.state not in OPEN_STATES and now - one.ended >= settings.act_within:
            del state.decisions[one.id]
    if len(state.keys) > MOST_KEYS:
        for name, key in [*state.keys.items()]:
            quiet = now - (now if key.healthy_since is None else key.healthy_since)
            if name.startswith("note:") and quiet >= settings.pace.stable and now >= key.cool_until:
                del state.keys[name]
                state.mark("keys", name)
    for realm, jobs in state.touched.items():
        for job in [job for job, at in jobs.items() if now - at >= settings.blast_within]:
            del jobs[job]
            state.mark("touched", (realm, job))


def look_again(state: State, at: float) -> None:
    """Judge anew, no later than at a moment, all that waits or is held: why may be gone."""
    for incident in state.incidents.values():
        if incident.state in (WAITING, HELD) and incident.due < FOR_EVER:
            incident.due = min(incident.due, at)
            state.mark("incidents", incident.key)


def orphaned(state: State, decision: str, effects: tuple[str, ...], now: float) -> None:
    """
    End a claimed decision whose orchestration is gone.

    :param effects: ids that its act is known to have brought about.
    """
    one = state.decisions.get(decision)
    if one is not None and one.state == "claimed":
        says = "its orchestration is gone; whether it acted is not known"
        _given_up(state, one, says, now, effects)


def give_up(state: State, now: float, why: str) -> None:
    """End what is not begun, claimed or not: this master may not act any more."""
    for one in [*state.decisions.values()]:
        is_begun = one.claim is not None and one.claim.get("acts")
        if one.state in OPEN_STATES and not is_begun:
            ended(state, one.id, False, why, (), now)


def _given_up(
    state: State, one: Decision, says: str, now: float, effects: tuple[str, ...] = ()
) -> None:
    ended(state, one.id, False, says, effects, now)
    state.line(
        "alarm", now, cause="decision", decision=one.id, incident=one.incident,
        action=one.action, place=heal_match.place(leaves_of(one.subject)), says=says,
    )  # fmt: skip


def claimed(state: State, decision: str, claim: dict[str, Any]) -> None:
    """Note that an orchestration has claimed a decision; the store has written that already."""
    one = state.decisions[decision]
    one.state, one.claim = "claimed", claim
    for incident in state.incidents.values():
        if incident.id == one.incident:
            incident.state, incident.why = ACTING, f"claimed by {claim.get('jid')}"
            state.mark("incidents", incident.key)


def ended(
    state: State, decision: str, ok: bool, says: str, effects: tuple[str, ...], now: float,
    is_begun: bool = True,
) -> bool:  # fmt: skip
    """
    Note how a decision ended; False for one that is not under way.

    :param ok: a fresh and complete view after it shows nothing wrong.
    :param effects: ids that its act brought about, such as of evaluations and deployments.
    :param is_begun: whether it came to its act.
    """
    one = state.decisions.get(decision)
    if one is None or one.state not in OPEN_STATES:
        return False
    kind = "result" if one.state == "claimed" else "expired"
    one.state = ("done" if ok else "failed") if kind == "result" else "expired"
    more = {} if is_begun else {"begun": False}
    one.ended, one.result = now, {"ok": ok, "says": says, "effects": list(effects), **more}
    state.mark("decisions", decision)
    state.line(kind, now, decision=decision, thing=one.thing, ok=ok, says=says, **more)
    if ok and is_begun and one.value is not None:
        flips = [*state.flips.get(one.thing, ()), (now, one.value, "")]
        state.flips[one.thing] = flips[-MOST_FLIPS:]
        state.mark("flips", one.thing)
    for incident in state.incidents.values():
        if incident.state == WAITING and incident.why.partition(":")[0] in ONE_AT_A_TIME:
            incident.due = min(incident.due, now)
            state.mark("incidents", incident.key)
        if incident.id == one.incident:
            incident.state = WATCHING if ok else "waiting"
            incident.why, incident.due = says, now if ok else state.key(ACT, one.thing).cool_until
            state.mark("incidents", incident.key)
    return True


def give_back(state: State, decision: str, settings: Settings, now: float) -> None:
    """Take back the attempt of a decision that was stopped, or not needed: nothing was tried."""
    one = state.decisions.get(decision)
    if one is None or one.state != "claimed":
        return
    key = state.key(ACT, one.thing)
    if key.input == one.input_hash and key.attempts:
        state.set_key(ACT, one.thing, budget.given_back(key, settings.pace.open_first, now))
        state.line("given_back", now, decision=one.id, thing=one.thing, realm=ACT)


def echo(state: State, envelope: Mapping[str, Any], now: float, settings: Settings) -> str | None:
    """Name the decision whose act brought a fact about; None for a fact of another cause."""
    for one in state.decisions.values():
        is_open = one.state in OPEN_STATES
        effects = ((one.claim if is_open else one.result) or {}).get("effects")
        if not effects or (not is_open and now - one.ended > settings.act_within / 2.0):
            continue
        if envelope.get("verb") in CONTRARY.get(one.action, ()):
            continue
        named_ = {envelope["id"]}
        for part in ("links", "subject"):
            named_.update(v for v in (envelope.get(part) or {}).values() if isinstance(v, str))
        if named_.intersection(effects):
            return one.id
    return None
