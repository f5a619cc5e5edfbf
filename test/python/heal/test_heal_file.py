"""The file of the healer is made once: one that is lost or emptied freezes, and frees nothing."""

from __future__ import annotations

import contextlib
import json
import resource
import sqlite3

import pytest
from healing import ENFORCE, TABLE, Clocks, fact

from saltext.eos.utils import (
    heal_claim,
    heal_core,
    heal_file,
    heal_reader,
    heal_report,
    heal_state,
    heal_store,
)

RULES_1 = """CREATE TABLE rules (
  kind TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL,
  at REAL NOT NULL, until REAL, input TEXT NOT NULL, PRIMARY KEY (kind, what)) WITHOUT ROWID"""


@pytest.fixture
def path(tmp_path):
    """A file in which a person has frozen the stack, after a stop."""
    path = tmp_path / heal_file.NAME
    with contextlib.closing(heal_store.Store(path, Clocks())) as store, store.step(ENFORCE):
        store.state.put_rule(heal_state.Rule("freeze", "stack", "SAN", "ann", 0.0))
    return path


def _clear(path):
    for one in path.parent.glob(f"{path.name}-*"):
        one.unlink()


def test_an_empty_file_is_not_made_anew(path):
    _clear(path)
    path.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(heal_file.Unusable, match="is empty"):
            heal_store.Store(path, Clocks())
        with pytest.raises(heal_file.Unusable, match="is empty"):
            heal_claim.claim(path, "x", "evaluate", {}, Clocks())
    assert path.stat().st_size == 0


def test_a_file_that_is_gone_is_not_made_anew_until_a_person_says_so(path):
    _clear(path)
    path.unlink()
    for _ in range(2):
        with pytest.raises(heal_file.Unusable, match=r"is gone.* remove .*healer\.made"):
            heal_store.Store(path, Clocks())
    assert not path.exists()
    path.with_name(heal_file.MARK).unlink()
    with contextlib.closing(heal_store.Store(path, Clocks())) as store:
        assert store.state.rules == {}


def _killed(path, reason):
    """Write a rule, and leave the log as a process that is killed does."""
    store = heal_store.Store(path, Clocks())
    with store.step(ENFORCE):
        store.state.put_rule(heal_state.Rule("freeze", "stack", reason, "ann", 0.0))
    kept = {one: one.read_bytes() for one in path.parent.glob(f"{path.name}-*")}
    store.close()
    for one, content in kept.items():
        one.write_bytes(content)
    assert path.with_name(f"{path.name}-wal").stat().st_size


def test_the_log_of_a_lost_file_is_not_laid_over_a_new_one(path):
    """Mutation: leave the log where it is, and SQLite takes it for that of the new file."""
    _killed(path, "of the lost file")
    path.unlink()
    path.with_name(heal_file.MARK).unlink()
    with contextlib.closing(heal_store.Store(path, Clocks())) as store:
        assert store.state.rules == {}
    assert path.with_name(f"{path.name}-wal.lost").exists()


