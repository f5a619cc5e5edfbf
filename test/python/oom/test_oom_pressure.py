"""Systemd-oomd as its own cause, and the journal where the kernel log may not be read."""

import json
import os
import sys
import uuid
from pathlib import Path

import pytest
import recorded_kernel
from cage import wait_for
from run_beacon import envelope

from saltext.eos.beacon_config.eos_oom import DEFAULTS
from saltext.eos.events import table
from saltext.eos.utils import oom_ledger, oom_oomd, oom_sources
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
        ({}, {"a": 3}, {"a": 3}),
        ({"a": 3}, {"a": 3}, {}),
        ({"a": 3}, {"a": 5}, {"a": 2}),
        ({"a": 3}, {"a": 1}, {"a": 1}),
        ({"a": 3}, {}, {}),
    ],
)
def test_a_mark_tells_how_much_it_has_grown(before, after, want):
    assert oom_oomd.grown(before, after) == want


def test_a_real_mark_on_a_real_cgroup_is_read():
    unified = Path("/sys/fs/cgroup/unified")
    home = unified if unified.is_dir() else Path("/sys/fs/cgroup")
    unit = home / f"eos-oom-{uuid.uuid4().hex[:8]}.slice"
    try:
        (unit / "batch.service").mkdir(parents=True)
        os.setxattr(unit / "batch.service", oom_oomd.MARK, b"4")
    except OSError as err:
        pytest.skip(f"no cgroup v2 that takes marks here: {err.strerror}")
    try:
        assert oom_oomd.marks(home, [unit.name]) == {f"{unit.name}/batch.service": 4}
    finally:
        (unit / "batch.service").rmdir()
        unit.rmdir()


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
