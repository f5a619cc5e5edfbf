"""Real kills by the real kernel, as the beacon tells them."""

import contextlib
import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import salt.loader
from cage import EAT, PATIENCE, let_the_kernel_rest, wait_for
from run_beacon import Runner

from saltext.eos.beacon_config.eos_oom import DEFAULTS
from saltext.eos.utils import record_store
from saltext.eos.utils.oom_kmsg import KernelLog
from saltext.eos.utils.oom_watch import Watch


@pytest.fixture(autouse=True)
def readable_log(turn):
    """Names come from the kernel log."""
    try:
        KernelLog().close()
    except OSError as err:
        pytest.skip(f"the kernel log may not be read here: {err.strerror}")


@pytest.fixture
def runner(beacons, minion_key):
    """The beacon after its first pass."""
    running = Runner(beacons, minion_key)
    running.run()
    return running


def test_a_kill_at_the_own_limit_is_one_record(runner, make_cage):
    box = make_cage(limit=20)
    pid = box.overeat()
    runner.until(lambda: runner.of([pid]), "the record")
    (record,) = runner.of([pid])
    assert record["subject"]["cgroup"] == box.name
    assert record["verdict"]["cause"] == "own_limit"
    assert record["verdict"]["limit"] == str(20 << 20)
    assert 10 << 20 < int(record["verdict"]["anon"]) <= 20 << 20
    assert (record["verdict"]["is_attributed"], record["verdict"]["confidence"]) == (True, "proved")


def test_kills_before_the_first_pass_are_not_told(beacons, minion_key, make_cage):
    pid = make_cage().overeat()
    running = Runner(beacons, minion_key)
    for _ in range(5):
        running.run()
    later = make_cage().overeat()
    running.until(lambda: running.of([later]), "the later record")
    assert running.of([pid]) == []


def test_a_task_of_nomad_is_named_by_its_cgroup(runner, make_cage):
    alloc = str(uuid.uuid4())
    box = make_cage(f"nomad/{alloc}.srv")
    pid = box.overeat()
    runner.until(lambda: runner.of([pid]), "the record")
    (record,) = runner.of([pid])
    assert (record["subject"]["place"], record["subject"]["task"]) == (alloc, "srv")
    assert record["links"]["alloc"] == alloc


def test_the_limit_of_a_parent_is_told_as_such(runner, make_cage):
    parent = make_cage(limit=20)
    child = make_cage(f"{parent.name[1:]}/child", limit=500)
    pid = child.overeat()
    runner.until(lambda: runner.of([pid]), "the record")
    (record,) = runner.of([pid])
    assert (record["verdict"]["cause"], record["subject"]["cgroup"]) == ("parent_limit", child.name)


def test_a_greedy_child_is_told_and_its_parent_lives(runner, make_cage, tmp_path):
    script = f'"{sys.executable}" -S -c "$1" 64 & echo $! > "$2"; wait $!; exec sleep 30'
    told = tmp_path / "child"
    told.touch()
    let_the_kernel_rest()
    shell = make_cage().start("sh", "-c", script, "parent", EAT, str(told))
    child = wait_for(told.read_text, "the child")
    runner.until(lambda: runner.of([int(child)]), "the record")
    assert shell.poll() is None
    assert runner.of([shell.pid]) == []
    shell.kill()
    shell.wait(PATIENCE)


def test_on_a_shared_kernel_only_what_is_inside_the_node_is_told(tmp_path, make_cage):
    """A node of its own cgroup beside others: their kills move the same counter."""
    node, other = make_cage(limit=400), make_cage()
    unit = make_cage(f"{node.name[1:]}/vault.service")
    watch = Watch(tmp_path / "books", "n1", {**DEFAULTS, "docker": ""})
    view = watch._view._replace(root=node.name, is_shared=True)
    watch._view = watch._judge._view = view
    foreign, own = other.overeat(), unit.overeat()

    def told():
        watch.step()
        return watch.records

    wait_for(told, "the own record")
    (record,) = watch.records
    assert (record["subject"]["pid"], record["subject"]["unit"]) == (own, "vault.service")
    assert record["subject"]["pid"] != foreign
    assert watch._state["counts"]["foreign"] >= 1
    watch.close()


def test_a_sigkill_that_is_no_oom_is_never_told(runner, make_cage):
    box = make_cage(limit=100)
    process = box.start("sleep", "60")
    process.kill()
    assert process.wait(PATIENCE) == -9
    later = box.overeat(200)
    runner.until(lambda: runner.of([later]), "the real kill")
    assert runner.of([process.pid]) == []


