"""
The healer's step: facts and views go in, changed state, decisions and lines of the audit come out.

Pure but for the names of decisions: no clock, no file, no bus. What is written, is written by the
store in one transaction with the cursor of the inbox; what is fired, is fired after that.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from typing import Any

from saltext.eos.utils import (
    heal_act,
    heal_by_fact,
    heal_judge,
    heal_match,
    heal_over,
    heal_policy,
    heal_room,
)
from saltext.eos.utils import heal_budget as budget
from saltext.eos.utils.heal_judge_case import CLOSE, DECIDE, HOUR, REFUSE
from saltext.eos.utils.heal_left import Unjudged
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import (
    CLOSED,
    DEBOUNCING,
    HELD,
    MOST_EVENTS,
    OPEN_STATES,
    WATCHING,
    Decision,
    Incident,
    State,
    Thing,
    View,
    acted_on,
    component_of,
    names,
    renamed,
    with_names,
)

# Incidents open at once: above it a new one is not opened, and the audit says so once a minute.
MOST_OPEN = 5_000
RECENT = 4_096
MOST_COUNTS = 10_000
RESTED = "it has been healthy for long enough"
NOTHING = View(0.0, "", 0, 0, "", Thing())


def a_name() -> str:
    """Make a name for a decision that nobody can guess."""
    return secrets.token_hex(12)


class Core:
    """
    The healer, without its edges.

    :param table: the policies.
    :param name: makes the ids of decisions.
    :param left: what is left to people until when; see heal_left.
    """

    def __init__(
        self,
        table: heal_match.Table,
        settings: Settings,
        state: State,
        name: Callable[[], str] = a_name,
        left: dict[str, float] | None = None,
    ) -> None:
        self.table, self.settings, self.state = table, settings, state
        self._went_by: Settings | None = None
        self._index = heal_match.index(table)
        self._name, self.left = name, {} if left is None else left
        self._crowded = float("-inf")
        self._by_fact, self._is_begun = heal_by_fact.families(table), False
        self._ending: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
        for policy_name, policy in table.items():
            if heal_over.ends(policy["on"]) and not heal_policy.is_deed(policy):
                for family in sorted({one.rpartition("/")[0] for one in policy["on"]}):
                    self._ending.setdefault(family, []).append((policy_name, policy))
        for one in state.incidents.values():
            # A policy may have changed since; budgets go by what it touches now.
            if one.policy in table:
                one.thing = thing(table[one.policy], one.cluster, one.subject)
                one.names = renamed(table, one.names, one.subject)
        for held in state.decisions.values():
            if held.state in OPEN_STATES:
                held.names = renamed(table, held.names, held.subject)

    def arrive(
        self, row: int, envelope: Mapping[str, Any], now: float, occurred: float | None = None,
        heard: float | None = None,
    ) -> None:  # fmt: skip
        """
        Take a fact from the inbox; one that came before changes nothing.

        :param row: its row there; rows come in order, and one at or below the cursor is old.
        :param occurred: the healer's moment at which it occurred; now without one.
        :param heard: the one that says how late it comes; that at which it occurred without one.
        """
        state = self.state
        if row <= state.row:
            return
        state.row = row
        if envelope["id"] in state.recent:
            return
        if heal_over.is_over(envelope["event"], envelope["verb"]):
            self._over(envelope, now)
        found = heal_match.matches(self._index, envelope)
        heal_by_fact.taken_back(state, self._by_fact, envelope, found, now)
        if not found:
            return
        state.recent[envelope["id"]] = None
        if len(state.recent) > RECENT:
            del state.recent[next(iter(state.recent))]
        echo = heal_act.echo(state, envelope, now, self.settings)
        at = now if occurred is None else min(occurred, now)
        late = now - (at if heard is None else min(heard, now))
        for match in found:
            policy = self.table[match.policy]
            if echo and not heal_policy.stops(policy):
                state.line("own", now, policy=match.policy, event=envelope["id"], decision=echo)
                continue
            if self._is_often(match, policy, envelope, at):
                self._join(row, match, policy, envelope, now, at, late)

    def _over(self, envelope: Mapping[str, Any], now: float) -> None:
        """Close what waits to be noted as past, and was over before: nobody is told of it."""
        for name, policy in self._ending.get(envelope["event"], ()):
            subject = {at: heal_match.leaf(envelope, at) for at in policy["key"]}
            key = heal_match.Match(name, heal_match.cluster(envelope), subject).key()
            incident = self.state.incidents.get(key)
            if incident is not None and incident.late > heal_act.RECENT:
                self._close(incident, "it was over before it could be noted", now)

    def _is_often(
        self, match: heal_match.Match, policy: Mapping[str, Any], envelope: Mapping[str, Any],
        at: float,
    ) -> bool:  # fmt: skip
        repeated = (policy.get("require") or {}).get("repeated")
        if not repeated:
            return True
        counts, key = self.state.counts, match.key()
        value = heal_match.value_of(envelope, repeated)
        counts[key], enough = heal_match.counted(counts.pop(key, []), at, value, repeated)
        self.state.mark("counts", key)
        if len(counts) > MOST_COUNTS:
            oldest = next(iter(counts))
            del counts[oldest]
            self.state.mark("counts", oldest)
        return enough

    def _join(
        self, row: int, match: heal_match.Match, policy: Mapping[str, Any],
        envelope: Mapping[str, Any], now: float, at: float, late: float,
    ) -> None:  # fmt: skip
        state, key = self.state, match.key()
        if self._is_left(f"{key[:16]}-{row}", now):
            return
        incident = state.incidents.get(key)
        least, most = self.settings.debounce_least, self.settings.debounce_most
        at = max(at, now - most)
        if incident is not None:
            incident.count += 1
            incident.late = min(late, incident.late)
            incident.last = max(now, incident.last)
            incident.occurred = min(at, incident.occurred)
            incident.latest = max(at, incident.latest)
            incident.events = [*incident.events, envelope["id"]][-MOST_EVENTS:]
            incident.leave = heal_by_fact.leave_of(policy)
            if incident.state == DEBOUNCING:
                incident.says = self._says(policy, envelope, key)
                incident.due = min(incident.latest + least, incident.occurred + most)
            elif incident.state == WATCHING:
                incident.due = min(incident.due, now + least)
                if policy["act"]["do"] in heal_policy.BY_FACT:
                    incident.state = DEBOUNCING
            state.mark("incidents", key)
            return
        is_full = len(state.incidents) >= MOST_OPEN
        if is_full and not heal_room.made(state, self.table, policy, self.settings, now):
            if now - self._crowded >= 60.0:
                self._crowded = now
                state.line("crowded", now, open=len(state.incidents), event=envelope["id"])
            return
        told = heal_match.told(state.counts.get(key, ()), policy, envelope["id"], MOST_EVENTS)
        incident = Incident(
            id=f"{key[:16]}-{row}", policy=match.policy, key=key, cluster=match.cluster,
            subject=match.subject, names=tuple(names(match.policy, policy, match.subject)),
            thing=thing(policy, match.cluster, match.subject),
            opened=now, last=now, due=at + min(least, most), occurred=at, latest=at, late=late,
            events=told, count=len(told), leave=heal_by_fact.leave_of(policy),
            says=self._says(policy, envelope, key),
        )  # fmt: skip
        heal_act.opened(state, incident, policy, now, self.settings)
        state.incidents[key] = incident
        state.mark("incidents", key)
        state.line(
            "opened", now, incident=incident.id, policy=incident.policy, says=incident.says,
            place=heal_match.place(incident.subject), event=envelope["id"],
        )  # fmt: skip

    def _says(self, policy: Mapping[str, Any], envelope: Mapping[str, Any], key: str) -> str:
        """Put a fact into the words of a policy, with how often it counted."""
        count = max(1, len(self.state.counts.get(key, ())))
        return heal_match.sentence(policy.get("says") or "", envelope, count)

    def soonest(self, asked: Collection[str] = ()) -> float:
        """
        Say when something is due next.

        :param asked: ids of incidents whose view is being read.
        """
        state, settings = self.state, self.settings
        moments = [one.due for one in state.incidents.values() if one.id not in asked]
        moments += [rule.until for rule in state.rules.values() if rule.until is not None]
        for one in state.decisions.values():
            if one.state == "decided" and one.fired > settings.decision_refire:
                moments.append(one.expires)
            elif one.state == "decided":
                moments.append(min(one.expires, one.fired_at + settings.refire_after))
            elif one.state == "claimed":
                moments.append(one.created + settings.act_within)
        return min(moments, default=heal_act.FOR_EVER)

    def wanted(self, now: float) -> list[Incident]:
        """Give the incidents whose view has to be read before :meth:`due` can go on."""
        return [
            one
            for one in self.state.incidents.values()
            if one.due <= now and not self._is_left(one.id, now)
            and heal_policy.needs_view(self.table.get(one.policy) or _GONE)
        ]  # fmt: skip

    def due(self, now: float, wall: float, views: Mapping[str, View]) -> list[Decision]:
        """
        Do what is due, and give the decisions that have to be fired, once all of it is written.

        :param wall: seconds since 1970.
        :param views: by the id of the incident; one that has none waits for it.
        """
        state = self.state
        for rule in [*state.rules.values()]:
            if rule.until is not None and rule.until <= now:
                state.drop_rule(rule, now, "its end")
        if not self._is_begun:
            heal_by_fact.close_older(state, self.table, now)
            self._is_begun = True
        if self.settings != self._went_by:
            # By these what waits may be free; by which an engine before went nobody knows.
            heal_act.look_again(state, now)
            self._went_by = self.settings
        heal_act.age(state, now, self.settings)
        ready = [one for one in state.incidents.values() if one.due <= now]
        # Notes first: what they stop is stopped before anything acts.
        ready.sort(key=lambda one: (one.policy in self.table and self._is_deed(one), one.opened))
        for incident in ready:
            if self._is_left(incident.id, now):
                # Whatever wants it sooner, other settings or a thaw, it is left until then.
                incident.due = max(incident.due, self.left[_begin(incident.id)])
                state.mark("incidents", incident.key)
                continue
            policy = self.table.get(incident.policy)
            if policy is None:
                self._close(incident, "its policy is no more", now)
                continue
            view = views.get(incident.id)
            if view is None and heal_policy.needs_view(policy):
                continue
            try:
                self._look(incident, policy, view or NOTHING, now, wall)
            except Exception as err:
                why = f"{type(err).__name__}: {err}"[:300]
                raise Unjudged(incident.id, incident.policy, incident.subject, why) from err
        return heal_act.to_fire(state, now, self.settings)

    def put_aside(self, left: Unjudged, now: float) -> None:
        """Leave an incident to people for an hour, before any fact comes or anything is judged."""
        self.left[_begin(left.incident)] = now + HOUR
        for incident in self.state.incidents.values():
            if incident.id == left.incident:
                self._put(incident, HELD, str(left), now + HOUR)
        about = {"incident": left.incident, "policy": left.policy, "place": left.place}
        self.state.line("unjudged", now, **about, why=str(left))

    def _is_left(self, name: str, now: float) -> bool:
        return now < self.left.get(_begin(name), now)

    def _is_deed(self, incident: Incident) -> bool:
        return heal_policy.is_deed(self.table[incident.policy])

    def _look(
        self, incident: Incident, policy: Mapping[str, Any], view: View, now: float, wall: float
    ) -> None:
        state = self.state
        if heal_policy.is_deed(policy):
            incident.names = with_names(incident.names, view.thing.names)
            is_whole = not view.blocked and now - view.at <= self.settings.fresh
            self._note_health(incident, policy, is_whole and view.thing.wrong is False, now)
            if incident.state == WATCHING and self._watch(incident, policy, is_whole, view, now):
                return
        ruling = heal_judge.judge(incident, policy, view, state, self.settings, now, wall)
        if ruling.kind == DECIDE:
            heal_act.decide(state, incident, policy, view, ruling, self.settings, now, self._name)
        elif ruling.kind == CLOSE:
            if heal_policy.is_deed(policy) and heal_act.is_remembered(state, incident):
                later = now + self.settings.watch_every
                self._put(incident, WATCHING, ruling.last().says, later)
            else:
                self._close(incident, ruling.last().says, now)
        else:
            self._wait(incident, ruling, now)

    def _note_health(
        self, incident: Incident, policy: Mapping[str, Any], is_healthy: bool, now: float
    ) -> None:
        pace = heal_policy.pace_of(policy, self.settings)
        # What one incident sees in order may be wrong for another about the same thing.
        is_healthy = is_healthy and not any(
            one.thing == incident.thing and one.state != WATCHING
            for one in self.state.incidents.values()
            if one is not incident
        )
        for realm in heal_act.REALMS:
            before = self.state.key(realm, incident.thing)
            after = budget.seen(before, is_healthy, now, pace)
            if before != budget.Key() and after.cool_step == 0 < before.cool_step:
                what = heal_match.place(incident.subject)
                self.state.line("rested", now, thing=incident.thing, realm=realm, what=what)
            self.state.set_key(realm, incident.thing, after)

    def _watch(
        self, incident: Incident, policy: Mapping[str, Any], is_whole: bool, view: View, now: float
    ) -> bool:  # fmt: skip
        """Go on watching, or end it; False when it is wrong again."""
        if is_whole and view.thing.wrong is True:
            if policy["act"]["do"] in heal_policy.BY_FACT:
                self._close(incident, "it is so again, and no fact says that it may be undone", now)
                return True
            self._put(incident, DEBOUNCING, "it is wrong again", now)
            return False
        is_known = is_whole and view.thing.wrong is False
        if not is_known and now - incident.last >= self.settings.unknown_for:
            self._close(incident, "for too long nothing was known of it", now)
        elif not heal_act.is_remembered(self.state, incident):
            is_told = incident.why == heal_by_fact.TOLD
            self._close(incident, heal_by_fact.TOLD if is_told else RESTED, now)
        else:
            self._put(incident, WATCHING, incident.why, now + self.settings.watch_every)
        return True

    def _wait(self, incident: Incident, ruling: heal_judge.Ruling, now: float) -> None:
        last = ruling.last()
        stands = HELD if ruling.kind == REFUSE else "waiting"
        why = f"{last.name}: {last.says}"
        if incident.why.partition(":")[0] != last.name:
            kind = "refused" if ruling.kind == REFUSE else "waits"
            self.state.line(
                kind, now, incident=incident.id, policy=incident.policy, until=ruling.until,
                checks=[one._asdict() for one in ruling.checks],
            )  # fmt: skip
        if ruling.kind == REFUSE and last.name == "contended":
            heal_act.contend(self.state, incident, last.says, now)
        keeps = incident.state == DEBOUNCING and last.name == "debounce"
        self._put(incident, DEBOUNCING if keeps else stands, why, ruling.until)

    def _put(self, incident: Incident, state: str, why: str, due: float) -> None:
        incident.state, incident.why, incident.due = state, why, due
        self.state.mark("incidents", incident.key)

    def _close(self, incident: Incident, why: str, now: float) -> None:
        heal_act.close(self.state, incident, why, now)
        self.state.line(CLOSED, now, incident=incident.id, policy=incident.policy, why=why)


def thing(policy: Mapping[str, Any], cluster: str, subject: Mapping[str, Any]) -> str:
    """Name what the act of a policy touches: all budgets of one thing are under this name."""
    act = policy["act"]
    parts = (
        act["do"],
        component_of(act, subject),
        act.get("field"),
        cluster,
        acted_on(act, subject),
    )
    return heal_match.digest(*parts)


def _begin(name: str) -> str:
    """Give how the id of each incident about one thing begins."""
    return name.rpartition("-")[0]


_GONE: Mapping[str, Any] = {"act": {"do": "watch"}}
