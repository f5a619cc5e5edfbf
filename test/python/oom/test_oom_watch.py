"""A whole recorded kernel, replayed in slices as passes would have read it."""

import random

import pytest
import recorded_kernel

from saltext.eos.beacon_config.eos_oom import DEFAULTS
from saltext.eos.events import table
from saltext.eos.utils.oom_counter import View
from saltext.eos.utils.oom_lines import KILLED
from saltext.eos.utils.oom_watch import Watch

SETTINGS = {**DEFAULTS, "docker": "", "burst": 1000}


class Recorded:
    """
    Counter and log of a recording, moving on by random steps.

    The kernel counts a kill before it prints it, so the counter is never behind the lines.
    """

    source = "kmsg"

    def __init__(self, chance, lines, lost=0.0):
        self._chance = chance
        self._lines = lines
        self._lost = lost
        self._printed = self._given = self._kills = 0

    def note_end(self):
        """Let some more be printed."""
        step = self._chance.randrange(60)
        for line in self._lines[self._printed : self._printed + step]:
            self._kills += KILLED.fullmatch(line.text) is not None
        self._printed = min(len(self._lines), self._printed + step)
        self._noted = self._printed

    def skip(self):
        self._given = self._noted
        return True

    def read(self, state):
        """Give some of what was printed; the counter was read before."""
        until = self._chance.randint(self._given, self._printed)
        given, self._given = self._lines[self._given : until], until
        return [line for line in given if self._chance.random() >= self._lost]

    def counter(self):
        return self._kills

    def missing(self):
        return "lines_lost"

    def forget(self):
        """Nothing to forget."""

    def close(self):
        """Nothing to close."""

    @property
    def is_over(self):
        return self._given == self._printed == len(self._lines)


class Reading:
    """The counter of a recording."""

    identity = "vmstat"

    def __init__(self, recorded):
        self.read = recorded.counter


def _replay(folder, seed, lost=0.0):
    watch = Watch(folder, "n1", {**SETTINGS, "attribute_within": 1 if lost else 10})
    watch._counter.close()
    watch._lines.close()
    recorded = Recorded(random.Random(seed), recorded_kernel.lines(), lost)
    watch._view = View("/", None, unified=True, counter=None, is_shared=False)
    watch._lines, watch._counter = recorded, Reading(recorded)
    watch._state.update(total=0, line=0, owed=[], records=[])
    now = 0.0
    for _ in range(5000):
        now += 0.1
        watch._count(now)
        watch._tell(now)
        if recorded.is_over and not watch._state["open"] and not watch._state["held"]:
            break
    watch._tell(now + 100)
    return watch


@pytest.mark.parametrize("seed", range(20))
def test_every_slicing_tells_each_process_once_and_the_group_as_one(tmp_path, seed):
    """The kernel counts 48: the first victim of the group twice."""
    watch = _replay(tmp_path, seed)
    records = watch._state["records"]
    assert [table.problem(record) for record in records] == [None] * len(records)
    groups = [one for one in records if one["kind"] == "group_killed"]
    (first, *rest) = groups
    assert first["subject"]["unit"] == "caddy.service"
    assert {one["subject"]["cgroup"] for one in groups} == {"/system.slice/caddy.service"}
    killed = [one["subject"]["pid"] for one in records if one["kind"] == "killed"]
    assert len(killed) == len(set(killed))
    assert len(killed) + sum(one["change"]["count"] for one in groups) == 47
    assert rest or (first["change"]["count"], len(killed)) in ((3, 44), (2, 45))
    assert not [one for one in records if one["kind"] == "unattributed"]


@pytest.mark.parametrize("seed", range(20))
def test_lines_that_were_lost_are_counted_without_a_name(tmp_path, seed):
    """The group counts its first victim twice, so four counted kills are three processes."""
    watch = _replay(tmp_path, seed, lost=0.3)
    records = watch._state["records"]
    nameless = sum(one["change"]["count"] for one in records if one["kind"] == "unattributed")
    named = [one for one in records if one["kind"] != "unattributed"]
    assert nameless > 5
    assert {one["verdict"]["missing"] for one in records if one["kind"] == "unattributed"} == {
        "lines_lost"
    }
    assert len({one["mark"] for one in records}) == len(records)
    told = nameless + sum(one["change"]["count"] for one in named)
    assert recorded_kernel.counter("storm") - 1 <= told <= recorded_kernel.counter("storm")


class Scripted(Recorded):
    """Counter and lines of each pass, as the test says."""

    def __init__(self, *passes):
        self._passes = [*passes]

    def note_end(self):
        self._kills, self._now = self._passes.pop(0)

    def skip(self):
        return True

    def read(self, state):
        return self._now


def test_a_kill_that_was_written_off_long_ago_takes_no_name_from_a_new_one(tmp_path):
    """Its line is behind the end of the log that was noted since: it can no longer be late."""
    told = [line for line in recorded_kernel.lines() if KILLED.fullmatch(line.text)][:2]
    watch = Watch(tmp_path, "n1", {**SETTINGS, "attribute_within": 1})
    watch._counter.close()
    watch._lines.close()
    lost, quiet, early, counted = (1, []), (1, []), (2, told), (3, [])
    scripted = Scripted(lost, lost, quiet, early, counted, counted)
    watch._view = View("/", None, unified=True, counter=None, is_shared=False)
    watch._lines, watch._counter = scripted, Reading(scripted)
    watch._state.update(total=0, line=0)
    for now in (0.0, 5.0, 6.0, 7.0, 8.0, 20.0):
        watch._count(now)
        watch._tell(now)
    kinds = [one["kind"] for one in watch._state["records"]]
    assert kinds == ["unattributed", "killed", "killed"]
    watch._books.close()
