"""The bounds of healing, for every history that could be thought of."""

from __future__ import annotations

import itertools
import random

import pytest

from saltext.eos.utils import heal_budget as budget
from saltext.eos.utils import heal_clock as clock

PACE = budget.Pace()
SIZE, EVERY = 5, 600.0
MINUTE, DAY = 60.0, 86_400.0


def _acts(events, pace=PACE):
    """Act as often as the rules let through; events are ``(moment, key, input)``."""
    bucket = budget.Bucket(SIZE, 0.0)
    keys, done = {}, []
    for now, name, input_ in events:
        key = budget.seen(keys.get(name, budget.Key()), False, now, pace)
        if budget.wait(key, input_, now) is None:
            left = budget.taken(bucket, now, SIZE, EVERY)
            if left is not None:
                bucket, key = left, budget.acted(key, input_, now, pace)
                done.append((now, name, input_))
        keys[name] = key
    return done


def test_one_thing_that_stays_broken_is_tried_seven_times_a_day():
    """The history that reconcile loops without a breaker turn into thousands of acts."""
    done = _acts([(float(second), "web", "same") for second in range(0, int(DAY), 5)])
    assert [round(now / MINUTE) for now, _, _ in done] == [0, 1, 3, 63, 183, 423, 903]


def test_a_storm_over_fifty_things_spends_the_bucket_and_no_more():
    events = [(n * 0.005, f"job{n % 50}", "same") for n in range(120_000)]
    assert len(_acts(events)) == SIZE
    late = [(now + 600.0, name, input_) for now, name, input_ in events]
    assert len(_acts([*events, *late])) == SIZE + 1


@pytest.mark.parametrize("seed", range(8))
def test_every_history_keeps_the_bounds(seed):
    """100,000 events in adversarial order, doubled, with gaps and with clocks that jump."""
    dice = random.Random(seed)
    now, events = 0.0, []
    for _ in range(100_000):
        step = dice.choice((0.0, 0.0, 0.001, 1.0, 30.0, 61.0, 601.0, -3600.0, 7200.0))
        now = max(0.0, now + step * dice.random())
        events.append((now, f"k{int(dice.paretovariate(1)) % 40}", f"i{dice.randrange(3)}"))
    done = _acts(events)
    assert done
    high = 0.0
    for count, (moment, _, _) in enumerate(done, 1):
        high = max(high, moment)
        assert count <= SIZE + high / EVERY + 1e-6
    for name in {name for _, name, _ in done}:
        mine = [moment for moment, other, _ in done if other == name]
        gaps = [later - earlier for earlier, later in itertools.pairwise(mine)]
        assert all(gap >= PACE.cool_first for gap in gaps)


def test_an_unchanged_input_is_tried_three_times_then_probed():
    key, now, tried = budget.Key(), 0.0, []
    while now < 2 * DAY:
        if budget.wait(key, "same", now) is None:
            key = budget.acted(key, "same", now, PACE)
            tried.append((now, key.breaker_for))
        now += 1.0
    waits = [wait for _, wait in tried]
    assert waits == [0, 0, 3600, 7200, 14400, 28800, 43200, 43200, 43200]


def test_a_changed_input_is_a_new_cause_but_keeps_its_pause():
    key = budget.Key()
    for now in (0.0, 60.0, 180.0):
        key = budget.acted(key, "old", now, PACE)
    assert budget.wait(key, "old", 1000.0) == ("breaker", 3780.0)
    assert budget.wait(key, "new", 200.0) == ("cool_down", 420.0)
    assert budget.wait(key, "new", 420.0) is None


def test_only_an_hour_of_health_without_a_break_resets():
    key = budget.Key()
    for now in (0.0, 60.0, 180.0):
        key = budget.acted(key, "same", now, PACE)
    key = budget.seen(key, True, 1000.0, PACE)
    key = budget.seen(key, False, 2000.0, PACE)
    key = budget.seen(key, True, 3000.0, PACE)
    assert budget.seen(key, True, 6599.0, PACE).attempts == 3
    assert budget.seen(key, True, 6600.0, PACE).attempts == 0


@pytest.mark.parametrize("done", range(6))
def test_an_act_that_was_never_begun_costs_no_attempt_and_keeps_its_pause(done):
    """Neither before the breaker has opened, nor with a probe. Mutation: take back the pause."""
    key, now = budget.Key(), 0.0
    for _ in range(done):
        now += 50_000.0
        key = budget.acted(key, "same", now, PACE)
    now += 50_000.0
    back = budget.given_back(budget.acted(key, "same", now, PACE), PACE.open_first, now)
    assert (back.attempts, back.cool_step, back.breaker) == (
        key.attempts, key.cool_step + 1, key.breaker,
    )  # fmt: skip
    after = budget.acted(key, "same", now, PACE)
    again = budget.acted(back, "same", now, PACE)
    assert again.cool_until - now == min(2 * (after.cool_until - now), PACE.cool_most)
    paused = {"cool_step": 0, "cool_until": 0.0}
    assert again._replace(**paused) == after._replace(**paused)
    assert budget.wait(back, "same", now) == ("cool_down", after.cool_until)


@pytest.mark.parametrize(
    ("managed", "most"), [(0, 1), (1, 1), (9, 1), (10, 1), (19, 1), (20, 2), (100, 10)]
)
def test_a_tenth_of_the_jobs_and_never_less_than_one(managed, most):
    assert budget.reach(managed, 10) == most


def test_a_clock_that_goes_back_frees_nothing():
    begun = clock.first(clock.Reading("a", 100.0, 1_000_000.0))
    later = clock.after(begun, clock.Reading("a", 160.0, 5.0))
    assert later.now == 60.0
    booted = clock.after(later, clock.Reading("b", 3.0, 4.0))
    assert booted.now == 60.0
    assert clock.after(booted, clock.Reading("b", 13.0, 9_999.0)).now == 70.0


@pytest.mark.parametrize(
    ("up", "wall", "passed"), [(20.0, 1_300.0, 20.0), (20.0, 9e9, 20.0), (9e6, 1_050.0, 50.0)]
)
def test_over_a_reboot_only_what_the_new_boot_has_run_counts(up, wall, passed):
    """A clock that is years ahead until the network sets it would end every freeze at once."""
    begun = clock.first(clock.Reading("a", 100.0, 1_000.0))
    assert clock.after(begun, clock.Reading("b", up, wall)).now == passed


@pytest.mark.parametrize(
    "found",
    [None, {}, {"now": "x"}, {"now": -1, "boot": "a", "monotonic": 1, "wall": 1},
     {"now": float("nan"), "boot": "a", "monotonic": 1, "wall": 1},
     {"now": 1, "boot": 5, "monotonic": 1, "wall": 1}],
)  # fmt: skip
def test_a_damaged_time_is_refused(found):
    with pytest.raises(ValueError, match="the time is"):
        clock.unpacked(found)


def test_a_written_time_is_read_back():
    time_ = clock.after(clock.first(clock.read()), clock.read())
    assert clock.unpacked(clock.packed(time_)) == time_
