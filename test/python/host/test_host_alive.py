"""A beacon says that it is there while it can do what it is there for."""

from __future__ import annotations

import pytest
from waiting import until

from saltext.eos.utils import record_batch, record_beacon, record_store
from saltext.eos.utils.record_books import Books


class Watch:
    """A watch that finds something at each pass, and keeps its books in a real folder."""

    boot = "b1"

    def __init__(self, folder):
        self.books = Books("eos_host", folder)
        self.books.open({"records": [], "number": 1, "counts": {"told": 0}})

    @property
    def records(self):
        return []

    @property
    def is_kept(self):
        return self.books.is_kept

    def step(self):
        self.books.is_dirty = True
        self.books.save()

    def close(self):
        self.books.close()


@pytest.fixture
def beacon(minion_opts, monkeypatch):
    """The passes of a beacon that says in each that it is there, if it may."""
    monkeypatch.setattr(record_batch, "BEAT_EVERY", 0.0)
    context = {}

    def passes():
        found = record_beacon.step(
            "eos_host", context, minion_opts, [], {}, lambda folder, _: Watch(folder)
        )
        return [one["tag"] for one in found]

    yield passes
    record_beacon.close("eos_host", context)


def test_a_beacon_whose_books_cannot_be_written_says_nothing(beacon, minion_opts):
    """
    What is new is not told while its disk is full: that it is silent has to be noticed.

    Mutation: say each minute that it is there, whatever becomes of what it finds.
    """
    folder = record_store.home(minion_opts, "eos_host")
    until(lambda: beacon() == ["alive"])
    folder.rename(folder.with_name("gone"))
    folder.touch()
    until(lambda: beacon() == [])
    assert [beacon() for _ in range(5)] == [[]] * 5
    folder.unlink()
    until(lambda: beacon() == ["alive"])
