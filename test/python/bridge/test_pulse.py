"""A minion whose beacon falls silent is told of once, and nobody else can speak for it."""

from __future__ import annotations

import json
import sqlite3
import threading

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
from saltext.eos.utils.hint_pulse import Pulse
from saltext.eos.utils.inbox import Inbox
from saltext.eos.utils.record_batch import BEAT_EVERY, Outbox

BEGAN, AFTER = 1_000_000.0, 300.0


def batch(beat, boot="b1", beacon="eos_host", minion="n1"):
    """A sign of life as it was signed."""
    return hint.Batch(minion, boot, [], beacon, beat)


@pytest.fixture
def pulse():
    """An engine that waits for the host beacon of n1, of before."""
    return Pulse(AFTER, {"host:n1": BEGAN - 9_000}, {}, BEGAN)


def told(pulse, now, is_accepted=lambda _: True):
    return [(said.verb, said.source) for said, _ in pulse.look(is_accepted, now)]


def test_a_beacon_that_falls_silent_is_told_of_once_and_so_is_its_return(pulse):
    pulse.heard(batch(1), BEGAN + 10)
    assert told(pulse, BEGAN + 310) == []
    assert told(pulse, BEGAN + 311) == [("silent", "host:n1")]
    assert told(pulse, BEGAN + 9_000) == []
    pulse.heard(batch(2), BEGAN + 9_001)
    assert told(pulse, BEGAN + 9_002) == [("heard", "host:n1")]
    assert told(pulse, BEGAN + 9_003) == []


def test_who_was_there_before_the_engine_and_never_comes_is_silent(pulse):
    """Mutation: wait only for whom this engine has heard."""
    assert told(pulse, BEGAN + 300) == []
    assert told(pulse, BEGAN + 301) == [("silent", "host:n1")]


@pytest.mark.parametrize(
    "again", [batch(5), batch(4), batch(9, "b0")], ids=["same", "older", "of the boot before"]
)
def test_what_was_recorded_is_no_sign_of_life(pulse, again):
    """Mutation: believe whatever is signed, and another minion hides that this one is down."""
    pulse.heard(batch(9, "b0"), BEGAN)
    pulse.heard(batch(5), BEGAN + 1)
    pulse.heard(again, BEGAN + 200)
    assert told(pulse, BEGAN + 302) == [("silent", "host:n1")]


def test_a_limit_shorter_than_three_signs_of_life_is_not_kept():
    pulse = Pulse(60.0, {"host:n1": BEGAN}, {}, BEGAN)
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


def test_a_beacon_says_every_minute_that_it_is_there(minion):
    outbox, _ = minion
    assert outbox.beat("b1", 10.0) is None
    assert outbox.beat("b1", 10.0 + BEAT_EVERY - 1) is None
    first = outbox.beat("b1", 10.0 + BEAT_EVERY)
    assert outbox.beat("b1", 11.0 + BEAT_EVERY) is None
    second = outbox.beat("b1", 10.0 + 2 * BEAT_EVERY)
    beats = [json.loads(one["batch"])["beat"] for one in (first, second)]
    assert beats == [70_000, 130_000]
    assert first["tag"] == "alive"


def test_a_sign_of_life_takes_no_records_place(minion):
    outbox, keys = minion
    slots = Slots(keys)
    slots.put("salt/beacon/n1/eos_host/unit", outbox._signed([_record()], "b1"))
    outbox.beat("b1", 0.0)
    slots.put("salt/beacon/n1/eos_host/alive", outbox.beat("b1", 100.0))
    assert len(slots.take().signed) == 2


def test_what_a_beacon_signs_is_waited_for_from_then_on_by_every_engine(minion, tmp_path):
    """Signed on the minion, through the desk, and an alarm of the next engine in the inbox."""
    outbox, keys = minion
    inbox = Inbox(tmp_path / "inbox.db")
    desk = Desk(inbox, threading.Lock(), 65_536, lambda *_: None, lambda: None)
    desk.pulse = Pulse(AFTER, inbox.pulses(), {}, BEGAN)
    outbox.beat("b1", 0.0)
    event = outbox.beat("b1", 100.0)
    signed = hint.signed("salt/beacon/n1/eos_host/alive", event, keys)
    desk.take(Heard([signed], {}))
    assert list(inbox.pulses()) == ["host:n1"]
    after = Pulse(AFTER, inbox.pulses(), inbox.silent(), BEGAN)
    for said, since in after.look(hint.accepted(keys), BEGAN + 400):
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
