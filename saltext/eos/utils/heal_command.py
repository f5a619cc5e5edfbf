"""What people, and the orchestrations of decisions, tell the healer: commands, one row each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from saltext.eos.utils import heal_act, heal_budget
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import (
    ACT,
    CONTENDED,
    FREEZE,
    HOLD,
    SUSPECT,
    SUSPEND,
    Rule,
    State,
)

# A suspension that nobody ends has to end.
LONGEST = 72 * 3600.0
PUTS = {"freeze": FREEZE, "suspend": SUSPEND, "hold": HOLD}
DROPS = {"thaw": (FREEZE,), "resume": (SUSPEND,), "release": (HOLD, SUSPECT, CONTENDED)}
OWNERS = ("person", "healer")
LOOK = "look"
TOUCHED = "touched"
# By what an act was allowed to touch other jobs.
BOUND = ("managed", "blast_share", "blast_within")
VERBS = (*PUTS, *DROPS, LOOK, TOUCHED, "result")


class Refused(ValueError):
    """A command that cannot be meant."""


def checked(body: Any) -> dict[str, Any]:
    """
    Look a command over before it is appended.

    ``{"verb": freeze|suspend|hold, "what", "reason", "seconds"}``,
    ``{"verb": thaw|resume|release|look, "what"}``, with ``"of": person|healer`` where one of both
    is meant, ``{"verb": "touched", "jobs", "decision", "managed", "blast_share", "blast_within"}``
    or
    ``{"verb": "result", "decision", "ok", "says", "effects"}``, with ``"begun": false`` where the
    act was not even begun, and then ``"back": true`` where that was no attempt; ``what`` is one of
    the names of an incident, such as ``stack``, ``job:web`` or ``node:n1``; for a contended thing
    its hash. ``"things"`` of a release has those whose breaker it closes, each with what people
    call it: a breaker outlives what is in memory of its thing.

    :raises Refused: with what was expected.
    """
    if not isinstance(body, Mapping) or body.get("verb") not in VERBS:
        raise Refused(f"a command is {body!r}; expected a verb of {', '.join(VERBS)}")
    verb = body["verb"]
    if verb == "result":
        effects = body.get("effects", [])
        is_right = type(body.get("decision")) is str and type(body.get("ok")) is bool
        if not is_right or not isinstance(effects, list):
            raise Refused(f"a result is {body!r}; expected decision, ok, says and effects")
        return dict(body)
    if verb == TOUCHED:
        jobs = body.get("jobs")
        if not isinstance(jobs, list) or not all(type(one) is str for one in jobs):
            raise Refused(f"touched are {jobs!r}; expected names of jobs")
        if type(body.get("decision")) is not str or any(
            type(body.get(name)) not in (int, float) for name in BOUND
        ):
            raise Refused(f"jobs were touched by {body!r}; expected decision, {', '.join(BOUND)}")
        return dict(body)
    if type(body.get("what")) is not str or not body["what"]:
        raise Refused(f"{verb} of {body.get('what')!r}; expected what, such as stack or job:web")
    if verb not in PUTS:
        if body.get("of") not in (None, *OWNERS):
            raise Refused(f"{verb} of {body['of']!r}; expected one of {', '.join(OWNERS)}")
        things = body.get("things", {})
        if not isinstance(things, dict) or not all(type(one) is str for one in things.values()):
            raise Refused(f"{verb} closes {things!r}; expected things, each with what it is called")
        return dict(body)
    if type(body.get("reason")) is not str or not body["reason"].strip():
        raise Refused(f"{verb} without a reason; expected one, for those who come later")
    seconds = body.get("seconds")
    if seconds is None and verb != "suspend":
        return dict(body)
    most = LONGEST if verb == "suspend" else float("inf")
    if type(seconds) not in (int, float) or not 0 < float(seconds or 0) <= most:
        raise Refused(f"{verb} for {seconds!r}; expected seconds, for suspend at most 72 h")
    if not isfinite(float(seconds or 0)):
        raise Refused(f"{verb} for {seconds!r}; expected seconds, or none for no end")
    return dict(body)


def outlasts(held: Rule, until: float | None, now: float) -> bool:
    """Tell whether a rule for every input holds beyond a moment; None is without end."""
    if held.until is not None and held.until <= now:
        return False
    return until is not None and (held.until is None or held.until > until)


def dropped(rules: Iterable[Rule], verb: str, what: str, of: str | None) -> list[Rule]:
    """
    List the rules that a verb takes back.

    :param of: whose; None for all.
    """
    return [
        one
        for one in rules
        if one.kind in DROPS[verb] and one.what == what and of in (None, owner(one))
    ]


def owner(rule: Rule) -> str:
    """Say who put a rule: a person, or the healer by a policy."""
    return OWNERS[rule.by == heal_act.HEALER]


def obey(state: State, body: Mapping[str, Any], by: str, now: float, settings: Settings) -> None:
    """
    Do what a command says.

    :param by: who gave it.
    :raises Refused: it cannot be meant.
    """
    command = checked(body)
    verb = command["verb"]
    if verb == "result":
        says = str(command.get("says", ""))
        effects = tuple(str(one) for one in command.get("effects", []))
        decision, is_begun = command["decision"], command.get("begun") is not False
        if not is_begun and command.get("back") is True:
            heal_act.give_back(state, decision, settings, now)
        if not heal_act.ended(state, decision, command["ok"], says, effects, now, is_begun):
            raise Refused(f"decision {command['decision']} is not under way")
        return
    if verb == TOUCHED:
        for job in command["jobs"]:
            state.touched.setdefault(ACT, {})[job] = now
            state.mark("touched", (ACT, job))
        bound = {name: command[name] for name in BOUND}
        state.line(TOUCHED, now, decision=command["decision"], jobs=command["jobs"], **bound)
        return
    what = command["what"]
    if verb == LOOK:
        # Only sooner: what is looked at goes through every check.
        for incident in state.incidents.values():
            if what in incident.names and incident.due < heal_act.FOR_EVER:
                incident.due = min(incident.due, now)
                state.mark("incidents", incident.key)
        return
    if verb in PUTS:
        seconds = command.get("seconds")
        until = None if seconds is None else now + float(seconds)
        held = state.rules.get((PUTS[verb], what, ""))
        if held is not None and held.by != by and outlasts(held, until, now):
            says = f"what {held.by} said about {what} lasts longer, and stays: {held.reason}"
            raise Refused(says)
        state.put_rule(Rule(PUTS[verb], what, command["reason"], by, now, until))
        return
    found = dropped(state.rules.values(), verb, what, command.get("of"))
    things = command.get("things", {}) if verb == "release" else {}
    breakers = [
        (realm, thing) for thing in sorted(things) for realm in heal_act.REALMS
        if state.key(realm, thing).breaker != heal_budget.CLOSED
    ]  # fmt: skip
    if not found and not breakers:
        raise Refused(f"nothing to {verb} for {what}")
    for one in found:
        state.drop_rule(one, now, by)
    for realm, thing in breakers:
        state.set_key(realm, thing, heal_budget.closed(state.key(realm, thing)))
        state.line("breaker_closed", now, thing=thing, realm=realm, what=things[thing], by=by)
    if verb == "release":
        state.flips.pop(what, None)
        state.mark("flips", what)
    heal_act.look_again(state, now + settings.look)
