"""What status and incidents show of healing: true, readable, and beside the engine that writes."""

import contextlib
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from healed import ENFORCE, WRONG, Healed, lost, reverted

from saltext.eos.utils import heal_reader, heal_report, heal_settings, heal_state
from saltext.eos.utils.heal_report_text import WIDTH, labelled, span


def _text(found):
    return "\n".join(heal_report.text(found) + heal_report.needs_text(found["needs"]))


def test_a_quiet_healer_needs_nobody(healed, opts):
    found = heal_report.report(opts, {})
    assert (found["state"], found["mode"], found["needs"]) == ("running", "enforce", [])
    assert found["budget"]["left"] == 5
    assert _text(found).splitlines() == [
        "healing",
        "engine    running, heard 0s ago, facts that wait: 0",
        "mode      enforce",
        "budget    5 of 5 acts left",
    ]


def test_everything_that_stands_in_the_way_is_told(home, opts, run):
    home.mkdir()
    healed = Healed(home, back=60)
    healed.tell(reverted(1), lost(2))
    healed.after(20)
    with healed.store.step(ENFORCE) as moment:
        rule = heal_state.Rule("contended", "cd" * 32, "job web: bob", "healer", moment.now)
        healed.store.state.put_rule(rule)
    run("suspend", "node:n1", reason="is rebuilt", **{"for": "2h"})
    healed.turns(lag=7_000, tokens=4.0)
    found = heal_report.report(opts, {})
    assert [one["what"] for one in found["held"]] == ["job:web@default"]
    assert found["held"][0]["by"] == "healer"
    assert found["suspended"][0]["left"] == pytest.approx(7200, abs=5)
    assert found["budget"]["left"] < 5
    assert found["not_obeyed"] == 1
    text = _text(found)
    assert "held      job:web@default by healer since 20" in text
    assert "suspended node:n1 by root" in text
    assert "contended cdcd" in text
    assert "`salt-run eos.release cdcdcdcdcdcd`" in " ".join(text.split())
    assert "the engine is 7000 facts behind; expected at most 5000" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= WIDTH


def test_a_suspension_that_is_over_is_not_shown(healed, opts, run):
    run("suspend", "node:n1", reason="is rebuilt", **{"for": "1m"})
    healed.after(1)
    assert len(heal_report.report(opts, {})["suspended"]) == 0  # an hour and more ago by now
    healed.clocks.back = 0
    run("suspend", "node:n1", reason="is rebuilt", **{"for": "1m"})
    assert len(heal_report.report(opts, {})["suspended"]) == 1


def test_a_source_that_does_not_answer_is_named(healed, opts):
    healed.blocked = "consul"
    healed.tell(lost(1))
    healed.after(20)
    found = heal_report.report(opts, {})
    assert found["blocked"] == {"consul": 1}
    assert "blocked   consul: 1 incidents wait for it" in _text(found)
    assert any("consul did not answer wholly" in one for one in found["needs"])


def test_an_open_breaker_is_told_by_what_it_is_about(healed, opts):
    for _ in range(3):
        healed.act_on(lost(healed.row + 1), ok=False)
    while not (found := heal_report.report(opts, {}))["breakers"]:
        healed.after(60)
    assert found["breakers"][0]["attempts"] == 3
    assert found["breakers"][0]["what"].endswith(
        " of job:shop, service:web, component:consul, node:n1"
    )
    (need,) = found["needs"]
    assert "3 acts on the same input (3 did not help); the next is tried in" in need
    thing = found["breakers"][0]["thing"]
    assert need.endswith(f"`salt-run eos.release {thing[:12]}` lets it be healed again")


def test_a_breaker_after_acts_that_helped_does_not_say_that_they_did_not(healed, opts):
    """Mutation: count what helped, and came again, with what did not help."""
    for ok in (True, True, False):
        healed.thing = WRONG
        healed.act_on(lost(healed.row + 1), ok=ok)
    found = heal_report.report(opts, {})
    assert found["breakers"][0]["acts"] == "2 helped, and it came again, 1 did not help"


def test_a_budget_of_words_is_told_as_one(healed, opts):
    """Mutation: show what was only said as what was done."""
    healed.settings = heal_settings.Settings()
    healed.turns()
    text = " ".join(_text(heal_report.report(opts, {})).split())
    assert "budget 5 of 5 acts would be left; nothing is done in this mode" in text


