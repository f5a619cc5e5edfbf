"""Two beacons of one minion: each counts its own, and neither speaks for the other."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from test_bridge_master import BOOT, _example, _record, _signed, _tag
from test_hint_desk import Office

from saltext.eos.utils import hint
from saltext.eos.utils.hint_bus import Heard, Slots


def _told(number, event="host/unit", verb="failed", minion="n1", **changed):
    made = _example(event, verb)
    made["subject"] = {**made["subject"], "minion": minion}
    for name in ("severity", "tag"):
        del made[name]
    return {
        "n": number, "boot": BOOT, "kind": verb, "mark": f"life-{number}",
        "occurred": "2026-11-20T09:10:11Z", "evidence": [f"unit:{number}"], **made, **changed,
    }  # fmt: skip


def _take(office, beacon, *records, minion="n1", of=None):
    content = {"beacon": of or beacon, "minion": minion, "boot": BOOT, "records": records}
    text = json.dumps({**content, "sent": "x"})
    office.desk.take(Heard([hint.Signed(minion, text, beacon)], {}))
    office.desk.turn()


@pytest.fixture
def office(tmp_path):
    made = Office(tmp_path / "inbox.db")
    yield made
    made.inbox.close()


def test_each_beacon_has_its_numbers_and_is_acknowledged_by_itself(office):
    _take(office, "eos_oom", _record(1_000), _record(1_001))
    _take(office, "eos_host", _told(5), _told(6, verb="recovered"))
    _take(office, "eos_oom", _record(1_002))
    _take(office, "eos_host", _told(7))
    host = [("n1", "eos_host", 6), ("n1", "eos_host", 7)]
    assert office.told == [("n1", 1_001), host[0], ("n1", 1_002), host[1]]
    rows = office.ask("SELECT id, source, origin FROM events WHERE event = 'host/unit'")
    assert rows[0] == ("h:n1:unit:failed:life-5", "host:n1", "beacon")
    assert len(rows) == 3
    books = office.ask("SELECT minion, last_n, gaps FROM minions ORDER BY minion")
    assert books == [("n1", 1_002, 0), ("n1/eos_host", 7, 0)]


def test_the_id_is_the_declared_one(office):
    record = _told(5)
    made = hint.envelope("n1", record, "e", 1)
    assert hint.problem("n1", record, made, "eos_host") is None
    assert made["id"] == hint.id_of("n1", record)
    assert made["time"]["clock"] == "client"


@pytest.mark.parametrize(
    ("beacon", "record"),
    [
        ("eos_host", _record(9)),
        ("eos_oom", _told(9)),
        ("eos_host", _told(9, event="nomad/job", verb="stopped")),
        ("eos_host", _told(9, minion="n2")),
        ("eos_host", {**_told(9), "verb": "healed"}),
    ],
)
def test_a_beacon_tells_nothing_but_its_own_events(office, beacon, record):
    _take(office, beacon, record)
    assert office.ask("SELECT id FROM events") == []
    assert office.ask("SELECT code FROM dead") == [("EOS708",)]


def test_a_batch_of_one_beacon_is_no_batch_of_another(office):
    """Numbers of kills, told as those of units, would acknowledge units that nobody heard of."""
    _take(office, "eos_host", _told(5))
    _take(office, "eos_host", _told(10**15), of="eos_oom")
    _take(office, "eos_oom", _record(10**15), of="eos_host")
    assert office.told == [("n1", "eos_host", 5)]
    assert office.ask("SELECT count(*) FROM events") == [(1,)]


def test_what_another_key_signed_is_not_heard(tmp_path):
    keys = {}
    for minion in ("evil", "n1"):
        keys[minion] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = keys[minion].public_key()
        (tmp_path / minion).write_bytes(
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
    slots = Slots(tmp_path)
    tag = "salt/beacon/n1/eos_host/failed"
    slots.put(tag, _signed(keys["evil"], "n1", [_told(1)]))
    slots.put(tag, {"minion": "n1", "records": [_told(1)]})
    slots.put("salt/beacon/n1/eos_unheard/failed", _signed(keys["n1"], "n1", [_told(1)]))
    heard = slots.take()
    assert heard.signed == []
    assert heard.doubts["n1"][0] == 2
    slots.put(_tag("n1"), _signed(keys["n1"], "n1", [_record(1)]))
    slots.put(tag, _signed(keys["n1"], "n1", [_told(1)]))
    assert [one.beacon for one in slots.take().signed] == ["eos_oom", "eos_host"]
