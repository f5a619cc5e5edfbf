"""A whole recorded kernel, replayed in slices as passes would have read it."""

import random

import pytest
import recorded_kernel

from saltext.eos.beacon_config.eos_oom import DEFAULTS
from saltext.eos.events import table
from saltext.eos.utils.oom_counter import View
from saltext.eos.utils.oom_lines import GROUP, KILLED
from saltext.eos.utils.oom_watch import Watch

SETTINGS = {**DEFAULTS, "docker": "", "burst": 1000}


class Recorded:
    """
    Counter and log of a recording, moving on by random steps.

    The kernel counts a kill before it prints that it killed, and after it printed why.
    """

    def __init__(self, chance, lines, lost=0.0, *, flood=False):
        self._chance = chance
        self._lines = lines
        self._lost = lost
        self._flood = flood
        self.lost = False
        self._printed = self._given = self._noted = self._kills = 0

    def _print(self):
        step = self._chance.choice((1, 9, 60))
        for line in self._lines[self._printed : self._printed + step]:
            self._kills += KILLED.fullmatch(line.text) is not None
        self._printed = min(len(self._lines), self._printed + step)

    def note_end(self):
        """Let some more be printed."""
        self._print()
        self._noted = self._printed

    def skip(self):
        self._given = self._noted

    def read(self, first, budget):
        """Give what was printed, in a flood only some of it; then more is printed."""
        until = self._chance.randint(self._given, self._printed) if self._flood else self._printed
        lines, self._given = self._lines[self._given : until], until
        is_all = until == self._printed
        self._print()
        given = [line for line in lines if self._chance.random() >= self._lost]
        self.lost |= given != lines
        return given, (lines[-1].number + 1 if lines else first), is_all

    def counter(self):
        return self._kills

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


def _replay(folder, seed, lost=0.0, *, flood=False):
    watch = Watch(folder, "n1", {**SETTINGS, "attribute_within": 1 if lost else 10})
    watch._counter.close()
    recorded = Recorded(random.Random(seed), recorded_kernel.lines(), lost, flood=flood)
    watch._view = View("/", None, unified=True, counter=None, is_shared=False)
    _give(watch, recorded)
    now = 0.0
    for _ in range(5000):
        now += 0.1
        watch._count(now)
        watch._tell(now)
        if recorded.is_over and not watch._state["open"] and not watch._state["held"]:
            break
    watch._tell(now + 100)
    return watch


def _give(watch, recorded):
    """Put a log and a counter into the place of this machine's."""
    if watch._lines._log:
        watch._lines._log.close()
    watch._lines._log, watch._counter = recorded, Reading(recorded)
    watch._state.update(total=0, line=0, microseconds=0, owed=[], records=[])