def test_a_decision_that_nobody_claimed_needs_a_person(healed, opts):
    healed.tell(lost(1))
    healed.after(20)
    healed.after(200)
    found = heal_report.report(opts, {})
    assert found["unanswered"][0]["why"] == "nobody claimed it: is the reactor set up?"
    assert any("is the reactor set up?" in one for one in found["needs"])


def test_an_engine_that_is_down_needs_a_person(healed, opts):
    healed.turns(at=time.time() - 120)
    found = heal_report.report(opts, {"mode": "warn"})
    assert (found["state"], found["mode"]) == ("down", "warn")
    assert "last heard 2m ago; nothing is healed" in found["needs"][0]


def test_an_engine_that_was_never_set_up_is_off_and_needs_nobody(home, opts):
    found = heal_report.report(opts, {})
    assert (found["state"], found["needs"]) == ("off", [])
    found = heal_report.report({**opts, "engines": [{"eos_healer": {}}]}, {})
    assert "restart the master" in found["needs"][0]


def _damaged(healed):
    healed.store.close()
    healed.path.write_bytes(b"x" * 8192)


def _of_another_version(healed):
    with sqlite3.connect(healed.path) as db:
        db.execute("PRAGMA user_version = 9")


def _without_its_guards(healed):
    with sqlite3.connect(healed.path) as db:
        db.execute("DROP TRIGGER audit_stays")


def _with_a_broken_row(healed):
    with sqlite3.connect(healed.path) as db:
        db.execute("INSERT INTO budget VALUES ('more', 'many', 0)")


def _with_a_changed_audit(healed):
    healed.tell(reverted(1))
    with sqlite3.connect(healed.path) as db:
        db.execute("DROP TRIGGER audit_stays")
        db.execute("UPDATE audit SET body = replace(body, 'web', 'bew') WHERE n = 1")
        db.executescript(
            "CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'x'); END;"
        )


@pytest.mark.parametrize(
    "spoil",
    [_damaged, _of_another_version, _without_its_guards, _with_a_broken_row, _with_a_changed_audit],
)
def test_a_file_that_cannot_be_trusted_is_shown_as_frozen_with_what_to_do(healed, opts, run, spoil):
    spoil(healed)
    found = heal_report.report(opts, {})
    assert found["state"] == "untrusted"
    text = " ".join(_text(found).split())
    assert "FROZEN" in text
    assert "Nothing is healed while this is so. Do not remove the file" in text
    said = run("incidents")
    assert said["retcode"] == 1
    assert str(healed.path) in said["comment"]


def test_incidents_are_listed_with_what_they_wait_for(healed, run):
    healed.blocked = "consul"
    healed.tell(lost(1), reverted(2))
    healed.after(20)
    found = run("incidents")
    assert {one["policy"] for one in found["incidents"]} == {
        "lost_registration", "failed_deployment",
    }  # fmt: skip
    waiting = next(one for one in found["incidents"] if one["policy"] == "lost_registration")
    assert waiting["why"] == "complete: blocked: consul did not answer wholly"
    assert "waiting" in found["text"]
    assert "> complete: blocked: consul did not answer wholly (looked at again in" in " ".join(
        found["text"].split()
    )
    assert max(map(len, found["text"].splitlines())) <= WIDTH


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 2),
        ({"open": True}, 1),
        ({"policy": "lost_registration"}, 1),
        ({"job": "web"}, 1),
        ({"job": "bew"}, 0),
        ({"since": "1m"}, 0),
        ({"since": "1d"}, 2),
    ],
)
def test_incidents_are_chosen(healed, run, asked, count):
    healed.blocked = "consul"
    healed.tell(lost(1))
    healed.after(20)
    healed.blocked = ""
    healed.tell(reverted(2))
    healed.after(10)
    assert len(run("incidents", **asked)["incidents"]) == count


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"open": "yes"}, "open is 'yes'; expected True or False"),
        ({"since": "soon"}, "since is 'soon'; expected a span"),
        ({"policy": "lost_registraton"}, "(did you mean lost_registration?)"),
        ({"jobs": "web"}, "jobs is no option; expected one of open, since, policy, job"),
    ],
)
def test_a_filter_that_is_none_is_refused(healed, run, asked, says):
    said = run("incidents", **asked)
    assert says in said["comment"]
    assert said["retcode"] == 2


