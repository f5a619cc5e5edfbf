"""A channel tells each line at least once, in order and bounded, and buries what it must."""

from __future__ import annotations

import json
import sqlite3

import pytest
from receiving import Audit, decided, would

from saltext.eos.utils import heal_audit, heal_notify_channel
from saltext.eos.utils.heal_notify_channel import ATTEMPTS, DEAD, FOLDER, Follower, needs, standing
from saltext.eos.utils.heal_notify_message import NOTES, message, severity, text
from saltext.eos.utils.heal_notify_settings import Channel
from saltext.eos.utils.heal_webhook import Failed

NOW = 1_700_000_000.0


class Told:
    """What a channel told, and what it is to meet with."""

    def __init__(self):
        self.messages, self.fails = [], []

    def __call__(self, message, now):
        if self.fails:
            raise self.fails.pop(0)
        self.messages.append(message)

    def texts(self):
        return [one.text.removeprefix("Eos healing: ") for one in self.messages]


@pytest.fixture
def audit(tmp_path):
    made = Audit(tmp_path)
    yield made
    made.close()


def follower(tmp_path, told, **options):
    """Follow the audit as a channel."""
    channel = Channel("ops", **options)
    return Follower(tmp_path / FOLDER, tmp_path / "healer.db", channel, told)


def worked_off(one, now=NOW, seconds=0.0):
    """Let a channel work until it has nothing to do, for so long at most."""
    end = now + seconds
    while True:
        pause = one.turn(now)
        if pause == 0.0:
            continue
        now += pause
        if now > end:
            return


def test_what_was_before_is_not_told(tmp_path, audit):
    audit.add(decided(1))
    told = Told()
    one = follower(tmp_path, told)
    worked_off(one)
    audit.add(decided(2), decided(3))
    worked_off(one)
    assert [one.about["decision"] for one in told.messages] == ["d2", "d3"]
    assert told.messages[0].text.startswith("Eos healing: resync is decided for node n2")


def test_each_is_told_once_however_often_it_starts(tmp_path, audit):
    told = Told()
    for number in range(1, 6):
        one = follower(tmp_path, told)
        worked_off(one)
        audit.add(decided(number))
    worked_off(follower(tmp_path, told))
    assert [one.about["decision"] for one in told.messages] == [f"d{n}" for n in range(1, 6)]


def test_a_crash_after_sending_tells_the_same_again_under_the_same_id(tmp_path, audit):
    told = Told()
    one = follower(tmp_path, told)
    worked_off(one)
    audit.add(decided(1))
    one._keep_ = one._keep
    kept = []

    def until_sent(now):
        if told.messages:
            raise KeyboardInterrupt
        kept.append(now)
        one._keep_(now)

    one._keep = until_sent
    with pytest.raises(KeyboardInterrupt):
        worked_off(one)
    audit.add(decided(2))
    worked_off(follower(tmp_path, told))
    first, again, second = told.messages
    assert (first, second.about["decision"]) == (again, "d2")


def test_failures_are_tried_again_ever_later_and_then_buried(tmp_path, audit):
    told = Told()
    one = follower(tmp_path, told)
    worked_off(one)
    audit.add(decided(1), decided(2))
    told.fails = [Failed("it is down")] * ATTEMPTS
    pauses, now = [], NOW
    for _ in range(ATTEMPTS):
        one.turn(now)
        pauses.append(one.state["next"] - now)
        now = max(now, one.state["next"])
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    worked_off(one, now)
    assert [one.about["decision"] for one in told.messages] == ["d2"]
    (letter,) = (tmp_path / FOLDER / DEAD).read_text().splitlines()
    assert json.loads(letter)["message"]["about"]["decision"] == "d1"
    assert standing(tmp_path)["ops"]["dead"] == 1
    assert standing(tmp_path)["ops"]["failed"] == ATTEMPTS
    (says,) = needs(tmp_path, now + 60)
    assert says.startswith("notifications that were given up within a day: 1, the last for ops")
    assert needs(tmp_path, now + 2 * 86_400) == []
    assert (tmp_path / FOLDER / DEAD).stat().st_mode & 0o777 == 0o600


def test_what_is_refused_for_good_is_buried_at_once(tmp_path, audit):
    told = Told()
    one = follower(tmp_path, told)
    worked_off(one)
    audit.add(decided(1), decided(2))
    told.fails = [Failed("answered 401", is_final=True)]
    worked_off(one)
    assert one.state["dead"] == 1
    assert len(told.messages) == 1


