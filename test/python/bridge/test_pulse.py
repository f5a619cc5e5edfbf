"""A minion whose beacon falls silent is told of once, and nobody else can speak for it."""

from __future__ import annotations

import json
import sqlite3
import threading
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from saltext.eos.utils import hint
from saltext.eos.utils.hint_bus import Heard, Slots
from saltext.eos.utils.hint_desk import Desk
from saltext.eos.utils.hint_pulse import Now, Pulse
from saltext.eos.utils.inbox import Inbox
from saltext.eos.utils.record_batch import BEAT_EVERY, Outbox

BEGAN, AFTER = 1_700_000_000.0, 300.0


def batch(at, boot="b1", beacon="eos_host", minion="n1"):
    """A sign of life as it was signed at a moment."""
    return hint.Batch(minion, boot, [], beacon, int(at * 1000))


@pytest.fixture
def pulse():
    """An engine that waits for the host beacon of n1, of before."""
    return Pulse(AFTER, {"host:n1": BEGAN - 9_000}, {}, at(BEGAN))


def at(wall, ahead=0.0):
    """A moment; ``ahead`` is by how much the wall clock was set forward meanwhile."""
    return Now(wall - BEGAN + 5_000.0, wall + ahead)


def told(pulse, now, is_accepted=lambda _: True):
    return [(said.verb, said.source) for said, _ in looked(pulse, now, is_accepted)]


def looked(pulse, now, is_accepted=lambda _: True, ahead=0.0):
    """Look every half minute up to a moment; give all that was told."""
    found, until = [], at(now).steady
    while pulse._looked < until:
        steady = min(until, pulse._looked + 30.0)
        found += pulse.look(is_accepted, at(BEGAN + steady - 5_000.0, ahead))
    return found


def test_a_beacon_that_falls_silent_is_told_of_once_and_so_is_its_return(pulse):
    pulse.heard(batch(BEGAN + 10), at(BEGAN + 10))
    assert told(pulse, BEGAN + 310) == []
    assert told(pulse, BEGAN + 311) == [("silent", "host:n1")]
    assert told(pulse, BEGAN + 9_000) == []
    pulse.heard(batch(BEGAN + 9_001), at(BEGAN + 9_001))
    assert told(pulse, BEGAN + 9_002) == [("heard", "host:n1")]
    assert told(pulse, BEGAN + 9_003) == []


def test_who_was_there_before_the_engine_and_never_comes_is_silent(pulse):
    """Mutation: wait only for whom this engine has heard."""
    assert told(pulse, BEGAN + 300) == []
    assert told(pulse, BEGAN + 301) == [("silent", "host:n1")]


@pytest.mark.parametrize(
    ("again", "why"),
    [
        (batch(BEGAN + 1), "no newer than the last one"),
        (batch(BEGAN), "no newer than the last one"),
        (batch(BEGAN, "b0"), "no newer than the last one"),
        (batch(BEGAN - 86_400, "b0"), "signed 86600 s behind this master's clock"),
        (batch(BEGAN + 86_400), "signed 86200 s ahead of this master's clock"),
        (batch(86_400, "b0"), "signed by an older wheel: bring that minion up to this master's"),
    ],
    ids=["same", "older", "of the boot before", "of yesterday", "of tomorrow", "since its boot"],
)
def test_what_was_recorded_is_no_sign_of_life(pulse, again, why):
    """
    Mutations: believe whatever is signed, and another minion hides that this one is down; say of
    what an older wheel signed that the clock of its minion is wrong.
    """
    pulse.heard(batch(BEGAN, "b0"), at(BEGAN))
    pulse.heard(batch(BEGAN + 1), at(BEGAN + 1))
    with pytest.raises(hint.Doubt, match=why):
        pulse.heard(again, at(BEGAN + 200))
    ((said, _),) = looked(pulse, BEGAN + 302)
    assert (said.verb, said.source) == ("silent", "host:n1")
    assert why in said.detail


def test_a_recorded_sign_of_a_boot_before_silences_no_living_minion():
    """
    The engine is new, so it knows no boots; another minion fires what n1 signed in an earlier one.

    Mutation: tell what was recorded by its boot alone, and the living one is refused from then on.
    """
    pulse = Pulse(AFTER, {"host:n1": BEGAN - 9_000}, {}, at(BEGAN))
    pulse.heard(batch(BEGAN + 60), at(BEGAN + 60))
    with pytest.raises(hint.Doubt):
        pulse.heard(batch(BEGAN - 86_400, "b0"), at(BEGAN + 61))
    for second in range(120, 1200, 60):
        pulse.heard(batch(BEGAN + second), at(BEGAN + second))
        assert told(pulse, BEGAN + second + 1) == []


@pytest.mark.parametrize("ahead", [360.0, -3600.0])
def test_a_clock_of_the_master_that_is_set_makes_nobody_silent_and_hides_nobody(pulse, ahead):
    """Mutation: count silence, or how old a sign is, by the wall clock alone."""
    pulse.heard(batch(BEGAN + 10), at(BEGAN + 10))
    assert looked(pulse, BEGAN + 60) == []
    for second in (70, 130, 190):
        pulse.heard(batch(BEGAN + second), at(BEGAN + second, ahead))
        assert looked(pulse, BEGAN + second + 1, ahead=ahead) == []
    assert looked(pulse, BEGAN + 490, ahead=ahead) == []
    ((said, _),) = looked(pulse, BEGAN + 495, ahead=ahead)
    assert (said.verb, said.amount) == ("silent", pytest.approx(301, abs=4))


