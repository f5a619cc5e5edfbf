"""100,000 facts in any order, doubled, lost, with jumping clocks and crashes: every bound holds."""

from __future__ import annotations

import random
import sqlite3
import sys

import pytest
from bounds import broken
from healing import TABLE, WRONG, Clocks, fact, policy, view

from saltext.eos.utils import (
    heal_act,
    heal_clock,
    heal_command,
    heal_core,
    heal_file,
    heal_judge,
    heal_judge_case,
    heal_judge_leave,
    heal_rows,
    heal_settings,
    heal_state,
)

EVENTS, BATCH = 100_000, 50
KINDS = {
    "nomad/alloc/failed": 500, "host/unit/failed": 100, "nomad/service/deregistered": 100,
    "nomad/alloc/started": 100, "nomad/alloc/lost": 50, "nomad/deployment/reverted": 1,
    "kernel/oom/killed": 1,
}  # fmt: skip
POLICIES = {
    **TABLE,
    "apply": policy(
        ["nomad/service/deregistered"], {"do": "apply", "component": "consul"},
        ["subject.job", "subject.minion"], repeated={"times": 2, "within": 60.0, "distinct": None},
    ),
}  # fmt: skip
SETTINGS = heal_settings.read(
    {"mode": "enforce", "jobs": {"j1": "observe", "j2": "warn"}, "components": {"consul": "warn"}}
)


class World:
    """Everything around the core, all of it against the core."""

    def __init__(self, seed):
        self.dice, self.clocks = random.Random(seed), Clocks()
        self.time = heal_clock.first(self.clocks())
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.executescript(heal_file.SCHEMA)
        self.lines, self.crashes, self.number, self.told = [], 0, 0, 0
        self.state = heal_state.State()
        self.state.buckets = {"act": heal_state.budget.Bucket(5.0, 0.0)}
        self.state.mark("budget", "act")
        self._commit()
        self._begin(self.state)

    def _begin(self, state):
        self.state = state
        names = iter(lambda: f"{self.dice.getrandbits(64):x}", None)
        self.core = heal_core.Core(POLICIES, SETTINGS, state, lambda: next(names))

    def _commit(self):
        self.lines += self.state.lines
        self.state.lines = []
        heal_rows.write(self.db, self.state, self.time.now - 2 * SETTINGS.healer_wait)

    def run(self, events):
        for first in range(self.told, self.told + events, BATCH):
            batch = [self._fact(first + n + 1) for n in range(BATCH)]
            self._disorder(batch)
            self._pass_time()
            while not self._step(batch):
                self.crashes += 1
                self._begin(heal_rows.read(self.db))
            self._orchestrate()
        self.told += events

    def _step(self, batch):
        now = self.time.now
        for row, envelope in batch:
            ago = self.dice.choice((None, -5.0, 0.0, 3.0, 10.0, 4000.0))
            self.core.arrive(row, envelope, now, None if ago is None else now - ago)
        if self.dice.random() < 0.05:
            self._command(now)
        views = {one.id: self._view(now) for one in self.core.wanted(now)}
        decisions = self.core.due(now, self.clocks.wall, views)
        if self.dice.random() < 0.05:
            return False
        self._commit()
        self.fired = decisions
        return True

    def _orchestrate(self):
        """Claim what was fired, or not; end it soon, late or never."""
        now = self.time.now
        for one in self.fired:
            if one.state == "decided" and self.dice.random() < 0.8:
                heal_act.claimed(self.state, one.id, {"jid": "1"})
                self.state.mark("decisions", one.id)
                self.state.line("claimed", now, decision=one.id)
        for one in [*self.state.decisions.values()]:
            if one.state == "claimed" and self.dice.random() < 0.5:
                is_ok = self.dice.random() < 0.5
                heal_act.ended(self.state, one.id, is_ok, "seen", (f"x{self.number}",), now)
        self._commit()

    def _fact(self, row):
        dice = self.dice
        (kind,) = dice.choices([*KINDS], [*KINDS.values()])
        job = f"j{min(60, int(dice.paretovariate(0.6)))}"
        self.number += dice.random() < 0.9  # else the id of the one before comes again
        minion, unit = f"n{dice.randrange(3)}", f"u{dice.randrange(3)}"
        space = dice.choice(("default", "apps"))
        told = fact(self.number, kind, job, minion=minion, unit=unit, namespace=space)
        told["links"] = {"eval": f"x{dice.randrange(self.number + 1)}"}
        told["settled"] = dice.random() < 0.95
        return row, told

    def _disorder(self, batch):
        dice = self.dice
        if dice.random() < 0.3:
            dice.shuffle(batch)
        if dice.random() < 0.3:
            batch += batch[: dice.randrange(BATCH)]
        if dice.random() < 0.2:
            del batch[: dice.randrange(BATCH)]

    def _pass_time(self):
        dice, clocks = self.dice, self.clocks
        steps = {0.0: 2, 1.0: 2, 6.0: 8, 16.0: 8, 61.0: 4, 400.0: 2, 4000.0: 1}
        (step,) = dice.choices([*steps], [*steps.values()])
        clocks.pass_(step * dice.random())
        if dice.random() < 0.05:
            clocks.wall += dice.choice((-1e6, -3600.0, 3600.0))
        if dice.random() < 0.01:
            clocks.boot, clocks.monotonic = f"{dice.random()}", 1.0
        self.time = heal_clock.after(self.time, clocks())

    def _view(self, now):
        dice = self.dice
        if dice.random() < 0.7:
            return view(now, WRONG._replace(wrong=dice.random() < 0.95))
        thing = WRONG._replace(
            wrong=dice.choices((True, False, None), (8, 2, 1))[0],
            layer=dice.choice(("settled", "settled", "progress", "failed", None)),
            input=dice.choices(("spec-a", "spec-b", None), (8, 1, 1))[0],
            value=dice.choices((None, "v"), (9, 1))[0],
        )
        return view(
            now - dice.choices((0.0, 5.0, 60.0), (8, 1, 1))[0], thing,
            blocked=dice.choices(("", "nomad"), (9, 1))[0],
            unhealthy=dice.choices((1, 40, 41, 90), (6, 1, 1, 1))[0],
            managed=dice.choices((100, 30, 0), (8, 2, 1))[0],
            red=dice.choices(("", "vault"), (9, 1))[0],
        )  # fmt: skip

    def _command(self, now):
        dice = self.dice
        verb = dice.choice(("freeze", "suspend", "hold", "thaw", "thaw", "resume", "release"))
        what = dice.choice(
            (
                "stack",
                f"job:j{dice.randrange(5)}",
                f"job:j{dice.randrange(5)}",
                "node:n1",
                "policy:unit",
            )
        )
        body = {"verb": verb, "what": what, "reason": "x", "seconds": 600.0 * dice.random()}
        try:
            heal_command.obey(self.state, body, "ann", now, SETTINGS)
        except heal_command.Refused as err:
            assert verb in heal_command.DROPS or "lasts longer" in str(err)