def test_severity_decides_what_is_told(tmp_path, audit):
    told, critical = Told(), Told()
    one = follower(tmp_path, told)
    two = Follower(tmp_path / FOLDER, audit.path, Channel("pager", "critical"), critical)
    worked_off(one)
    worked_off(two)
    audit.add(
        ("opened", {"says": "x", "place": "y"}), decided(1),
        ("result", {"decision": "d1", "ok": True, "says": "well"}),
        ("result", {"decision": "d2", "ok": False, "says": "still wrong"}),
    )  # fmt: skip
    worked_off(one)
    worked_off(two)
    assert [one.kind for one in told.messages] == ["decided", "result"]
    assert critical.texts() == ["decision d2 did not help: still wrong"]


def test_warn_tells_what_would_be_done_and_observe_does_not(tmp_path, audit):
    told = Told()
    one = follower(tmp_path, told)
    worked_off(one)
    audit.add(would("observe"), would("warn"))
    worked_off(one)
    (text_,) = told.texts()
    assert text_.startswith("resync would be done for node n1, but the mode is warn")


def test_a_storm_becomes_a_digest(tmp_path, audit):
    told = Told()
    one = follower(tmp_path, told, most=5, every=60.0)
    worked_off(one)
    audit.add(*[decided(number) for number in range(3)])
    worked_off(one)
    assert len(told.messages) == 3
    for first in range(0, 3000, 100):
        audit.add(*[decided(first + number) for number in range(100)])
    worked_off(one, NOW + 1, 30.0)
    digest = told.messages[3]
    assert len(told.messages) == 4
    assert (digest.kind, digest.about["count"]) == ("digest", 3000)
    assert "3000 x decided lost_registration" in digest.text
    audit.add(*[decided(number) for number in range(50)])
    worked_off(one, NOW + 32, 20.0)
    assert len(told.messages) == 4
    worked_off(one, NOW + 61, 5.0)
    assert [one.about.get("count") for one in told.messages[4:]] == [50]
    assert len({one.id for one in told.messages}) == 5


def test_a_digest_that_was_not_taken_is_the_same_next_time(tmp_path, audit):
    told = Told()
    one = follower(tmp_path, told, most=2)
    worked_off(one)
    audit.add(*[decided(number) for number in range(10)])
    sent = []

    def down(message, now):
        sent.append(message)
        raise Failed("it is down")

    one._send = down
    one.turn(NOW)
    (says,) = needs(tmp_path, NOW)
    assert says.startswith("ops is not told about healing: it is down; ")
    assert "`salt-run eos.notify_test channel=ops`" in says
    audit.add(*[decided(number) for number in range(10, 20)])
    worked_off(follower(tmp_path, told, most=2), NOW + 10)
    assert told.messages[0] == sent[0]
    assert told.messages[0].about["count"] == 10


def test_an_audit_that_was_changed_is_not_told(tmp_path, audit):
    told = Told()
    one = follower(tmp_path, told)
    worked_off(one)
    audit.add(decided(1))
    with sqlite3.connect(audit.path) as db:
        db.execute("DROP TRIGGER audit_stays")
        db.execute("UPDATE audit SET body = replace(body, 'resync', 'reboot')")
    with pytest.raises(heal_audit.Broken):
        one.turn(NOW)
    assert told.messages == []


def test_words_stay_on_one_line_whatever_a_job_is_called(tmp_path, audit):
    audit.add(("note", {"do": "hold", "what": "job:web\n\x1b[2J", "says": "a\u2028b"}))
    (line,) = heal_audit.verified(audit._db)
    assert not set(text(line)) & {"\n", "\x1b", "\u2028"}


def test_every_kind_of_line_has_words_and_a_severity():
    from saltext.eos.utils import heal_notify_message

    assert set(heal_notify_message._WORDS) <= set(heal_notify_message._KINDS)
    for kind in heal_notify_message._KINDS:
        line = heal_audit.Line(1, NOW, kind, {"t": 1.0})
        assert severity(line) in heal_notify_message.SEVERITIES
        assert message(line, "f" * 64).text
    for do, grave in NOTES.items():
        assert severity(heal_audit.Line(1, NOW, "note", {"do": do})) == grave


