"""What a minion may say in its own name, and how far it goes: the desk with a real inbox."""

from __future__ import annotations

import json
import sqlite3
import threading

import pytest
import salt.config
import salt.utils.event
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from test_bridge_master import BOOT, _record, _signed, _tag

from saltext.eos.utils import bridge_fire, bridge_json, hint, hint_rate
from saltext.eos.utils.hint_bus import Heard, Slots
from saltext.eos.utils.hint_desk import Desk
from saltext.eos.utils.inbox import Inbox

LARGEST = 65_536


class Office:
    """A desk, its inbox, and what it acknowledged."""

    def __init__(self, path):
        self.inbox = Inbox(path)
        self.told = []
        self.desk = Desk(self.inbox, threading.Lock(), LARGEST, self._acknowledge, lambda: None)

    def _acknowledge(self, minion, beacon, boot, number):
        self.told.append((minion, number) if beacon == hint.OOM else (minion, beacon, number))

    def take(self, minion, *records):
        text = json.dumps({"minion": minion, "boot": BOOT, "records": records, "sent": "x"})
        self.desk.take(Heard([hint.Signed(minion, text)], {}))
        self.desk.turn()

    def ask(self, query, *values):
        with sqlite3.connect(self.inbox.path) as database:
            return database.execute(query, values).fetchall()

    def marks(self, minion):
        rows = self.ask("SELECT id FROM events WHERE source = ? ORDER BY row", f"kernel:{minion}")
        return [one.rpartition(":")[2] for (one,) in rows]


@pytest.fixture
def office(tmp_path):
    made = Office(tmp_path / "inbox.db")
    yield made
    made.inbox.close()


def test_numbers_that_go_back_lose_nothing(office):
    office.take("n1", _record(900), _record(901))
    office.take("n1", _record(5, mark="after-a-restore"), _record(6, mark="and-another"))
    assert office.marks("n1") == ["n1-900", "n1-901", "after-a-restore", "and-another"]
    # Acknowledged as far as it told, not as far as its future self did.
    assert office.told == [("n1", 901), ("n1", 6)]


def test_what_comes_again_is_acknowledged_and_not_written_twice(office):
    for _ in range(3):
        office.take("n1", _record(1), _record(2))
    assert office.marks("n1") == ["n1-1", "n1-2"]
    assert office.told == [("n1", 2)] * 3


def test_a_number_from_the_far_future_swallows_nothing(office):
    office.take("n1", _record(2**53 - 1, mark="forged"))
    office.take("n1", _record(7), _record(8))
    assert office.marks("n1") == ["forged", "n1-7", "n1-8"]
    assert office.told[-1] == ("n1", 8)


def test_a_record_that_is_too_large_is_a_dead_letter_of_its_first_bytes(office):
    office.take("n1", _record(1), _record(2, evidence=["x" * 200_000]), _record(3))
    assert office.marks("n1") == ["n1-1", "n1-3"]
    ((code, size),) = office.ask("SELECT code, length(body) FROM dead")
    assert (code, size) == ("EOS707", LARGEST)
    assert office.told == [("n1", 3)]


@pytest.mark.parametrize(
    "subject",
    [{"place": "\ud800"}, {"place": 5}, {"place": ["x"]}, {"place": None, "surplus": 1}, {}],
)
def test_a_record_that_no_tag_can_be_made_of_is_a_dead_letter_and_no_poison(office, subject):
    poison = _record(1)
    poison["subject"] = {**poison["subject"], **subject} if subject else {"minion": "n1"}
    office.take("n1", poison, _record(2))
    assert office.marks("n1") == ["n1-2"]
    assert office.ask("SELECT code FROM dead") == [("EOS708",)]
    assert office.told == [("n1", 2)]


def test_dead_letters_of_one_minion_make_room_for_its_newest_only(office, monkeypatch):
    monkeypatch.setattr("saltext.eos.utils.inbox.MOST_DEAD", 10)
    office.take("n2", _record(1, "n2", verb="oom"))
    for n in range(1, 40):
        office.take("n1", _record(n, verb="oom"))
    kept = office.ask("SELECT epoch, count(*) FROM dead GROUP BY epoch ORDER BY epoch")
    assert kept == [("n1", 10), ("n2", 1)]
    first = office.ask("SELECT id FROM dead WHERE epoch = 'n1' ORDER BY n")[0][0]
    assert first.endswith("n1-30")


def test_a_key_that_stands_twice_among_very_many_is_found():
    text = "{" + ",".join(f'"k{n}":1' for n in range(130_000)) + ',"k129999":2}'
    with pytest.raises(bridge_json.NoJson, match="key 'k129999' stands twice"):
        bridge_json.message(text.encode())


def test_the_day_of_a_minion_has_an_end_in_records_and_in_bytes():
    many = hint_rate.Allowance(0.0)
    assert sum(many.take(1_000, second / 20) for second in range(20 * 3_000)) < 21_000
    large = hint_rate.Allowance(0.0)
    taken = sum(large.take(60_000, second / 20) for second in range(20 * 3_000))
    assert 1_000 < taken < 1_200


@pytest.fixture
def keys(tmp_path):
    made = {}
    for minion in ("evil", "n1"):
        made[minion] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = made[minion].public_key()
        (tmp_path / minion).write_bytes(
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
    return made


def test_no_minion_takes_the_place_of_another(tmp_path, keys):
    slots = Slots(tmp_path)
    slots.put(_tag("n1"), _signed(keys["n1"], "n1", [_record(1)]))
    for n in range(2_000):
        slots.put(_tag("n1"), {"minion": "n1", "batch": "x", "signature": "x"})
        slots.put(_tag(f"x{n}"), {})
    slots.put(_tag("n1"), _signed(keys["evil"], "n1", [_record(2)]))
    slots.put(_tag("evil"), _signed(keys["evil"], "evil", [_record(1, "evil")]))
    heard = slots.take()
    assert [one.minion for one in heard.signed] == ["n1", "evil"]
    assert hint.batch(heard.signed[0]).records[0]["n"] == 1
    assert {minion: count for minion, (count, _) in heard.doubts.items()} == {
        "n1": 2001,
        None: 2000,
    }
    assert slots.take() is None


@pytest.mark.parametrize(
    ("tag", "data"),
    [
        (_tag("x" * 300), {}),
        (_tag("\u00e4" * 200), {}),
        (_tag("x\0y"), {}),
        (_tag("n1"), {"minion": "n1", "batch": "\ud800", "signature": "AAAA"}),
        ("eos/x", {"id": "y" * 5_000, "cmd": "_minion_event"}),
    ],
)
def test_no_name_and_no_text_stops_who_listens(tmp_path, keys, tag, data):
    slots = Slots(tmp_path)
    slots.put(tag, data)
    heard = slots.take()
    assert heard is None or not heard.signed


def test_without_a_publisher_nothing_counts_as_fired(tmp_path):
    opts = salt.config.master_config(None)
    opts["sock_dir"] = str(tmp_path)
    with (
        salt.utils.event.get_master_event(opts, opts["sock_dir"], listen=False) as bus,
        pytest.raises(OSError, match="publisher does not answer"),
    ):
        bridge_fire.fired(bus, {"x": 1}, "eos/x")