def test_every_bound_holds_over_100_000_facts_and_through_crashes():
    world = World(1)
    world.run(EVENTS)
    assert broken(world.lines) == []
    assert broken(world.lines, kind="would") == []
    acts = [body["t"] for kind, body in world.lines if kind == "decided"]
    assert len(acts) > 50
    for count, moment in enumerate(acts, 1):
        assert count <= 5 + moment / 600.0 + 1e-6
    assert world.crashes > 50
    assert {kind for kind, _ in world.lines} >= {
        "opened", "waits", "decided", "would", "note", "own", "rule", "rule_ended", "claimed",
        "result", "expired", "fired", "closed",
    }  # fmt: skip


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_every_bound_holds_whatever_the_dice_say(seed):
    world = World(seed)
    world.run(5_000)
    assert broken(world.lines) == broken(world.lines, kind="would") == []


@pytest.mark.parametrize(
    "check", ["frozen", "suspended", "mass_failure", "cool_down", "breaker", "blast"]
)
def test_without_any_one_check_a_bound_breaks(check, monkeypatch):
    """So the bounds are held by the checks, and the world is hard enough to need each."""
    steps = tuple(
        (name, _lets_through if name == check else step) for name, step in heal_judge.PIPELINE
    )
    monkeypatch.setattr(heal_judge, "PIPELINE", steps)
    # With few tokens the bucket alone would hold most of the others.
    many = SETTINGS._replace(bucket_size=50, bucket_every=60.0)
    monkeypatch.setattr(sys.modules[__name__], "SETTINGS", many)
    for seed in range(5, 12):
        world = World(seed)
        for _ in range(5):
            world.run(2_000)
            if broken(world.lines):
                return
    pytest.fail(f"no bound broke without the check {check}")


def test_counted_by_the_bare_name_of_jobs_a_bound_breaks(monkeypatch):
    """Mutation: let the checker count so too, and it finds nothing."""
    for module in (heal_act, heal_judge_leave):
        monkeypatch.setattr(module, "counted_as", lambda names: heal_state.named(names, "job:"))
    many = SETTINGS._replace(bucket_size=50, bucket_every=60.0)
    monkeypatch.setattr(sys.modules[__name__], "SETTINGS", many)
    for seed in range(5, 12):
        world = World(seed)
        world.run(10_000)
        if found := broken(world.lines):
            assert all("jobs touched within the hour" in one for one in found)
            return
    pytest.fail("no bound broke with jobs of two namespaces counted as one")


def _lets_through(case):
    return heal_judge_case.Outcome(heal_judge_case.PASSED, "whatever")


def test_a_storm_over_fifty_jobs_is_five_acts_and_little_memory():
    """Of 120,000 facts within ten minutes only the state of fifty jobs stays."""
    from healing import Healer

    healer = Healer()
    for number in range(120_000):
        healer.tell("nomad/alloc/failed", f"job{number % 50}")
        if number % 200 == 0:
            for one in healer.after(1.0):
                heal_act.claimed(healer.state, one.id, {"jid": "1"})
                heal_act.ended(healer.state, one.id, False, "not well", (), healer.now)
    assert 5 <= len(healer.decided()) <= 6
    assert len(healer.state.incidents) == 50
    assert len(healer.state.recent) <= heal_core.RECENT
    assert len(healer.state.lines) < 5_000


def test_more_things_than_can_be_open_are_said_once_a_minute():
    from healing import Healer

    healer = Healer()
    for number in range(heal_core.MOST_OPEN + 1_000):
        healer.tell("nomad/alloc/failed", f"job{number}")
    assert len(healer.state.incidents) == heal_core.MOST_OPEN
    assert healer.kinds().count("crowded") == 1
