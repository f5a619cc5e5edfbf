"""
The healer over what was recorded: the same core, a clock of its own, and a world made of facts.

Pure: facts and what people said go in, in order of time, and out comes what would have been done.
Whether an act would have helped nobody knows: where the audit has the same act, its result is
taken; else it has helped only when the facts say soon after that the fault is over.
"""

from __future__ import annotations

import functools
import heapq
import itertools
import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from saltext.eos.utils import (
    heal_act,
    heal_backtest_past,
    heal_by_fact,
    heal_clock,
    heal_core,
    heal_judge,
    heal_match,
    heal_policy,
    heal_when,
)
from saltext.eos.utils import heal_budget as budget
from saltext.eos.utils import heal_judge_truth as truth
from saltext.eos.utils.heal_backtest_past import Made, Past, Said, prefix_of
from saltext.eos.utils.heal_backtest_world import ASSUMED, UNKNOWN, Seen, World
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import (
    ACT,
    FREEZE,
    HOLD,
    SUSPEND,
    WATCHING,
    WOULD,
    Decision,
    Incident,
    State,
)

# The engine looks this often whether something is due.
TICK = 0.5
# An act after which nothing tells within this that the fault is over, has not helped.
VERIFY = 120.0
CLAIM = 1.0
# What stays unknown for so long is given up, so that the next fact is judged anew.
GIVE_UP = 3600.0
# How far in time a decision of a trial may be from the one of the past that it stands for.
SAME = 60.0
VIEWED = ("complete", "layer_below", "still_wrong", "required", "mass_failure")
UNDER_WAY = ("is under way", "is under way, and only one may be")
RULED = {"frozen": (FREEZE,), "suspended": (HOLD, SUSPEND)}
OVER = (heal_by_fact.TOLD, heal_core.RESTED)
NEVER = heal_act.FOR_EVER


class Fact(NamedTuple):
    """A row of the inbox; ``at`` in seconds since 1970, when it came."""

    at: float
    row: int
    envelope: Mapping[str, Any]


class Untold(NamedTuple):
    """What cannot be told of an incident, and why."""

    at: float
    policy: str
    place: str
    prefix: str
    why: str


