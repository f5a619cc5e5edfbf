"""The books across everything that can happen to counter, clock, folder and disk."""

import os
import resource
import stat

import pytest
from cage import wait_for
from counted import SETTINGS, Counted, open_files, write_off

from saltext.eos.utils import hint, oom_ledger, record_store
from saltext.eos.utils.oom_kmsg import KernelLog
from saltext.eos.utils.oom_watch import Watch


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """A counter that the test moves."""
    return Counted(tmp_path, monkeypatch)


def test_two_write_offs_at_one_value_of_the_counter_are_two_events(counted):
    """The master keeps one event of an id: the second would be acknowledged and gone."""
    watch = counted.watch()
    counted.show(1)
    write_off(watch, 10.0)
    counted.show(1)
    watch._state["owed"].append([20.0, 2])
    write_off(watch, 30.0)
    records = watch._state["records"]
    assert [one["change"] for one in records] == [
        {"count": 1, "total": 1},
        {"count": 2, "total": 1},
    ]
    assert len({hint.id_of("n1", one) for one in records}) == 2
    watch.close()


def test_a_counter_that_went_back_counts_from_the_start(counted):
    """The container was restarted: its cgroup is new, and all that it counts is new."""
    counted.show(5)
    watch = counted.watch()
    watch._state["ahead"] = 1
    watch.close()
    counted.anew(3)
    again = counted.watch()
    write_off(again, 10.0)
    assert [one["change"]["count"] for one in again._state["records"]] == [3]
    again.close()


def test_a_new_cgroup_that_has_overtaken_the_old_one_loses_no_kill(counted):
    counted.show(5)
    counted.watch().close()
    counted.anew(7)
    again = counted.watch()
    write_off(again, 10.0)
    assert [one["change"]["count"] for one in again._state["records"]] == [7]
    again.close()


def test_the_same_cgroup_goes_on_where_it_was(counted):
    counted.show(5)
    counted.watch().close()
    counted.show(7)
    again = counted.watch()
    write_off(again, 10.0)
    assert [one["change"]["count"] for one in again._state["records"]] == [2]
    again.close()


def test_another_counter_than_the_books_know_is_taken_as_it_stands(counted):
    """The counter of the whole kernel has no cgroup; its value says nothing about the node's."""
    watch = counted.watch()
    watch._state["counter"] = "vmstat"
    record_store.save(counted.books, watch._state)
    watch.close()
    counted.show(9)
    again = counted.watch()
    write_off(again, 10.0)
    assert again._state["records"] == []
    assert again._state["total"] == 9
    again.close()


def test_numbers_go_on_above_what_was_acknowledged_after_a_restore(counted):
    """Books of a snapshot: what they would tell under an old number would be taken as told."""
    counted.watch().close()
    number = record_store.load(counted.books, oom_ledger.VERSION, oom_ledger.WRITTEN)["number"]
    record_store.acknowledge(counted.books, "b", number + 40)
    watch = counted.watch()
    counted.show(1)
    write_off(watch, 10.0)
    watch._books.save()
    watch._books.close()
    assert [one["n"] for one in watch.records] == [number + 41]
    assert (
        record_store.load(counted.books, oom_ledger.VERSION, oom_ledger.WRITTEN)["number"]
        == number + 42
    )
    watch.close()


def test_books_made_while_the_clock_was_in_the_future_do_not_silence_later_ones(counted):
    """They were lost after the clock was right again; what was acknowledged under them was not."""
    future = record_store.first_number() + 10**12
    record_store.acknowledge(counted.books, "b", future)
    watch = counted.watch()
    counted.show(1)
    write_off(watch, 10.0)
    watch._books.save()
    watch._books.close()
    assert [one["n"] for one in watch.records] == [future + 1]
    watch.close()


def test_an_acknowledgement_of_what_was_never_told_hides_no_kill(counted):
    watch = counted.watch()
    number = watch._state["number"]
    record_store.acknowledge(counted.books, "b", number + 999)
    watch.step()
    counted.show(1)
    write_off(watch, 10.0)
    watch._books.save()
    watch._books.close()
    assert [one["n"] for one in watch.records] == [number + 1000]
    watch.close()


@pytest.mark.parametrize("kind", ["books", "acknowledgement"])
def test_the_name_of_a_new_file_is_on_the_disk_too(tmp_path, monkeypatch, kind):
    """After a loss of power a name that was not written is the old file: numbers would go back."""
    folder, done = tmp_path / "books", []

    def noted(handle):
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            done.append((status.st_ino, sorted(one.name for one in folder.iterdir())))

    monkeypatch.setattr(os, "fsync", noted)
    if kind == "books":
        record_store.save(folder, {})
    else:
        record_store.acknowledge(folder, "b", 1)
    name = record_store.STATE if kind == "books" else record_store.ACKNOWLEDGED
    assert done[-1] == (folder.stat().st_ino, [name])


def test_books_that_cannot_be_opened_cost_no_descriptor(tmp_path):
    """A pass that fails comes again every second; the counter and the log here are real."""
    (tmp_path / "file").write_text("no folder")
    before = open_files()
    for _ in range(20):
        with pytest.raises(OSError, match="file"):
            Watch(tmp_path / "file", "n1", SETTINGS)
    assert open_files() == before


def test_a_log_that_opens_once_and_not_twice_costs_no_descriptor(tmp_path):
    log = tmp_path / "kmsg"
    log.touch()
    lowest = os.open(log, os.O_RDONLY)
    os.close(lowest)
    before = open_files()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 1, limits[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            KernelLog(log)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert open_files() == before


def test_a_failed_write_stops_nothing_that_is_on_the_disk(counted, said):
    """What is in the books is still sent, what is not waits; told when it begins and ends."""
    disk, gone = (counted.books.with_name(name) for name in ("disk", "gone"))
    disk.mkdir()
    gone.write_text("no folder")
    _point(counted.books, disk)
    watch = counted.watch()
    counted.show(1)
    write_off(watch, 10.0)
    wait_for(lambda: _passed(watch), "the first record")
    _point(counted.books, gone)
    for kills in range(2, 7):
        counted.show(kills)
        write_off(watch, kills * 10.0)
        wait_for(lambda: _passed(watch) and said, "the warning")
    assert len(watch.records) == 1
    _point(counted.books, disk)
    wait_for(lambda: len(_passed(watch)) == 6 and len(said) > 1, "all records")
    assert said == ["WARNING", "INFO"]
    watch.close()


def _point(link, target):
    """Let a name stand for something else, from one moment to the next."""
    fresh = link.with_name("fresh")
    fresh.symlink_to(target)
    fresh.replace(link)


def _passed(watch):
    watch._books.save()
    return watch.records
