"""What is old leaves the healer's file, and the chain of the audit stays whole."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing

import pytest
from healing import Clocks

from saltext.eos.utils import heal_audit, heal_file, heal_retain, heal_settings, heal_state
from saltext.eos.utils.heal_store import Store

SETTINGS = heal_settings.Settings()
YEAR = heal_retain.KEPT


class Kept:
    """A healer's file with a clock that tests move."""

    def __init__(self, folder) -> None:
        self.path, self.clocks = folder / heal_file.NAME, Clocks()
        self.store = Store(self.path, self.clocks)

    def write(self, count: int, **rows) -> None:
        with self.store.step(SETTINGS) as moment:
            for number in range(count):
                self.store.state.line("opened", moment.now, incident=f"i{number}")
            for one in rows.get("decisions", ()):
                decision = heal_state.Decision(
                    one, "i", "evaluate", "t", {}, (), "x", moment.now, moment.now + 1, "done",
                    ended=moment.now + 1,
                )  # fmt: skip
                self.store.state.decisions[one] = decision
                self.store.state.mark("decisions", one)

    def all(self):
        with closing(sqlite3.connect(self.path)) as db:
            return [line.n for line in heal_retain.verified(db, self.path)]

    def live(self):
        with closing(sqlite3.connect(self.path)) as db:
            return [(line.n, line.kind) for line in heal_audit.verified(db)]


@pytest.fixture
def kept(tmp_path):
    one = Kept(tmp_path)
    yield one
    one.store.close()


def _rotated(kept):
    """A year later: 1,500 old lines in a file, 10 young ones."""
    kept.write(1_500, decisions=["d1", "d2"])
    kept.clocks.pass_(YEAR + 60.0)
    kept.write(10, decisions=["d3"])
    assert kept.store.rotate() == 1_500
    return heal_retain.files(kept.path)[0]


def test_lines_and_rows_of_a_year_ago_go_into_a_file_and_the_chain_stays_whole(kept):
    file = _rotated(kept)
    assert kept.live() == [*((n, "opened") for n in range(1_501, 1_511)), (1_511, "rotated")]
    assert kept.all() == list(range(1, 1_512))
    with closing(sqlite3.connect(kept.path)) as db:
        assert db.execute("SELECT id FROM decisions").fetchall() == [("d3",)]
    with gzip.open(file, "rt") as stream:
        rows = [json.loads(text) for text in stream][1_500:]
    assert sorted(one["decisions"]["id"] for one in rows) == ["d1", "d2"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_it_goes_on_behind_what_was_moved(kept):
    _rotated(kept)
    kept.store.close()
    kept.store = Store(kept.path, kept.clocks)
    kept.write(5)
    assert kept.all() == list(range(1, 1_517))
    assert kept.store.rotate() == 0


def test_a_year_later_the_next_piece_joins_the_chain(kept):
    _rotated(kept)
    kept.clocks.pass_(2 * YEAR)
    kept.write(1)
    assert kept.store.rotate() == 11
    assert len(heal_retain.files(kept.path)) == 2
    assert kept.all() == list(range(1, 1_514))


def test_more_than_there_may_be_is_moved_however_young(kept):
    kept.write(500)
    assert kept.store.rotate(most=100) == 450
    assert [n for n, _ in kept.live()] == list(range(451, 502))
    assert kept.all() == list(range(1, 502))


def test_a_handful_of_old_lines_waits_for_a_month(kept):
    kept.write(5)
    kept.clocks.pass_(YEAR + 60.0)
    assert kept.store.rotate() == 0
    kept.clocks.pass_(heal_retain.GRACE)
    assert kept.store.rotate() == 5


def test_a_guard_of_the_audit_stands_before_and_after(kept):
    _rotated(kept)
    with closing(sqlite3.connect(kept.path)) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute("DELETE FROM audit WHERE n = 1501")


def test_a_file_that_was_never_finished_is_made_anew(kept, monkeypatch):
    kept.write(1_500)
    kept.clocks.pass_(YEAR + 60.0)
    set_meta = heal_file.set_meta

    def fails(db, key, value):
        if key == heal_audit.BEGIN:
            raise sqlite3.OperationalError("database or disk is full")
        set_meta(db, key, value)

    monkeypatch.setattr(heal_file, "set_meta", fails)
    with pytest.raises(sqlite3.OperationalError):
        kept.store.rotate()
    monkeypatch.undo()
    assert kept.all() == list(range(1, 1_501))
    kept.write(200)
    kept.clocks.pass_(YEAR + 60.0)
    assert kept.store.rotate() == 1_700
    assert len(heal_retain.files(kept.path)) == 1
    assert kept.all() == list(range(1, 1_702))


def test_what_was_moved_before_a_backup_was_put_back_stays(kept):
    kept.write(100)
    assert kept.store.rotate(most=100) == 0
    with closing(sqlite3.connect(kept.path)) as db, closing(sqlite3.connect(":memory:")) as backup:
        db.backup(backup)
        kept.write(60)
        kept.store.rotate(most=100)
        kept.write(60)
        kept.store.rotate(most=100)
        kept.store.close()
        held = {one.read_bytes() for one in heal_retain.files(kept.path)}
        assert len(held) == 2
        backup.backup(db)
    kept.store = Store(kept.path, kept.clocks)
    kept.write(80)
    kept.store.rotate(most=100)
    folder = kept.path.with_name(heal_retain.FOLDER)
    assert held <= {one.read_bytes() for one in folder.iterdir()}
    assert kept.all()
    with closing(sqlite3.connect(kept.path)) as db:
        (line,) = [one for one in heal_audit.verified(db) if one.kind == "rotated"]
    assert len(line.body["replaced"]) == 2
    assert all((folder / name).exists() for name in line.body["replaced"])


def _without_a_line(file):
    with gzip.open(file, "rt") as stream:
        lines = stream.readlines()
    file.write_bytes(gzip.compress("".join(lines[:700] + lines[701:]).encode()))


def _with_another_row(file):
    with gzip.open(file, "rt") as stream:
        text = stream.read()
    file.write_bytes(gzip.compress(text.replace('"done"', '"failed"').encode()))


@pytest.mark.parametrize(
    "harm",
    [
        _without_a_line,
        _with_another_row,
        lambda file: file.unlink(),
        lambda file: file.write_bytes(b"no archive"),
        lambda file: file.write_bytes(file.read_bytes()[:1_000]),
    ],
)
def test_a_file_that_was_changed_is_found(kept, harm):
    harm(_rotated(kept))
    with pytest.raises(heal_audit.Broken):
        kept.all()


@pytest.mark.parametrize("place", ['[0, "{zero}"]', '[1500, "{zero}"]', '[1505, "{real}"]'])
def test_a_chain_cannot_be_cut_by_saying_that_lines_were_moved(kept, place):
    _rotated(kept)
    kept.store.close()
    with closing(sqlite3.connect(kept.path)) as db, db:
        (real,) = db.execute("SELECT hash FROM audit WHERE n = 1505").fetchone()
        text = place.format(zero=heal_audit.FIRST, real=real)
        db.execute("UPDATE meta SET value = ? WHERE key = ?", (text, heal_audit.BEGIN))
        db.execute("DROP TRIGGER audit_keeps")
        if "1505" in place:
            db.execute("DELETE FROM audit WHERE n <= 1505")
        db.execute(heal_file.KEEPS)
    with pytest.raises(heal_file.Unusable):
        Store(kept.path, kept.clocks)