def test_a_machine_that_stood_still_waits_for_its_minions_anew(pulse):
    """Mutation: take the time in which nobody could listen for silence."""
    pulse.heard(batch(BEGAN + 10), at(BEGAN + 10))
    assert looked(pulse, BEGAN + 30) == []
    still = [*pulse.look(lambda _: True, at(BEGAN + 400))]
    assert still == []
    assert looked(pulse, BEGAN + 690) == []
    assert len(looked(pulse, BEGAN + 730)) == 1


def test_a_limit_shorter_than_three_signs_of_life_is_not_kept():
    pulse = Pulse(60.0, {"host:n1": BEGAN}, {}, at(BEGAN))
    assert told(pulse, BEGAN + 179) == []
    assert told(pulse, BEGAN + 181) == [("silent", "host:n1")]


def test_a_minion_that_is_not_accepted_any_more_is_waited_for_no_longer(pulse):
    assert told(pulse, BEGAN + 301) == [("silent", "host:n1")]
    assert pulse.gone(lambda _: False) == []
    assert told(pulse, BEGAN + 302, lambda _: False) == [("heard", "host:n1")]
    assert pulse.gone(lambda _: False) == ["host:n1"]


@pytest.fixture
def minion(tmp_path):
    """A minion's key, accepted by the master."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "minion.pem").write_bytes(pem)
    keys = tmp_path / "minions"
    keys.mkdir()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (keys / "n1").write_bytes(public)
    return Outbox("eos_host", "n1", tmp_path / "minion.pem"), keys


def test_a_beacon_says_at_once_and_every_minute_that_it_is_there(minion):
    """Mutation: wait a minute with the first, and one that is opened each minute never says so."""
    outbox, _ = minion
    first = outbox.beat("b1", 10.0, BEGAN)
    assert outbox.beat("b1", 10.0 + BEAT_EVERY - 1, BEGAN) is None
    second = outbox.beat("b1", 10.0 + BEAT_EVERY, BEGAN + 60.0)
    assert outbox.beat("b1", 11.0 + BEAT_EVERY, BEGAN + 61.0) is None
    beats = [json.loads(one["batch"])["beat"] for one in (first, second)]
    assert beats == [BEGAN * 1000, BEGAN * 1000 + 60_000]
    assert first["tag"] == "alive"


def test_a_sign_of_life_takes_no_records_place(minion):
    outbox, keys = minion
    slots = Slots(keys)
    slots.put("salt/beacon/n1/eos_host/unit", outbox._signed([_record()], "b1"))
    slots.put("salt/beacon/n1/eos_host/alive", outbox.beat("b1", 100.0, BEGAN))
    assert len(slots.take().signed) == 2


@pytest.mark.parametrize("tag", ["alive", "unit"])
def test_a_flood_of_a_recorded_sign_drops_no_true_one(minion, tag):
    """
    Whoever fires chooses the tag; when it was signed is signed.

    Mutation: keep of each minion what came last.
    """
    outbox, keys = minion
    slots = Slots(keys)
    recorded, true = (outbox.beat("b1", 100.0 * n, BEGAN + n) for n in (1, 2))
    slots.put("salt/beacon/n1/eos_host/alive", true)
    slots.put("salt/beacon/n1/eos_host/unit", outbox._signed([_record()], "b1"))
    for _ in range(3):
        slots.put(f"salt/beacon/n1/eos_host/{tag}", recorded)
    batches = [hint.batch(one) for one in slots.take().signed]
    assert [one.beat for one in batches] == [(BEGAN + 2) * 1000, None]


def test_a_sign_of_life_with_records_is_none(minion):
    outbox, keys = minion
    event = outbox._signed([_record()], "b1", {"beat": 1})
    one = hint.signed("salt/beacon/n1/eos_host/alive", event, keys)
    with pytest.raises(hint.Doubt, match="at once"):
        hint.batch(one)


def test_what_a_beacon_signs_is_waited_for_from_then_on_by_every_engine(minion, tmp_path):
    """Signed on the minion, through the desk, and an alarm of the next engine in the inbox."""
    outbox, keys = minion
    inbox = Inbox(tmp_path / "inbox.db")
    desk = Desk(inbox, threading.Lock(), 65_536, lambda *_: None, lambda: None)
    desk.pulse = Pulse(AFTER, inbox.pulses(), {}, at(BEGAN))
    event = outbox.beat("b1", 100.0, time.time())
    signed = hint.signed("salt/beacon/n1/eos_host/alive", event, keys)
    desk.take(Heard([signed], {}))
    desk.take(Heard([signed], {}))
    desk.turn()
    with sqlite3.connect(inbox.path) as database:
        assert database.execute("SELECT count(*) FROM minions").fetchone() == (1,)
    assert list(inbox.pulses()) == ["host:n1"]
    after = Pulse(AFTER, inbox.pulses(), inbox.silent(), at(BEGAN))
    for said, since in looked(after, BEGAN + 400, hint.accepted(keys)):
        desk.tell(said, (said.source, since))
    with sqlite3.connect(inbox.path) as database:
        (text,) = database.execute("SELECT body FROM events").fetchone()
    made = json.loads(text)
    assert (made["event"], made["verb"], made["subject"]) == (
        "bridge", "silent", {"source": "host:n1"},
    )  # fmt: skip
    assert inbox.silent() == {"host:n1": BEGAN}
    inbox.close()


def _record():
    return {
        "n": 1, "boot": "b1", "kind": "unit", "event": "host/unit", "verb": "failed",
        "subject": {}, "verdict": {}, "change": {}, "links": {}, "mark": "m",
        "occurred": "2026-11-21T00:00:00Z", "evidence": [],
    }  # fmt: skip
