"""The socket takes what is right, refuses what is not, and outlives who says it."""

import json
import os
import pwd
import socket
import subprocess
import sys

import pytest
from feeder import Feeder, batch, compact, envelope, framed
from waiting import until

from saltext.eos.utils import bridge_skew


def test_a_batch_is_in_the_inbox_when_it_is_acknowledged(engine):
    with engine.feeder() as feeder:
        welcome = feeder.greet()
        assert welcome == {
            "kind": "welcome", "protocol": 1, "last_seq": 0, "cursors": {}, "max_event": 65536,
            "max_batch": 500,
        }  # fmt: skip
        ack = feeder.take(envelope(1), envelope(2))
        assert ack == {"kind": "ack", "epoch": feeder.epoch, "seq": 2, "refused": []}
        rows = engine.ask("SELECT seq, id, tag, severity, origin, source, settled FROM events")
        assert rows == [
            (
                n,
                f"b:{feeder.epoch}:{n}",
                "eos/bridge/checkpoint/bridge",
                "info",
                "self",
                "bridge",
                1,
            )
            for n in (1, 2)
        ]
        (body,) = engine.ask("SELECT body FROM events WHERE seq = 2")[0]
        assert json.loads(body) == envelope(2)


def test_the_next_connection_learns_how_far_the_inbox_is(engine):
    sourced = {"kind": "nomad", "name": "nomad:global", "epoch": "global#1"}
    with engine.feeder() as feeder:
        feeder.greet()
        feeder.take(
            envelope(1, source={**sourced, "index": 820}),
            envelope(2, source={**sourced, "index": 815}),
        )
    with engine.feeder() as feeder:
        welcome = feeder.greet()
        assert welcome["last_seq"] == 2
        assert welcome["cursors"]["nomad:global"] == {"epoch": "global#1", "index": 820}
    with engine.feeder("other-00000001") as feeder:
        assert feeder.greet()["last_seq"] == 0


def test_a_duplicate_is_acknowledged_without_a_row(engine):
    with engine.feeder() as feeder:
        feeder.greet()
        feeder.take(envelope(1), envelope(2))
        assert feeder.take(envelope(1), envelope(2), envelope(3))["seq"] == 3
    with engine.feeder("other-00000001") as feeder:
        feeder.greet()
        same = envelope(1, feeder.epoch, id="b:test-00000001:1")
        assert feeder.take(same, envelope(2, feeder.epoch))["seq"] == 2
    assert engine.ids() == [
        "b:test-00000001:1", "b:test-00000001:2", "b:test-00000001:3", "b:other-00000001:2",
    ]  # fmt: skip


def test_a_gap_is_refused_with_the_number_that_is_expected(engine):
    with engine.feeder() as feeder:
        feeder.greet()
        feeder.take(envelope(1))
        said = feeder.take(envelope(3))
        assert (said["kind"], said["expected_seq"]) == ("error", 2)
        assert feeder.hear() is None
    assert engine.ids() == ["b:test-00000001:1"]


MISFITS = [
    ({"severity": "loud"}, "severity"),
    ({"surplus": 1}, "surplus"),
    ({"tag": "eos/nomad/alloc/failed/web"}, "tag"),
    ({"tag": "eos/bridge/checkpoint/*"}, "tag"),
    ({"related": ["x"]}, "related"),
    ({"replay": True}, "replay"),
    ({"event": "bridge/other"}, "event"),
    ({"event": ["bridge"]}, "event"),
    ({"verb": {}}, "verb"),
    ({"subject": None}, "subject"),
    ({"id": ""}, "id"),
    ({"id": 7}, "id"),
    ({"source": {}}, "source"),
    ({"time": {"occurred": 1, "observed": "x", "clock": "sidecar"}}, "time.occurred"),
    ({"coalesced": -1}, "coalesced"),
    ({"evidence": "x"}, "evidence"),
    ({"id": "\ud800"}, "id"),
    ({"evidence": ["\ud800"]}, "evidence"),
    ({"change": {"from": 0, "to": 2**60, "count": 1}}, "change.to"),
    ({"links": {"ids": ["x" * 70_000]}}, "65536"),
]


