"""A small real file system that fills up, and is made room on."""

from __future__ import annotations

import os
import subprocess
import threading

import pytest
from host_systemd import wait_for

from saltext.eos.beacon_config.eos_host import DEFAULTS
from saltext.eos.events import table
from saltext.eos.utils import hint, host_disk
from saltext.eos.utils.host_disk import Disks, Rate, Room, judged, mounted
from saltext.eos.utils.host_form import Form
from saltext.eos.utils.host_kept import Known
from saltext.eos.utils.host_watch import Watch

SIZE = 16 << 20


@pytest.fixture
def small(tmp_path):
    """A file system of 16 MiB and 64 files in memory, mounted for the test."""
    where = tmp_path / "a disk"
    where.mkdir()
    made = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},nr_inodes=64", "none", str(where)]
    if os.getuid() != 0 or subprocess.run(made, check=False, capture_output=True).returncode != 0:
        pytest.skip("nothing can be mounted here")
    (where / "data").mkdir()
    yield where
    subprocess.run(["umount", str(where)], check=True)


@pytest.fixture
def disks(small):
    return Disks({str(small / "data"): ["vault", "consul"]}, dict(DEFAULTS), "n1", "boot")


def _cause(disks):
    (seen,) = disks.look()
    return seen.payload["verdict"]["cause"]


def test_a_disk_fills_and_is_freed_with_some_to_spare(disks, small):
    assert _cause(disks) == "room"
    (small / "data" / "most").write_bytes(bytes(int(SIZE * 0.89)))
    assert _cause(disks) == "room"
    (small / "data" / "more").write_bytes(bytes(int(SIZE * 0.02)))
    (seen,) = disks.look()
    assert seen.payload["verdict"]["cause"] == "space"
    assert seen.payload["verdict"]["free"] < 10
    assert seen.payload["subject"]["mount"] == str(small)
    assert seen.payload["subject"]["components"] == ["consul", "vault"]
    (small / "data" / "more").unlink()
    assert _cause(disks) == "space"
    (small / "data" / "most").write_bytes(bytes(int(SIZE * 0.5)))
    assert _cause(disks) == "room"


def test_files_run_out_as_well_as_bytes(disks, small):
    for number in range(60):
        (small / f"{number}").touch()
    assert _cause(disks) == "files"


def test_a_directory_that_is_not_there_yet_is_on_no_disk(small):
    disks = Disks({str(small / "nothing"): ["nomad"]}, dict(DEFAULTS), "n1", "boot")
    assert disks.look() == []


def test_it_is_told_once_as_a_declared_event_and_again_another_time(small, tmp_path, monkeypatch):
    # The quiet times of disks are for disks; this one fills when the test says so.
    for verb in ("filling", "freed"):
        monkeypatch.setitem(table.TABLE["host/disk"]["verbs"][verb], "settle_seconds", 0)
    form = Form({}, storage={str(small / "data"): ["vault"]})
    watch = Watch(tmp_path / "books", "n1", Known(form), dict(DEFAULTS))
    watch._asides[0]._every = 0.05

    def records():
        watch.step()
        return watch._books.state["records"]

    for number in range(1, 3):
        (small / "data" / "most").write_bytes(bytes(int(SIZE * 0.95)))
        wait_for(lambda wanted=2 * number - 1: len(records()) == wanted, "that it fills")
        (small / "data" / "most").unlink()
        wait_for(lambda wanted=2 * number: len(records()) == wanted, "that it was freed")
    told = records()
    assert [one["verb"] for one in told] == ["filling", "freed", "filling", "freed"]
    # It was as full the second time as the first: another event all the same.
    assert told[0]["change"] == told[2]["change"]
    assert len({hint.id_of("n1", one) for one in told}) == 4
    for one in told:
        made = hint.envelope("n1", one, "e", one["n"])
        assert hint.problem("n1", one, made, "eos_host") is None
        assert "{" not in table.says(made)
    watch.close()


@pytest.mark.parametrize(
    ("free", "files", "left", "is_filling", "cause"),
    [
        (10, 50, None, False, "room"), (9, 50, None, False, "space"), (11, 50, None, True, "space"),
        (12, 50, None, True, "room"), (50, 9, None, False, "files"),
        (50, None, None, False, "room"),
        (50, 50, 86_399, False, "rate"), (50, 50, 86_400, False, "room"),
        (50, 50, 100_000, True, "rate"), (50, 50, 129_600, True, "room"),
    ],
)  # fmt: skip
def test_each_threshold_holds_to_the_point(free, files, left, is_filling, cause):
    assert judged(Room(0, 100, free, files), left, DEFAULTS, is_filling) == cause


def test_the_rate_is_that_of_the_last_hour():
    rate = Rate()
    size = 1_000_000
    left = [rate.left(60.0 * minute, Room(minute * 1_000, size, 90, None)) for minute in range(121)]
    # Ten minutes and a hundredth of the disk are needed before anything is said.
    assert left[9] is None
    assert left[10] == (size - 10_000) * 60 // 1_000
    assert left[120] == (size - 120_000) * 60 // 1_000
    assert rate.left(60.0 * 200, Room(120_000, size, 88, None)) is None


def test_noise_is_no_rate():
    rate = Rate()
    found = {
        rate.left(60.0 * minute, Room(500_000 + 4_000 * (minute % 2), 1_000_000, 50, None))
        for minute in range(120)
    }
    assert found == {None}


def test_a_mount_point_with_a_space_is_read_as_it_is():
    lines = "22 1 0:5 / / rw - ext4 a rw\n23 22 0:6 / /a\\040b rw - tmpfs b rw\n"
    assert mounted(lines) == ["/a b", "/"]


def test_a_look_that_hangs_holds_no_pass_and_is_not_begun_twice(tmp_path, monkeypatch):
    """It hangs until all passes were made. Mutation: look within the pass."""
    begun, waited, go = [], [], threading.Event()

    def hang(self):
        begun.append(1)
        waited.append(go.wait(60))
        return []

    monkeypatch.setattr(host_disk.Disks, "look", hang)
    form = Form({}, storage={str(tmp_path): ["vault"]})
    watch = Watch(tmp_path / "books", "n1", Known(form), dict(DEFAULTS))
    watch._asides[0]._every = 0.0
    for _ in range(50):
        watch.step()
        assert waited == []
        wait_for(lambda: begun, "the look")
    assert begun == [1]
    go.set()
    watch.close()