@pytest.mark.parametrize("flood", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_wherever_a_pass_cuts_the_log_each_kill_has_its_own_limit(tmp_path, seed, flood):
    """
    What the kernel prints of a kill before it counts it is not skipped; in a flood that is too
    much to read, it may be, but nothing is borrowed from another kill.

    Fails when a pass without a kill forgets what it read, or goes on at the end of the log.
    """
    whole = recorded_kernel.kills(recorded_kernel.lines())
    printed = {kill["pid"]: _facts(kill) for kill in whole if not kill["grouped"]}
    records = _replay(tmp_path, seed, flood=flood)._state["records"]
    told = {one["subject"]["pid"]: one for one in records if one["kind"] == "killed"}
    assert len(told) > 40
    for pid, one in told.items():
        found = _facts({**one["subject"], **one["verdict"]})
        unread = ["unknown", None, None, None, "no_summary"]
        if not flood or found[1] is not None:
            assert found == printed[pid]
        else:
            assert found in (
                printed[pid],
                [*printed[pid][:1], None, None, *printed[pid][3:]],
                unread,
            )


def _facts(kill):
    return [kill[name] for name in ("cause", "limit", "peak", "cgroup", "missing")]


@pytest.mark.parametrize("flood", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_every_slicing_tells_each_process_once_and_the_group_as_one(tmp_path, seed, flood):
    """The kernel counts 48: the first victim of the group twice."""
    watch = _replay(tmp_path, seed, flood=flood)
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


class Scripted:
    """Counter and lines of each pass, as the test says: the log is read before the counter."""

    lost = False

    def __init__(self, *passes):
        self._passes = [*passes]

    def note_end(self):
        self._kills, self._now = self._passes.pop(0)

    def read(self, first, budget):
        return self._now, first, True

    def counter(self):
        return self._kills


def _scripted(folder, *passes, lost=False):
    """Give the books after these passes, a second apart."""
    watch = Watch(folder, "n1", {**SETTINGS, "attribute_within": 1})
    watch._counter.close()
    watch._view = View("/", None, unified=True, counter=None, is_shared=False)
    scripted = Scripted(*passes, (passes[-1][0], []))
    _give(watch, scripted)
    for now in range(len(passes) + 1):
        scripted.lost = lost
        watch._count(float(now))
        watch._tell(float(now))
    watch._books.close()
    return watch._state


@pytest.mark.parametrize("cut", range(1, 37))
def test_a_kill_that_is_being_printed_while_a_pass_reads_has_its_limit(tmp_path, cut):
    """Its first lines are there, it is not counted. Fails when such a pass keeps nothing."""
    dump = recorded_kernel.lines()[:37]
    (record,) = _scripted(tmp_path, (0, dump[:cut]), (0, []), (1, dump[cut:]))["records"]
    verdict = record["verdict"]
    assert (verdict["cause"], verdict["limit"]) == ("own_limit", str(20 << 20))
    assert (verdict["missing"], verdict["confidence"]) == ("complete", "proved")


def test_of_a_log_with_a_hole_nothing_is_kept_for_the_next_kill(tmp_path):
    """A limit, then lines that were overwritten, then the end of another kill."""
    dump = recorded_kernel.lines()[:37]
    (record,) = _scripted(tmp_path, (0, dump[:30]), (1, dump[35:]), lost=True)["records"]
    assert (record["verdict"]["cause"], record["verdict"]["limit"]) == ("own_limit", None)


def test_a_group_of_another_node_gives_its_name_to_nobody(tmp_path):
    """Its line comes while no own kill is owed one; then an own one comes without a summary."""
    lines = recorded_kernel.lines()
    group = [line for line in lines if GROUP.fullmatch(line.text)][:1]
    (record,) = _scripted(tmp_path, (0, group), (1, lines[-1:]))["records"]
    assert (record["subject"]["cgroup"], record["verdict"]["missing"]) == (None, "no_summary")


class Flooded(Scripted):
    """A log of which a pass never reads all."""

    skipped = 0

    def read(self, first, budget):
        return self._now, first, False

    def skip(self):
        self.skipped += 1


@pytest.mark.parametrize(("until", "skips"), [(0, 1), (30, 0), (37, 1)])
def test_a_flood_is_skipped_but_not_amid_a_kill(tmp_path, until, skips):
    """Fails when the flood is read on and on, or when the rest of a kill's lines is skipped."""
    watch = Watch(tmp_path, "n1", SETTINGS)
    watch._counter.close()
    flooded = Flooded((0, recorded_kernel.lines()[:until]))
    _give(watch, flooded)
    watch._count(0.0)
    assert flooded.skipped == skips
    watch._books.close()


def test_a_kill_that_was_written_off_long_ago_takes_no_name_from_a_new_one(tmp_path):
    """Its line is behind the end of the log that was noted since: it can no longer be late."""
    told = [line for line in recorded_kernel.lines() if KILLED.fullmatch(line.text)][:2]
    lost, quiet, early, counted = (1, []), (1, []), (2, told), (3, [])
    state = _scripted(tmp_path, lost, lost, lost, quiet, early, counted)
    assert [one["kind"] for one in state["records"]] == ["unattributed", "killed", "killed"]