@pytest.mark.parametrize(("changed", "names"), MISFITS)
def test_a_misfit_is_buried_with_its_reason_and_its_neighbours_are_taken(engine, changed, names):
    with engine.feeder() as feeder:
        feeder.greet()
        ack = feeder.take(envelope(1), envelope(2, **changed), envelope(3))
        assert ack["seq"] == 3
        (refused,) = ack["refused"]
        assert refused["seq"] == 2
        assert names in refused["reason"]
    assert engine.ids() == ["b:test-00000001:1", "b:test-00000001:3"]
    ((code, reason, body),) = engine.ask("SELECT code, reason, body FROM dead")
    assert (code, reason) == (refused["code"], refused["reason"])
    assert "bridge" in body


BREACHES = [
    ("a list", b"[]"),
    ("no json", b"{"),
    ("nothing", b""),
    ("4 GiB", None),
    ("invalid utf-8", b'{"kind":"\xff"}'),
    ("deep", b'{"kind":"batch","events":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    ("deep in an envelope", b'{"kind":"batch","events":[' + b'{"a":' * 50_000),
    ("equal keys", b'{"kind":"status","kind":"status"}'),
    ("events that are no list", b'{"kind":"batch","events":5}'),
    ("an unknown kind", b'{"kind":"reboot"}'),
    ("a second hello", b'{"kind":"hello","protocol":1}'),
    ("a million digits", b'{"kind":"batch","events":[' + b"9" * 1_000_000 + b"]}"),
    ("NaN", framed(batch(envelope(1))).replace(b'"count": 1', b'"count": NaN')[4:]),
    ("equal keys in an envelope",
     compact([envelope(1)])[4:].replace(b'"verb":', b'"verb":"gap","verb":')),
    ("text behind", compact([envelope(1)])[4:] + b"x"),
    ("a number that is text", compact([envelope(1, seq="1")])[4:]),
    ("a number that is true", compact([envelope(1, seq=True)])[4:]),
    ("another epoch", compact([envelope(1, "else-00000001")])[4:]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body"), BREACHES, ids=[name for name, _ in BREACHES])
def test_a_breach_ends_the_connection_and_nothing_else(engine, name, body):
    with engine.feeder() as feeder:
        feeder.greet()
        feeder.send(b"\xff\xff\xff\xff" if body is None else len(body).to_bytes(4, "big") + body)
        said = feeder.hear()
        assert said["kind"] == "error"
        assert said["code"]
        assert said["reason"]
        assert feeder.hear() is None
    with engine.feeder() as feeder:
        assert feeder.greet()["last_seq"] == 0
        assert feeder.take(envelope(1))["seq"] == 1
    assert engine.ids() == ["b:test-00000001:1"]


HELLOS = [
    {"protocol": 2}, {"schema": 2}, {"epoch": ""}, {"epoch": 5}, {"role": "leader"},
    {"kind": "batch"}, {"instance": None},
]  # fmt: skip


@pytest.mark.parametrize("changed", HELLOS)
def test_a_hello_that_is_none_is_refused(engine, changed):
    with engine.feeder() as feeder:
        assert feeder.greet(**changed)["kind"] == "error"
        assert feeder.hear() is None


def test_a_standby_may_greet_but_not_send(engine):
    with engine.feeder() as feeder:
        assert feeder.greet("standby")["kind"] == "welcome"
        feeder.say({"kind": "status", "standings": []})
        assert feeder.take(envelope(1))["kind"] == "error"


def test_a_frame_cut_at_any_byte_leaves_nothing(engine):
    whole = compact([envelope(1)])
    for cut in range(len(whole)):
        with engine.feeder() as feeder:
            feeder.greet()
            feeder.send(whole[:cut])
    with engine.feeder() as feeder:
        assert feeder.greet()["last_seq"] == 0
        for at in range(len(whole)):
            feeder.send(whole[at : at + 1])
        assert feeder.hear()["seq"] == 1
    assert engine.ids() == ["b:test-00000001:1"]


STRANGER = """
import os, pwd, socket, sys
os.setgroups([])
os.setuid(pwd.getpwnam("nobody").pw_uid)
link = socket.socket(socket.AF_UNIX)
link.settimeout(10)
link.connect(sys.argv[1])
try:
    link.sendall(bytes.fromhex(sys.argv[2]))
    print(link.recv(4096).hex())
except (BrokenPipeError, ConnectionResetError):
    print("")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_stranger_is_turned_away_whatever_the_mode_of_the_socket_is(engine):
    engine.feeder().close()
    engine.socket.chmod(0o666)
    hello = framed({"kind": "hello", "protocol": 1, "schema": 1, "instance": "x", "epoch": "x-1",
                    "version": "1", "role": "active", "contract": bridge_skew.mine()})  # fmt: skip
    command = [
        sys.executable,
        "-c",
        STRANGER,
        str(engine.socket),
        (hello + compact([envelope(1, "x-1")])).hex(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert b"welcome" not in bytes.fromhex(done.stdout.strip())
    assert engine.ids() == []
    assert str(pwd.getpwnam("nobody").pw_uid) in engine.said()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_users_are_looked_up_by_name_at_each_connection(engines):
    engine = engines(peers=["nobody-of-this-name", "nobody"]).start()
    until(engine.socket.exists)
    engine.socket.chmod(0o666)
    hello = framed({"kind": "hello", "protocol": 1, "schema": 1, "instance": "x", "epoch": "x-1",
                    "version": "1", "role": "active", "contract": bridge_skew.mine()})  # fmt: skip
    command = [sys.executable, "-c", STRANGER, str(engine.socket), hello.hex()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert b"welcome" in bytes.fromhex(done.stdout.strip())
    with Feeder(engine.socket) as feeder:
        assert feeder.hear()["kind"] == "error"


def test_the_socket_belongs_to_owner_and_group_alone(engine):
    engine.feeder().close()
    assert engine.socket.stat().st_mode & 0o777 == 0o660
    assert engine.inbox.stat().st_mode & 0o777 == 0o600


def test_two_peers_are_served_and_a_slow_one_holds_nobody_up(engine):
    with engine.feeder("slow-00000001") as slow, engine.feeder("fast-00000001") as fast:
        slow.greet()
        fast.greet()
        slow.send(compact([envelope(1, slow.epoch)])[:100])
        for seq in range(1, 51):
            assert fast.take(envelope(seq, fast.epoch))["seq"] == seq
        slow.send(compact([envelope(1, slow.epoch)])[100:])
        assert slow.hear()["seq"] == 1
    assert len(engine.ids()) == 51


def test_a_peer_that_never_reads_holds_nobody_up(engine):
    with engine.feeder("deaf-00000001") as deaf, engine.feeder("fast-00000001") as fast:
        deaf.greet()
        fast.greet()
        deaf._socket.settimeout(3)
        deaf._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        misfit = compact([envelope(seq, deaf.epoch, severity="x" * 60) for seq in range(1, 401)])
        sent = 0
        try:
            while sent < 200:
                start = sent * 400
                deaf.send(misfit if sent == 0 else compact(
                    [envelope(start + n, deaf.epoch, severity="x" * 60) for n in range(1, 401)]
                ))  # fmt: skip
                sent += 1
        except (TimeoutError, BrokenPipeError, ConnectionResetError):
            pass
        assert sent < 200
        for seq in range(1, 11):
            assert fast.take(envelope(seq, fast.epoch))["seq"] == seq