class Trial:
    """
    One run of the pipeline.

    :param begin: moment of the first fact or before, in seconds since 1970.
    :param counts_from: what comes before only fills budgets and memory.
    :param late: what was decided so many seconds after it was due here, is decided then.
    """

    def __init__(
        self, table: heal_match.Table, settings: Settings, past: Past, form: Mapping[str, Any],
        begin: float, counts_from: float, late: float = 2 * TICK,
    ) -> None:  # fmt: skip
        self.made: list[Made] = []
        self.untold: list[Untold] = []
        self.waits: dict[str, list[tuple[float, str]]] = {}
        self.checks: dict[str, int] = {}
        self.facts = self.incidents = 0
        self.full: list[str] = []
        """Realms whose budget was taken to be full at first, because no audit tells of it."""
        self.least: dict[str, float] = {}
        self._origin, self._counts_from, self._past = begin, counts_from, past
        self._settings, self._table, self._late = settings, table, late
        self._state = State()
        for realm in (ACT, WOULD):
            held = past.bucket(realm)
            if held is None:
                self.full.append(realm)
                held = budget.Bucket(float(settings.bucket_size), begin)
            self._state.buckets[realm] = held._replace(at=held.at - begin)
        names = (f"trial-{number}" for number in itertools.count(1))
        self._core = heal_core.Core(table, settings, self._state, lambda: next(names))
        self._world = World(
            table, form, lambda prefix, name, now: past.about(prefix, name, begin + now)
        )
        self._now = 0.0
        self._next = NEVER
        self._agenda: list[tuple[float, int, Callable[[float], None]]] = []
        self._orders = itertools.count()
        self._seen: dict[str, Seen] = {}
        self._asleep: dict[str, tuple[float, float, float]] = {}
        self._by_need: dict[Any, set[str]] = {}
        self._guessed: dict[str, float] = {}
        self._reads = [(one.at - begin, one.prefix) for one in past.made if one.kind != "note"]
        for at, prefix, ended in past.moments():
            self._plan(at - begin, functools.partial(self._was_read, prefix, ended))

    def run(self, items: Iterable[Fact | Said], until: float) -> None:
        """Go through facts and what people said, in order of time, and on to a moment."""
        for one in items:
            now = max(self._now, one.at - self._origin)
            self._advance(now)
            if isinstance(one, Said):
                self._obey(one, now)
                continue
            self.facts += one.at >= self._counts_from
            self._world.take(one.envelope, now)
            moment = heal_clock.Time(now, heal_clock.Reading("", now, self._origin + now))
            occurred = heal_when.occurred(one.envelope, moment)
            open_ = len(self._state.incidents)
            heard = heal_when.heard(one.envelope, moment)
            self._core.arrive(one.row, one.envelope, now, occurred, heard)
            if len(self._state.incidents) > open_:
                for incident in [*self._state.incidents.values()][open_:]:
                    self._stir(("thing", incident.thing))
            for need in self._world.touched:
                self._stir(need)
            self._world.touched.clear()
            if self._state.dirty.get("incidents"):
                self._next = min(self._next, max(now, occurred + self._settings.debounce_least))
        self._advance(until - self._origin)
        for incident in self._state.incidents.values():
            if incident.key in self._asleep and self._is_unknown(incident):
                self._tell_not(incident)

    def _advance(self, now: float) -> None:
        while self._next <= now or (self._agenda and self._agenda[0][0] <= now):
            due = max(min(self._next, self._agenda[0][0] if self._agenda else NEVER), self._now)
            moment = min(math.ceil(due / TICK) * TICK, now)
            # Who of two gets the last token, is who got it: reading the truth takes its time.
            index = bisect_left(self._reads, (due,))
            if index < len(self._reads) and self._reads[index][0] <= min(now, due + self._late):
                moment = self._reads[index][0]
                self._prefer(moment, self._reads[index][1])
            self._now = moment
            self._turn(moment)
        self._now = max(self._now, now)

    def _prefer(self, moment: float, prefix: str) -> None:
        late = moment + self._settings.look
        held = [one for one in self._state.incidents.values() if one.due <= late]
        preferred = [one for one in held if one.key[:16] == prefix]
        if not preferred:
            return
        for one in held:
            if one in preferred:
                one.due = min(one.due, moment)
            elif one.due <= moment and heal_policy.is_deed(self._table[one.policy]):
                one.due = moment + TICK / 10

    def _turn(self, now: float) -> None:
        while self._agenda and self._agenda[0][0] <= now:
            heapq.heappop(self._agenda)[2](now)
        state = self._state
        ready = [one for one in state.incidents.values() if one.due <= now]
        for incident in ready:
            held = self._asleep.pop(incident.key, None)
            if held is not None and now >= held[2] and self._is_unknown(incident):
                self._tell_not(incident)
                heal_act.close(state, incident, "cannot tell", now)
                self._stir(("thing", incident.thing))
        before = [(one, one.state) for one in ready]
        views = {}
        for incident in self._core.wanted(now):
            policy = self._table[incident.policy]
            self._seen[incident.id] = seen = self._world.view(incident, policy, now)
            views[incident.id] = seen.view
        fired = self._core.due(now, self._origin + now, views)
        self._collect(now)
        for decision in fired:
            self._take_up(decision, now)
        for incident, stood in before:
            if incident.state != stood:
                self._stir(("thing", incident.thing))
        for incident in ready:
            self._rest(incident, now)
        self._next = max(self._core.soonest(), now + TICK / 10)

    def _collect(self, now: float) -> None:
        at, state = self._origin + now, self._state
        for kind, body in state.lines:
            if kind in heal_backtest_past.KINDS:
                self._note(at, kind, body)
            elif kind == "opened":
                self.incidents += at >= self._counts_from
            elif kind in ("waits", "refused"):
                last = body["checks"][-1]
                if at >= self._counts_from:
                    self.checks[last["name"]] = self.checks.get(last["name"], 0) + 1
                says = f"{last['name']}: {last['says']}"
                heal_backtest_past.story(self.waits, prefix_of(body["incident"]), at, says)
            elif kind in ("result", "expired"):
                self._stir(("decisions",))
            elif kind == "closed":
                prefix = prefix_of(body["incident"])
                heal_backtest_past.story(self.waits, prefix, at, f"closed: {body['why']}")
        for incident in state.closed:
            self._stir(("thing", incident.thing))
            self._seen.pop(incident.id, None)
            self._asleep.pop(incident.key, None)
        state.lines, state.closed, state.dirty = [], [], {}

    def _note(self, at: float, kind: str, body: Mapping[str, Any]) -> None:
        seen = self._seen.get(body["incident"])
        asked = [name for name, _ in heal_judge.NOTES[:-1]] if kind == "note" else None
        rests = [
            f"{name}: {one.says}"
            for name, one in (seen.basis if seen else {}).items()
            if one.grade == ASSUMED and (asked is None or name in asked)
        ]
        if kind == "decided":
            self.least[ACT] = min(self.least.get(ACT, math.inf), body["tokens"])
        elif kind == "would":
            self.least[WOULD] = min(self.least.get(WOULD, math.inf), body["tokens"])
        guessed = self._guessed.get(body.get("thing", ""))
        if guessed is not None:
            rests.append("attempts: what became of the act before it is a guess")
        if at >= self._counts_from:
            self.made.append(heal_backtest_past.made(at, kind, body, tuple(rests)))

    def _take_up(self, decision: Decision, now: float) -> None:
        """Do what the orchestration of a decision did, or would have done."""
        if decision.fired > 1:
            return
        near = self._past.around(prefix_of(decision.incident), self._origin + now, SAME)
        same = [one for one in near if one.kind == "decided" and one.action == decision.action]
        if same:
            result = self._past.result(same[0])
            if result.claimed is not None:
                self._plan(now + result.claimed, lambda _: self._claim(decision))
            if result.claimed is not None and result.ended is not None:
                self._plan(
                    now + max(result.ended, result.claimed),
                    lambda at: self._end(
                        decision, result.ok, result.says, at, result.begun, result.back
                    ),
                )
            return
        self._guessed[decision.thing] = now
        self._plan(now + CLAIM, lambda _: self._claim(decision))
        key = next(
            (one.key for one in self._state.incidents.values() if one.id == decision.incident), ""
        )
        self._plan(now + self._settings.look, lambda at: self._verify(decision, key, now, at))

    def _verify(self, decision: Decision, key: str, since: float, now: float) -> None:
        if self._world.is_over(key):
            self._end(decision, True, "the facts say that the fault is over", now)
        elif now - since >= VERIFY:
            self._end(decision, False, "no fact says that it helped", now)
        else:
            later = now + self._settings.look
            self._plan(later, lambda at: self._verify(decision, key, since, at))

    def _was_read(self, prefix: str, ended: str, now: float) -> None:
        """Look at a thing at the moment at which the audit shows that it was looked at."""
        for incident in self._state.incidents.values():
            if incident.key[:16] != prefix:
                continue
            if ended in OVER or truth.is_not_wrong(ended):
                self._world.over(incident.key, now, f"the audit ({ended})")
            is_asleep = self._asleep.pop(incident.key, None) is not None
            if is_asleep or incident.state == "waiting":
                incident.due = min(incident.due, now)

    def _claim(self, decision: Decision) -> None:
        if decision.state == "decided":
            heal_act.claimed(self._state, decision.id, {"jid": "trial"})

    def _end(
        self, decision: Decision, ok: bool, says: str, now: float, is_begun: bool = True,
        is_back: bool = False,
    ) -> None:  # fmt: skip
        if is_back:
            heal_act.give_back(self._state, decision.id, self._settings, now)
        is_ended = heal_act.ended(self._state, decision.id, ok, says, (), now, is_begun)
        self._stir(("thing", decision.thing))
        self._stir(("decisions",))
        if is_ended and ok:
            for incident in self._state.incidents.values():
                if incident.id == decision.incident:
                    self._world.over(incident.key, now, "the result of the act")

    def _plan(self, at: float, what: Callable[[float], None]) -> None:
        heapq.heappush(self._agenda, (at, next(self._orders), what))

    def _obey(self, said: Said, now: float) -> None:
        if said.rule is None:
            for one in [*self._state.rules.values()]:
                is_meant = said.input is None or bool(said.input) == bool(one.input)
                if (one.kind, one.what) == (said.kind, said.what) and is_meant:
                    self._state.drop_rule(one, now, "a person")
        else:
            until = None if said.lasts is None else said.at - self._origin + said.lasts
            self._state.put_rule(said.rule._replace(at=now, until=until))
        self._stir(("rules",))

    def _is_unknown(self, incident: Incident) -> bool:
        seen, name = self._seen.get(incident.id), incident.why.partition(":")[0]
        if seen is None or self._is_ruled(incident):
            return False
        if incident.state == WATCHING:
            return seen.view.thing.wrong is None or bool(seen.view.blocked)
        return name in VIEWED and name in seen.basis and seen.basis[name].grade == UNKNOWN

    def _is_ruled(self, incident: Incident) -> bool:
        return incident.why.partition(":")[0] in RULED

    def _rest(self, incident: Incident, now: float) -> None:
        """Let an incident sleep until something changes of what it waits for: looks cost time."""
        name, seen = incident.why.partition(":")[0], self._seen.get(incident.id)
        is_open = self._state.incidents.get(incident.key) is incident
        if not is_open or incident.due >= NEVER or seen is None:
            return
        if name in RULED and " is " in incident.why:
            ends = [one.until for one in self._state.rules.values() if one.until is not None]
            self._sleep(incident, now, min([*ends, now + GIVE_UP]), ())
            return
        if self._is_unknown(incident):
            self._sleep(incident, now, now + GIVE_UP, seen.needs)
        elif name in ("own", "blast") and incident.why.endswith(UNDER_WAY):
            self._sleep(incident, now, now + GIVE_UP, (*seen.needs, ("decisions",)))
        elif incident.state == WATCHING and seen.view.thing.wrong is False:
            self._watch(incident, seen, now)

    def _watch(self, incident: Incident, seen: Seen, now: float) -> None:
        """Let an incident that is well sleep until that has lasted for long enough."""
        pace = heal_policy.pace_of(self._table[incident.policy], self._settings)
        keys = [self._state.key(realm, incident.thing) for realm in heal_act.REALMS]
        since = [one.healthy_since for one in keys if one.cool_step]
        if since and all(one is not None for one in since):
            until = min(one for one in since if one is not None) + pace.stable
            self._sleep(incident, now, until, (*seen.needs, ("thing", incident.thing)))

    def _sleep(
        self, incident: Incident, now: float, until: float, needs: tuple[Any, ...]
    ) -> None:  # fmt: skip
        step = max(incident.due - now, TICK)
        wakes = incident.due + math.ceil(max(0.0, until - incident.due) / step) * step
        self._asleep[incident.key] = (incident.due, step, wakes)
        incident.due = wakes
        for need in (("rules",), ("prefix", incident.key[:16]), *needs):
            self._by_need.setdefault(need, set()).add(incident.key)

    def _stir(self, need: Any) -> None:
        """Wake those that wait for this, at the moment at which they would have looked."""
        for key in self._by_need.pop(need, ()):
            held, incident = self._asleep.pop(key, None), self._state.incidents.get(key)
            if held is None or incident is None:
                continue
            due, step, _ = held
            missed = math.ceil(max(0.0, self._now - due) / step)
            incident.due = min(incident.due, due + missed * step)
            self._next = min(self._next, incident.due)

    def _tell_not(self, incident: Incident) -> None:
        if incident.state == WATCHING:
            return
        seen = self._seen.get(incident.id)
        name = incident.why.partition(":")[0]
        why = f"{name}: {seen.basis[name].says}" if seen and name in seen.basis else incident.why
        at = self._origin + incident.last
        if at >= self._counts_from:
            place = heal_match.place(incident.subject)
            prefix = prefix_of(incident.id)
            self.untold.append(Untold(at, incident.policy, place, prefix, why))
