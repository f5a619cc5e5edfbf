"""The audit: shown as it was written, or not at all from the first line that was touched."""

import sqlite3
import threading

import pytest
from healed import lost, reverted

from saltext.eos.utils import heal_report_audit
from saltext.eos.utils.heal_report_text import WIDTH


@pytest.fixture
def written(healed):
    """A file with some lines, closed."""
    healed.tell(lost(1), reverted(2))
    healed.after(20)
    healed.after(1)
    healed.store.close()
    return healed


def _tampered(healed, statement, *values):
    """Change the file behind the back of its guards, which are there again afterwards."""
    with sqlite3.connect(healed.path) as db:
        guards = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            db.execute(f"DROP TRIGGER {name}")
        db.execute(statement, values)
        for _, text in guards:
            db.execute(text)
    db.close()


def test_an_audit_is_shown_line_by_line_and_is_whole(written, run):
    found = run("audit")
    assert found["retcode"] == 0
    kinds = [one["kind"] for one in found["lines"]]
    assert kinds[:2] == ["opened", "opened"]
    assert {"note", "rule", "decided", "fired"} <= set(kinds)
    text = " ".join(found["text"].split())
    assert "hold of job:web@default by healer: version 3 of web failed its deployment" in text
    assert "resync of datacenter dc1" in text
    assert max(map(len, found["text"].splitlines())) <= WIDTH
    whole = run("audit", verify=True)
    assert (whole["count"], whole["retcode"]) == (len(kinds), 0)
    assert len(whole["hash"]) == 64
    assert whole["text"].startswith(f"The audit is whole: {len(kinds)} lines")


def test_the_audit_is_chosen_from(written, run):
    assert [one["kind"] for one in run("audit", kind="rule")["lines"]] == ["rule"]
    assert run("audit", since="1m")["lines"] == []
    assert run("audit", since="1m")["text"] == "the audit has no such line"
    newest = run("audit", limit=1)
    assert len(newest["lines"]) == 1
    assert newest["text"].startswith("the newest 1 of ")


def test_how_far_it_is_verified_is_said_while_that_takes_its_time(
    written, run, monkeypatch, capsys
):  # fmt: skip
    """Mutation: say nothing, and whoever waits takes it for one that hangs."""
    run("audit")
    assert "verified up to" not in capsys.readouterr().err
    monkeypatch.setattr(heal_report_audit, "SAY_EVERY", 0.0)
    for asked in ({}, {"verify": True}):
        found = run("audit", **asked)
        count = found["count"]
        assert f"verified up to line 1 of {count}\n" in capsys.readouterr().err
        assert "verified up to" not in found["text"]


TAMPERED = {
    "changed": ("UPDATE audit SET body = replace(body, 'web', 'bew') WHERE n = 2", 2),
    "relabelled": ("UPDATE audit SET kind = 'closed' WHERE n = 1", 1),
    "moved in time": ("UPDATE audit SET at = at - 60 WHERE n = 3", 3),
    "removed": ("DELETE FROM audit WHERE n = 3", 4),
    "swapped": ("UPDATE audit SET n = CASE n WHEN 2 THEN -3 ELSE -2 END WHERE n IN (2, 3)", -3),
    "put in": ("INSERT INTO audit SELECT 99, at, kind, body, previous, hash FROM audit WHERE n = 1",
               99),
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERED)
def test_a_touched_line_is_named_and_ends_with_1(written, run, how):
    statement, line = TAMPERED[how]
    _tampered(written, statement)
    if how == "swapped":
        _tampered(written, "UPDATE audit SET n = -n WHERE n < 0")
        line = 2
    for found in (run("audit"), run("audit", verify=True)):
        assert (found["retcode"], run.context["retcode"]) == (1, 1)
        assert f"line {line} of the audit" in found["broken"]
        assert "BROKEN" in found["text"]


def test_what_was_written_before_a_touched_line_is_shown(written, run):
    _tampered(written, TAMPERED["changed"][0])
    found = run("audit")
    assert [one["n"] for one in found["lines"]] == [1]


def test_a_truncated_audit_is_found_out(written, run):
    _tampered(written, "DELETE FROM audit WHERE n > 3")
    found = run("audit", verify=True)
    assert found["retcode"] == 1
    assert found["broken"].startswith("the audit ends with line 3; expected")


def test_an_audit_without_its_end_or_its_guards_is_not_believed(written, run):
    with sqlite3.connect(written.path) as db:
        db.execute("DROP TRIGGER audit_keeps")
    said = run("audit")
    assert (said["retcode"], "has lost what guards its audit" in said["comment"]) == (1, True)


def test_a_file_that_was_cut_off_is_said_to_be_so(written, run):
    data = written.path.read_bytes()
    written.path.write_bytes(data[: len(data) // 2])
    said = run("audit", verify=True)
    assert said["retcode"] == 1
    assert "be trusted" in said.get("comment", "") or "malformed" in said.get("broken", "")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"since": "soon"}, "since is 'soon'"),
        ({"verify": 1}, "verify is 1; expected True or False"),
        ({"kind": "decide"}, "(did you mean decided?)"),
        ({"limit": 0}, "limit is 0; expected a whole number"),
        ({"frm": 1}, "frm is no option"),
    ],
)
def test_what_cannot_be_meant_is_refused(written, run, asked, says):
    said = run("audit", **asked)
    assert says in said["comment"]
    assert said["retcode"] == 2


def test_a_writer_beside_it_never_makes_it_look_broken(healed, run):
    ended = threading.Event()

    def write():
        while not ended.is_set():
            healed.tell(reverted(healed.row + 1, f"j{healed.row}"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while healed.row < 100:
            assert run("audit", verify=True)["broken"] == ""
            assert run("audit", since="3h")["broken"] == ""
    finally:
        ended.set()
        writer.join()


def test_a_clock_that_was_put_back_hides_no_line(healed, run):
    """Lines stand in the order in which they were written, whatever the wall clock said."""
    healed.clocks.back = 60
    healed.tell(lost(1))
    healed.clocks.back = 7200
    healed.tell(reverted(2))
    healed.store.close()
    found = run("audit", since="10m")
    assert [one["kind"] for one in found["lines"]] == ["opened", "opened"]