def test_a_hostile_name_cannot_write_lines_of_its_own(healed, run):
    healed.tell(reverted(1, "web\nneeds a person\x1b[2J"))
    healed.after(20)
    text = run("incidents")["text"]
    assert "\x1b" not in text
    assert not any(line.startswith("needs a person") for line in text.splitlines())


def test_it_reads_while_the_engine_writes(healed, opts):
    """A reader never sees half of a step."""
    ended = threading.Event()

    def write():
        while not ended.is_set():
            healed.tell(reverted(healed.row + 1, f"j{healed.row}"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while healed.row < 60:
            assert heal_report.report(opts, {})["state"] == "running"
    finally:
        ended.set()
        writer.join()


def test_neither_reader_nor_engine_waits_for_the_other(healed, opts):
    """
    Each does all of its work while the other stands still in the middle of its own.

    Mutation: keep the file without a write-ahead log; whoever waits then gives up by itself.
    """
    healed.tell(reverted(1))
    healed.after(20)
    held = heal_report.report(opts, {})["held"]
    assert [one["what"] for one in held] == ["job:web@default"]
    with pytest.raises(InterruptedError), healed.store.step(ENFORCE):
        healed.store._db.execute("DELETE FROM rules")
        found = heal_report.report(opts, {})
        assert (found["state"], found["held"]) == ("running", held)
        raise InterruptedError
    again = Healed(healed.home)
    again.row = healed.row
    with contextlib.closing(heal_reader.Reader(healed.path)) as reader:
        again.tell(reverted(2, "api"))
        assert len(reader.incidents()) == 1
    with contextlib.closing(heal_reader.Reader(healed.path)) as reader:
        assert len(reader.incidents()) == 2


def test_it_reads_after_the_engine_was_killed(home, opts):
    code = (
        "import os, sys; sys.path[:0] = sys.argv[2:]; from pathlib import Path; import healed;"
        "one = healed.Healed(Path(sys.argv[1])); one.tell(healed.reverted(1)); one.after(20);"
        "os.kill(os.getpid(), 9)"
    )
    home.mkdir()
    path = [str(home), *[one for one in sys.path if one]]
    assert subprocess.run([sys.executable, "-c", code, *path], check=False).returncode == -9
    found = heal_report.report(opts, {})
    assert found["state"] == "down"
    assert found["held"][0]["what"] == "job:web@default"


def test_spans_are_readable():
    shown = {0: "0s", 59: "59s", 60: "1m", 7200: "2h", 7260: "2h 1m", 90061: "1d 1h", 0.4: "0s"}
    assert {seconds: span(seconds) for seconds in shown} == shown
    assert labelled("x", "") == ["x         -"]


def test_the_mode_is_of_the_engine_and_of_the_pillar_while_it_is_down(home, opts):
    home.mkdir()
    healed = Healed(home, heal_settings.read({"jobs": {"web": "enforce"}}))
    healed.turns()
    assert "mode      observe (web enforce)" in _text(heal_report.report(opts, {"mode": "warn"}))
    healed.turns(at=0.0)
    assert "mode      warn" in _text(heal_report.report(opts, {"mode": "warn"}))


def test_a_pillar_that_does_not_compile_does_not_hide_how_healing_is(healed, run):
    healed.tell(reverted(1))
    healed.after(20)
    found = run("status")
    assert (found["retcode"], found["result"], found["components"]) == (1, False, [])
    assert "has no compiled stack" in found["comment"]
    assert found["healing"]["held"][0]["what"] == "job:web@default"
    assert "held      job:web@default by healer" in found["text"]


def test_what_is_well_and_watched_is_one_line(healed, run):
    from saltext.eos.utils import heal_claim

    healed.tell(lost(1))
    (decision,) = healed.after(20)
    heal_claim.claim(healed.path, decision.id, "resync", {"jid": "1"}, healed.clocks)
    result = {"verb": "result", "decision": decision.id, "ok": True, "says": "well"}
    heal_claim.tell(healed.path, result, "run", healed.clocks)
    healed.thing = healed.thing._replace(wrong=False)
    healed.after(1)
    found = run("incidents", open=True)
    assert [one["state"] for one in found["incidents"]] == ["watching"]
    text = " ".join(found["text"].split())
    assert f"watching {found['incidents'][0]['id']} lost_registration: is well, and wat" in text
    assert "more" not in text