def test_what_is_critical_does_not_wait_for_the_end_of_a_storm(tmp_path, audit):
    told = Told()
    one = follower(tmp_path, told, most=2, every=300.0)
    worked_off(one)
    audit.add(*[decided(number) for number in range(600)])
    worked_off(one, NOW, 5.0)
    assert len(told.messages) == 1
    audit.add(*[decided(number) for number in range(600)])
    worked_off(one, NOW + 10, 5.0)
    assert len(told.messages) == 1
    audit.add(("result", {"decision": "d9", "ok": False, "says": "still wrong"}), decided(1))
    worked_off(one, NOW + 20, 5.0)
    (grave,) = told.messages[1:]
    assert (grave.severity, grave.about["count"]) == ("critical", 601)
    assert "decision d9 did not help: still wrong" in grave.text
    worked_off(one, NOW + 301, 5.0)
    assert told.messages[2].about["decision"] == "d1"


def test_what_is_critical_is_told_however_far_behind_it_is(tmp_path, audit, monkeypatch):
    """
    A receiver comes back after hours, and more lines wait than one message holds.

    Mutation: tell of as many as it holds, and go on behind what was critical.
    """
    monkeypatch.setattr(heal_notify_channel, "MOST_LINES", 700)
    told = Told()
    one = follower(tmp_path, told, most=2, every=300.0)
    worked_off(one)
    audit.add(*[decided(number) for number in range(600)])
    worked_off(one, NOW, 5.0)
    audit.add(*[decided(number) for number in range(1_500)])
    audit.add(("result", {"decision": "d9", "ok": False, "says": "still wrong"}))
    worked_off(one, NOW + 10, 30.0)
    assert [one.about["count"] for one in told.messages] == [600, 700, 700, 101]
    assert "decision d9 did not help: still wrong" in told.messages[-1].text


def test_a_storm_of_what_is_critical_is_bounded_too(tmp_path, audit):
    told = Told()
    one = follower(tmp_path, told, most=2, every=300.0)
    worked_off(one)
    for second in range(0, 50, 5):
        audit.add(*[("result", {"decision": "d", "ok": False, "says": "x"})] * 5)
        worked_off(one, NOW + second, 1.0)
    assert len(told.messages) == 3


def test_another_audit_is_told_of_and_followed(tmp_path, audit):
    told = Told()
    one = follower(tmp_path, told)
    audit.add(*[decided(number) for number in range(9)])
    worked_off(one)
    one.state["n"] = 40
    one.turn(NOW)
    assert told.messages[-1].severity == "critical"
    assert "line 40 was told of; it is another audit" in told.messages[-1].text
    audit.add(decided(7))
    worked_off(one)
    assert told.messages[-1].about["decision"] == "d7"


def test_what_was_moved_before_it_was_told_is_told_of(tmp_path, audit, monkeypatch):
    told = Told()
    one = follower(tmp_path, told)
    audit.add(*[decided(number) for number in range(9)])
    worked_off(one)
    one.state.update(n=2, pending=[3, 6])
    lines = heal_notify_channel._lines
    moved = lambda path, after, upto, *_: lines(path, max(after, 8), upto)  # noqa: E731
    monkeypatch.setattr(heal_notify_channel, "_lines", moved)
    worked_off(one)
    assert "lines 3 to 6 of the audit were moved" in told.messages[0].text
    assert one.state["pending"] is None
    audit.add(decided(11))
    worked_off(one)
    assert told.messages[-1].about["decision"] == "d11"


def test_another_audit_that_is_as_long_by_now_is_told_of_too(tmp_path, audit):
    """Mutation: go by the number of the last line alone, and what lies between is lost unsaid."""
    told = Told()
    one = follower(tmp_path, told, severity="info")
    worked_off(one)
    audit.add(*[would(f"d{number}") for number in range(3)])
    worked_off(one)
    audit.close()
    for path in tmp_path.glob("healer*"):
        path.unlink()
    again = Audit(tmp_path)
    again.add(*[would(f"e{number}") for number in range(9)])
    told.messages.clear()
    again_one = follower(tmp_path, told, severity="info")
    worked_off(again_one)
    (said,) = told.messages
    assert said.severity == "critical"
    assert "is not the one that was told of; it is another audit" in said.text
    again.add(would("e9"))
    worked_off(again_one)
    assert len(told.messages) == 2
    again.close()