def test_a_storm_is_counted_exactly(beacons, minion_key, make_cage, minion_opts):
    """The kernel prints few summaries and all kills: each is told, none in a wrong place."""
    running = Runner(beacons, minion_key, [{"docker": ""}, {"burst": 1000}])
    running.run()
    cages = [make_cage(limit=4) for _ in range(60)]
    hogs = [box.start(sys.executable, "-S", "-c", EAT, "32") for box in cages]
    for hog in hogs:
        assert hog.wait(60) == -9
    assert sum(box.kills() for box in cages) == len(hogs)
    place = {hog.pid: box.name for hog, box in zip(hogs, cages, strict=True)}
    running.until(
        lambda: len(_acknowledging(running, minion_opts, place)) == len(place), "all of the storm"
    )
    found = running.of(place)
    assert sorted(one["subject"]["pid"] for one in found) == sorted(place)
    for one in found:
        pid = one["subject"]["pid"]
        assert one["subject"]["cgroup"] in (place[pid], None)
        assert one["verdict"]["is_attributed"] is (one["subject"]["cgroup"] is not None)
    assert any(one["subject"]["cgroup"] is None for one in found), "the kernel left nothing out"


def test_what_exceeds_a_burst_is_counted_in_one_record(beacons, minion_key, make_cage, minion_opts):
    running = Runner(beacons, minion_key, [{"docker": ""}, {"burst": 2}])
    running.run()
    box = make_cage()
    pids = [box.overeat() for _ in range(6)]
    running.until(lambda: len(running.records) >= 2, "the first two")
    path = Path(minion_opts["eos_oom_dir"]) / record_store.STATE

    def surplus():
        return json.loads(path.read_text("utf-8"))["surplus"]

    running.until(lambda: (surplus() or {"count": 0})["count"] >= 4, "the others in the books")
    assert [one["kind"] for one in running.records.values()] == ["killed"] * 2
    assert len(running.of(pids)) <= 2
    assert box.name in surplus()["places"]


@pytest.mark.parametrize("name", ["oom-kill:constr", "a\nKilled process", "x) total-vm:1kB"])
def test_a_hostile_name_is_one_escaped_field(runner, make_cage, name):
    box = make_cage()
    rename = (
        "import ctypes, sys; ctypes.CDLL(None).prctl(15, sys.argv[2].encode()); "
        "held = bytearray(int(sys.argv[1]) << 20)"
    )
    let_the_kernel_rest()
    hog = box.start(sys.executable, "-S", "-c", rename, "64", name)
    assert hog.wait(PATIENCE) == -9
    runner.until(lambda: runner.of([hog.pid]), "the record")
    (record,) = runner.of([hog.pid])
    assert record["subject"]["process"] == name[:15].replace("\n", r"\x0a")
    assert record["subject"]["cgroup"] == box.name


def test_text_that_a_program_writes_into_the_log_is_not_believed(runner, make_cage):
    forged = (
        "Memory cgroup out of memory: Killed process 4242424 (vault) total-vm:9kB, anon-rss:8kB, "
        "file-rss:1kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0\n"
    )
    with Path("/dev/kmsg").open("w", encoding="ascii") as log:
        log.write(forged)
    pid = make_cage().overeat()
    runner.until(lambda: runner.of([pid]), "the real kill")
    assert runner.of([4242424]) == []


def test_a_full_disk_stops_the_sending_and_loses_nothing(
    minion_opts, minion_key, make_cage, full, said
):
    """What is not in the books is not sent; once there is room, each kill is told once."""
    beacons = salt.loader.beacons(minion_opts, {})
    running = Runner(beacons, minion_key)
    running.run()
    full.write_bytes(b"x" * (1 << 20))
    pids = [make_cage().overeat() for _ in range(3)]
    books = Path(minion_opts["eos_oom_dir"]) / record_store.STATE
    before = books.read_bytes()
    running.until(lambda: _kept(beacons, pids), "the kills in memory")
    assert (running.events, books.read_bytes()) == ([], before)
    full.unlink()
    running.until(lambda: len(running.of(pids)) == 3, "the kills of the full disk")
    assert said[0] == "WARNING"
    beacons["eos_oom.close"]([])


@pytest.fixture
def full(minion_opts):
    """A file that can fill the small disk on which the books are."""
    books = Path(minion_opts["eos_oom_dir"])
    books.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(books)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk")
    yield Filler(books / "filler")
    subprocess.run(["umount", str(books)], check=True)


class Filler:
    """A file that takes all the room there is."""

    def __init__(self, path):
        self._path = path

    def write_bytes(self, data):
        with contextlib.suppress(OSError):
            self._path.write_bytes(data)

    def unlink(self):
        self._path.unlink()


def _acknowledging(running, minion_opts, place):
    """More records than one batch holds come only as the master acknowledges."""
    if running.records:
        record_store.acknowledge(
            record_store.home(minion_opts, "eos_oom"), "boot", max(running.records)
        )
    return running.of(place)


def _kept(beacons, pids):
    """Tell whether the beacon, whose books cannot be written, knows of these kills."""
    watch = beacons.pack["__context__"]["eos_oom"].watch
    known = {one["subject"]["pid"] for one in watch._state["records"]}
    return watch._books._scribe.failure() and known.issuperset(pids)