def test_the_log_of_a_lost_file_is_not_laid_over_its_backup(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        backup = path.with_name("backup")
        db.execute("VACUUM INTO ?", (str(backup),))
    _killed(path, "of the lost file")
    path.unlink()
    with pytest.raises(heal_file.Unusable, match="is gone"):
        heal_store.Store(path, Clocks())
    backup.replace(path)
    with contextlib.closing(heal_store.Store(path, Clocks())) as store:
        assert [rule.reason for rule in store.state.rules.values()] == ["SAN"]


def test_a_file_of_before_the_mark_gets_one(path):
    path.with_name(heal_file.MARK).unlink()
    with contextlib.closing(heal_store.Store(path, Clocks())) as store:
        assert len(store.state.rules) == 1
    assert path.with_name(heal_file.MARK).exists()


@pytest.fixture
def older(path):
    """The same file as the first release wrote it, with an incident that is open."""
    with contextlib.closing(heal_store.Store(path, Clocks())) as store, store.step(ENFORCE) as time:
        core = heal_core.Core(TABLE, ENFORCE, store.state)
        core.arrive(1, fact(1, "nomad/alloc/failed"), time.now)
    with contextlib.closing(sqlite3.connect(path)) as db:
        (text,) = db.execute("SELECT body FROM incidents").fetchone()
        body = {k: v for k, v in json.loads(text).items() if k not in ("late", "occurred")}
        db.execute("UPDATE incidents SET body = ?", (json.dumps(body),))
        db.execute("ALTER TABLE rules RENAME TO kept")
        db.execute(RULES_1)
        db.execute("INSERT INTO rules SELECT kind, what, reason, by, at, until, input FROM kept")
        db.execute("DROP TABLE kept")
        db.execute("PRAGMA user_version = 1")
        db.commit()
    return path


def test_a_file_of_the_first_release_opens_with_all_that_was_said(older):
    """Mutation: refuse any version but this one, or a row without a field that is new."""
    with contextlib.closing(heal_store.Store(older, Clocks())) as store:
        assert [(rule.by, rule.reason) for rule in store.state.rules.values()] == [("ann", "SAN")]
        assert [one.late for one in store.state.incidents.values()] == [0.0]
        with store.step(ENFORCE):
            store.state.put_rule(heal_state.Rule("hold", "job:web", "x", "ann", 0.0))
            store.state.put_rule(heal_state.Rule("hold", "job:web", "x", "healer", 0.0, None, "a"))
    with contextlib.closing(heal_store.Store(older, Clocks())) as store:
        assert len(store.state.rules) == 3


def test_a_file_whose_incidents_do_not_say_for_what_they_were_opened_is_kept_and_opened(older):
    """Mutation: leave the version, and the wheel of before refuses each row as one of no wheel."""
    heal_store.Store(older, Clocks()).close()
    with contextlib.closing(sqlite3.connect(older)) as db:
        (text,) = db.execute("SELECT body FROM incidents").fetchone()
        body = {k: v for k, v in json.loads(text).items() if k != "leave"}
        db.execute("UPDATE incidents SET body = ?", (json.dumps(body),))
        db.execute("PRAGMA user_version = 2")
        db.commit()
    with contextlib.closing(heal_store.Store(older, Clocks())) as store:
        assert [one.leave for one in store.state.incidents.values()] == [""]
    assert _copies(older) == ["healer.db.v1", "healer.db.v2"]
    with contextlib.closing(sqlite3.connect(older)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (3,)


def test_only_the_engine_brings_an_older_file_up_and_nobody_acts_on_it_before(older):
    with pytest.raises(heal_file.Unusable, match="of an older wheel; restart the master"):
        heal_claim.claim(older, "x", "evaluate", {}, Clocks())
    with pytest.raises(heal_file.Unusable, match="of an older wheel; restart the master"):
        heal_reader.Reader(older)


def test_an_older_file_is_kept_as_it_was(older):
    heal_store.Store(older, Clocks()).close()
    kept = older.with_name("healer.db.v1")
    assert kept.stat().st_mode & 0o777 == 0o600
    with contextlib.closing(sqlite3.connect(kept)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert db.execute("SELECT reason FROM rules").fetchall() == [("SAN",)]
        assert db.execute("SELECT count(*) FROM audit").fetchone()[0] > 0


def _copies(path):
    return sorted(
        one.name for one in path.parent.iterdir() if ".v" in one.name or one.name[0] == "."
    )


def test_without_room_for_a_copy_the_older_file_stays_and_is_told_to_be_whole(older):
    """Mutations: say that it cannot be trusted; leave what was copied until the room ended."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with contextlib.closing(sqlite3.connect(older)) as db:
        db.execute("INSERT INTO meta VALUES ('much', ?)", (json.dumps("x" * 100_000),))
        db.commit()
    try:
        # As where the disk is full: the copy ends before it is whole.
        resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, hard))
        for _ in range(2):
            with pytest.raises(heal_file.Other, match=r"is whole.*leave it where it is, an"):
                heal_store.Store(older, Clocks())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert _copies(older) == []
    found = heal_report.report({"eos_state_dir": str(older.parent)}, {})
    assert "do not move it" in found["why"]
    assert "healer.made" not in found["why"]
    with contextlib.closing(heal_store.Store(older, Clocks())) as store:
        assert [rule.reason for rule in store.state.rules.values()] == ["SAN"]


def test_a_second_upgrade_keeps_the_copy_of_the_first(older):
    """Mutations: write over it; leave the staged copy of an upgrade that was killed."""
    older.with_name("healer.db.v1").write_bytes(b"of the first")
    older.with_name(".healer.db.copy").write_bytes(b"cut off")
    heal_store.Store(older, Clocks()).close()
    assert _copies(older) == ["healer.db.v1", "healer.db.v1.2"]
    assert older.with_name("healer.db.v1").read_bytes() == b"of the first"


def test_an_older_file_that_is_damaged_is_not_written(older):
    """Mutation: bring it up first, and the wheel that wrote it cannot read it any more."""
    with contextlib.closing(sqlite3.connect(older)) as db:
        db.execute("DROP TRIGGER audit_stays")
        db.execute("UPDATE audit SET body = replace(body, 'SAN', 'NAS')")
        db.execute(
            "CREATE TRIGGER audit_stays BEFORE UPDATE ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END"
        )
        db.commit()
    with pytest.raises(heal_file.Unusable, match="cannot be trusted"):
        heal_store.Store(older, Clocks())
    with contextlib.closing(sqlite3.connect(older)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
    assert not older.with_name("healer.db.v1").exists()


def test_a_step_that_breaks_off_leaves_the_older_file_as_it_was(older, monkeypatch):
    steps = {**heal_file.STEPS, 1: (*heal_file.STEPS[1], "SELECT no_such_function()")}
    monkeypatch.setattr(heal_file, "STEPS", steps)
    with pytest.raises(heal_file.Unusable, match="no_such_function"):
        heal_store.Store(older, Clocks())
    assert _copies(older) == []
    monkeypatch.undo()
    with contextlib.closing(heal_store.Store(older, Clocks())) as store:
        assert len(store.state.rules) == 1


def test_a_file_of_a_newer_wheel_freezes(older):
    with contextlib.closing(sqlite3.connect(older)) as db:
        db.execute(f"PRAGMA user_version = {heal_file.VERSION + 1}")
    with pytest.raises(heal_file.Unusable, match="install the wheel that wrote it"):
        heal_store.Store(older, Clocks())


def test_a_field_that_a_newer_wheel_wrote_freezes(older):
    """Mutation: leave out what is not known, and what it meant to stop is not stopped."""
    with contextlib.closing(sqlite3.connect(older)) as db:
        (text,) = db.execute("SELECT body FROM incidents").fetchone()
        body = {**json.loads(text), "never": True}
        db.execute("UPDATE incidents SET body = ?", (json.dumps(body),))
        db.commit()
    with pytest.raises(heal_file.Unusable, match="never"):
        heal_store.Store(older, Clocks())
