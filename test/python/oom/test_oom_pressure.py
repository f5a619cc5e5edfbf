"""Systemd-oomd as its own cause, and the journal where the kernel log may not be read."""

import json
import os
import sys
import time
import uuid
from pathlib import Path

import pytest
import recorded_kernel
from cage import wait_for
from run_beacon import envelope

from saltext.eos.beacon_config.eos_oom import DEFAULTS
from saltext.eos.events import table
from saltext.eos.utils import hint, oom_ledger, oom_oomd, oom_sources, record_books
from saltext.eos.utils.oom_pressure import Pressure

BOOT = "8c1e4f5a-6f0e-4a53-9d3b-2f6f1b0c7d11"
# As process 1 of systemd 252 writes it; the fields that the beacon uses, and their neighbours.
MESSAGE = {
    "__CURSOR": "s=1;i=2a;b=8c;m=1;t=2;x=3",
    "__REALTIME_TIMESTAMP": "1767000160000000",
    "__MONOTONIC_TIMESTAMP": "5000000",
    "_PID": "1",
    "_TRANSPORT": "journal",
    "PRIORITY": "5",
    "MESSAGE_ID": "d989611b15e44c9dbf31e3c81256e4ed",
    "MESSAGE": "batch.service: systemd-oomd killed 4 process(es) in this unit.",
    "UNIT": "batch.service",
    "N_PROCESSES": "4",
}


def _books():
    return oom_ledger.opened(BOOT, 0, number=1, microseconds=0, first=1)


@pytest.fixture
def journalctl(tmp_path, monkeypatch):
    """A program of that name which prints what it is told to, and notes how it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "journalctl"
    program.write_text(
        f"#!{sys.executable} -S\nimport sys, time\n"
        f"open({str(tmp_path / 'called')!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        f"sys.stdout.write(open({str(tmp_path / 'entries')!r}).read())\nsys.stdout.flush()\n"
        "if '--follow' in sys.argv: time.sleep(60)\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def say(entries):
        (tmp_path / "entries").write_text("".join(json.dumps(one) + "\n" for one in entries))
        return tmp_path / "called"

    return say


@pytest.fixture
def hierarchy(tmp_path):
    """Cgroups of a machine on which systemd-oomd runs."""
    (tmp_path / "cgroup" / oom_oomd.DAEMON).mkdir(parents=True)
    return tmp_path / "cgroup"


def test_systemds_message_is_one_record_with_a_cursor(journalctl, hierarchy):
    called = journalctl([MESSAGE])
    books, pressure = _books(), Pressure(DEFAULTS, hierarchy)
    records = wait_for(lambda: pressure.step(books, "n1", BOOT), "the record")
    (record,) = records
    assert table.problem(envelope(record)) is None
    assert (record["kind"], record["subject"]["unit"], record["change"]) == (
        "oomd",
        "batch.service",
        {"count": 4},
    )
    assert record["occurred"] == "2025-12-29T09:22:40.000000Z"
    assert books["cursor"] == MESSAGE["__CURSOR"]
    pressure.close()
    again = Pressure(DEFAULTS, hierarchy)
    again.step(books, "n1", BOOT)
    wait_for(lambda: f"--after-cursor={MESSAGE['__CURSOR']}" in called.read_text(), "the cursor")
    again.close()
    assert "MESSAGE_ID=d989611b15e44c9dbf31e3c81256e4ed" in called.read_text()


@pytest.mark.parametrize("change", [{"_PID": "4711"}, {"UNIT": ["a", "b"]}, {"_PID": None}])
def test_a_message_that_process_1_did_not_write_is_not_believed(change):
    assert oom_oomd.told({**MESSAGE, **change}) is None


def test_without_systemd_oomd_no_journal_is_followed(journalctl, tmp_path):
    called = journalctl([MESSAGE])
    pressure = Pressure(DEFAULTS, tmp_path / "none")
    assert pressure.step(_books(), "n1", BOOT) == []
    assert not called.exists()


@pytest.mark.parametrize(
    ("before", "after", "want"),
    [
        ({}, {"a": [1, 3]}, {"a": 3}),
        ({"a": [1, 3]}, {"a": [1, 3]}, {}),
        ({"a": [1, 3]}, {"a": [1, 5]}, {"a": 2}),
        ({"a": [1, 3]}, {"a": [1, 1]}, {"a": 1}),
        ({"a": [1, 3]}, {"a": [2, 3]}, {"a": 3}),
        ({"a": [1, 3]}, {"a": [2, 5]}, {"a": 5}),
        ({"a": [1, 3]}, {}, {}),
    ],
)
def test_a_mark_tells_how_much_it_has_grown(before, after, want):
    assert oom_oomd.grown(before, after) == want


class Marked:
    """A unit in a slice of its own, in real cgroups that take marks."""

    def __init__(self):
        unified = Path("/sys/fs/cgroup/unified")
        self.home = unified if unified.is_dir() else Path("/sys/fs/cgroup")
        self.slice = self.home / f"eos-oom-{uuid.uuid4().hex[:8]}.slice"
        self.unit = self.slice / "batch.service"

    def mark(self, count):
        """Mark the unit as systemd-oomd does, which adds up."""
        self.unit.mkdir(parents=True, exist_ok=True)
        os.setxattr(self.unit, oom_oomd.MARK, str(count).encode())

    def remove(self):
        """Remove the unit, as systemd does when it has ended."""
        self.unit.rmdir()


@pytest.fixture
def marked():
    """Real cgroups, removed at the end."""
    made = Marked()
    try:
        made.mark(0)
    except OSError as err:
        pytest.skip(f"no cgroup v2 that takes marks here: {err.strerror}")
    yield made
    made.remove()
    made.slice.rmdir()


@pytest.fixture
def pressure_of(marked, monkeypatch):
    """Make what watches those cgroups, as if systemd-oomd ran."""
    monkeypatch.setattr(oom_oomd, "mount", lambda _: marked.home)
    made = []

    def make(**settings):
        made.append(Pressure({**DEFAULTS, "units": [marked.slice.name], **settings}))
        return made[-1]

    yield make
    for pressure in made:
        pressure.close()


def _told(pressure, books):
    """Make a pass, and give the records with the numbers that they get."""
    before = len(books["records"])
    for record in pressure.step(books, "n1", BOOT):
        record_books.tell(books, record)
    return books["records"][before:]


def test_a_real_mark_on_a_real_cgroup_is_read(marked):
    marked.mark(4)
    found = oom_oomd.marks(marked.home, [marked.slice.name])
    assert found == {f"{marked.slice.name}/batch.service": [marked.unit.stat().st_ino, 4]}


def test_a_unit_that_is_killed_in_each_of_its_lives_is_told_each_time(marked, pressure_of):
    """Systemd makes the cgroup anew with each start, and its mark begins at 0 again."""
    books, pressure = _books(), pressure_of(follows_journal=False)
    _told(pressure, books)
    ids = set()
    for _ in range(3):
        marked.mark(4)
        (record,) = _told(pressure, books)
        assert record["change"] == {"count": 4}
        assert table.problem(envelope(record)) is None
        ids.add(hint.id_of("n1", record))
        assert _told(pressure, books) == []
        marked.remove()
        marked.unit.mkdir()
    assert len(ids) == 3


def test_a_unit_killed_before_the_journal_could_be_followed_is_told(journalctl, hierarchy):
    """Without an entry to go on from, what counts is the time at which the books were opened."""
    called = journalctl([])
    books = oom_ledger.opened(BOOT, 0, number=1, microseconds=0, first=1, since=1767000100.5)
    pressure = Pressure(DEFAULTS, hierarchy)
    pressure.step(books, "n1", BOOT)
    said = wait_for(lambda: called.exists() and called.read_text(), "the call")
    pressure.close()
    assert "--since=@1767000100.5" in said
    assert "--lines" not in said


def test_books_opened_with_a_clock_in_the_future_do_not_wait_for_it(journalctl, hierarchy):
    called, now = journalctl([]), time.time()
    books = oom_ledger.opened(BOOT, 0, number=1, microseconds=0, first=1, since=now + 10**8)
    pressure = Pressure(DEFAULTS, hierarchy)
    pressure.step(books, "n1", BOOT)
    said = wait_for(lambda: called.exists() and called.read_text(), "the call")
    pressure.close()
    assert now <= float(said.split("--since=@")[1].split()[0]) <= time.time()


def test_a_kill_of_an_earlier_boot_bears_that_boot(journalctl, hierarchy):
    journalctl([{**MESSAGE, "_BOOT_ID": "0" * 31 + "7"}])
    books, pressure = _books(), Pressure(DEFAULTS, hierarchy)
    (record,) = wait_for(lambda: pressure.step(books, "n1", BOOT), "the record")
    pressure.close()
    assert record["boot"] == record["links"]["boot"] == "00000000-0000-0000-0000-000000000007"


@pytest.mark.parametrize("journal", ["missing", "unreadable"])
def test_where_the_journal_cannot_be_followed_the_marks_tell(
    marked, pressure_of, tmp_path, monkeypatch, journal
):
    folder = tmp_path / "bin"
    folder.mkdir()
    if journal == "unreadable":
        (folder / "journalctl").write_text(f"#!{sys.executable} -S\nraise SystemExit(1)\n")
        (folder / "journalctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    books, pressure = _books(), pressure_of()
    wait_for(lambda: _told(pressure, books) or books["marked"] is not None, "a look at the marks")
    marked.mark(2)
    (record,) = _told(pressure, books)
    assert (record["change"]["count"], record["verdict"]["evidence"]) == (2, "mark")
    pressure.close()
    marked.mark(5)
    again = pressure_of()
    (record,) = wait_for(lambda: _told(again, books), "what came while nobody looked")
    assert record["change"]["count"] == 3


def test_marks_are_left_alone_where_the_journal_is_followed(journalctl, marked, pressure_of):
    """A kill is told once: by the one or by the other."""
    journalctl([MESSAGE])
    books, pressure = _books(), pressure_of()
    marked.mark(2)
    records = wait_for(lambda: _told(pressure, books), "the record")
    marked.mark(4)
    assert _told(pressure, books) == []
    assert [one["verdict"]["evidence"] for one in records] == ["journal"]


def test_the_journal_gives_the_kernels_lines_and_only_the_kernels(journalctl, monkeypatch):
    kernel = {"_TRANSPORT": "kernel", "SYSLOG_FACILITY": "0"}
    called = journalctl(
        [
            {**kernel, "_SOURCE_MONOTONIC_TIMESTAMP": str(line.microseconds), "MESSAGE": line.text}
            for line in recorded_kernel.lines()
        ]
    )
    monkeypatch.setattr(oom_sources, "KernelLog", _unreadable)
    lines, books, read = oom_sources.Lines(), _books(), []

    def all_read():
        read.extend(lines.read(books))
        return len(read) == len(recorded_kernel.lines())

    wait_for(all_read, "the lines")
    assert lines.source == "journal"
    assert len(recorded_kernel.kills(read)) == recorded_kernel.counter("storm")
    assert "_TRANSPORT=kernel SYSLOG_FACILITY=0" in called.read_text()
    lines.close()


def _unreadable():
    raise PermissionError(1, "Operation not permitted")


class RecordedLog:
    """A kernel log that holds these lines, all of them still there."""

    lost = False

    def __init__(self, lines):
        self._lines = [*lines]

    def read(self, first, budget):
        """Give what was not given yet, from number ``first`` on."""
        given = [line for line in self._lines if line.number >= first]
        self._lines = []
        return given, (given[-1].number + 1 if given else first), True

    def close(self):
        """Nothing to close."""


@pytest.mark.parametrize("later", ["kmsg", "journal"])
def test_another_source_goes_on_where_the_first_one_was(journalctl, monkeypatch, later):
    """The log became readable, or no longer is: the kills that it still holds are told already."""
    kernel = {"_TRANSPORT": "kernel", "SYSLOG_FACILITY": "0"}
    lines = recorded_kernel.lines()
    old, new = lines[:-40], [one for one in lines if one.microseconds > lines[-41].microseconds]
    books, order = _books(), ["kmsg", "journal"]

    def read(source, held, wanted):
        opened = (lambda: RecordedLog(held)) if source == "kmsg" else _unreadable
        monkeypatch.setattr(oom_sources, "KernelLog", opened)
        journalctl(
            [
                {
                    **kernel,
                    "_SOURCE_MONOTONIC_TIMESTAMP": str(one.microseconds),
                    "MESSAGE": one.text,
                }
                for one in held
            ]
        )
        reading, given = oom_sources.Lines(), []

        def all_given():
            given.extend(one.text for one in reading.read(books))
            return len(given) >= len(wanted)

        wait_for(all_given, "the lines")
        reading.close()
        return given

    order.sort(key=later.__eq__)
    read(order[0], old, old)
    assert read(order[1], lines, new) == [one.text for one in new]
