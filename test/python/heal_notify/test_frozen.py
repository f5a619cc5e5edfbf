"""What the audit cannot say is told too, and nothing ends a channel in silence."""

from __future__ import annotations

import threading
import time

import pytest
from receiving import Audit, decided
from salt.exceptions import CommandExecutionError

from saltext.eos.utils import heal_notify, heal_status, store
from saltext.eos.utils.heal_notify_channel import standing
from saltext.eos.utils.heal_notify_settings import Channel
from saltext.eos.utils.heal_webhook import Failed

NOW = 1_700_000_000.0


@pytest.fixture
def told():
    return []


@pytest.fixture
def frozen(tmp_path, told):
    """What looks at the engine's word, and tells."""
    return heal_notify.Frozen(tmp_path, lambda message, now: told.append(message))


def _says(home, at, state="running", why=""):
    status = heal_status.Status(at, 1, 0, 0, 0, state, why, None, 0.0, {})
    heal_status.write(home / heal_status.NAME, status)


def test_a_frozen_healer_is_told_of_once(tmp_path, frozen, told):
    for second in range(0, 600, 5):
        _says(tmp_path, NOW + second, "frozen", "healer.db cannot be trusted")
        frozen.look(NOW + second)
    (message,) = told
    assert message.severity == "critical"
    assert "nothing is healed: healer.db cannot be trusted" in message.text


def test_a_start_is_no_news(tmp_path, frozen, told):
    for second in range(0, 60, 5):
        _says(tmp_path, NOW + second, "frozen", "the pillar was not read yet")
        frozen.look(NOW + second)
    for second in range(60, 600, 5):
        _says(tmp_path, NOW + second)
        frozen.look(NOW + second)
    assert told == []


def test_an_engine_that_does_not_turn_is_told_of(tmp_path, frozen, told):
    _says(tmp_path, NOW)
    for second in range(0, 600, 5):
        frozen.look(NOW + second)
    (message,) = told
    assert "the engine does not turn" in message.text


def test_what_was_not_taken_is_told_again(tmp_path, told):
    fails = [Failed("it is down")]

    def send(message, now):
        if fails:
            raise fails.pop()
        told.append(message)

    one = heal_notify.Frozen(tmp_path, send)
    _says(tmp_path, NOW)
    for second in range(0, 600, 5):
        try:
            one.look(NOW + second)
        except Failed:
            continue
    assert len(told) == 1


@pytest.mark.parametrize("err", [KeyError("x"), TypeError("x"), SystemError("x")])
def test_no_error_ends_a_channel(tmp_path, err):
    audit, ended, seen = Audit(tmp_path), threading.Event(), []

    def send(message, now):
        seen.append(message)
        if len(seen) == 1:
            raise err
        ended.set()

    arguments = (tmp_path, Channel("ops"), send, ended)
    thread = threading.Thread(target=heal_notify.follow, args=arguments)
    thread.start()
    try:
        while "ops" not in standing(tmp_path):
            assert not ended.wait(0.02)
        audit.add(decided(1))
        thread.join(10)
        assert not thread.is_alive()
    finally:
        ended.set()
        thread.join(5)
        audit.close()
    assert len(seen) == 2
    assert standing(tmp_path)["ops"]["failed"] == 1


def _in_the_way(home):
    """Let nothing be written below the folder of the channels, as on a disk that went bad."""
    (home / heal_notify.FOLDER).write_text("a file in the place of the folder")


def test_a_store_that_cannot_be_written_begins_each_channel_all_the_same(tmp_path, monkeypatch):
    """Mutation: let what the store raises out, and the process ends before anybody is told."""
    begun = threading.Event()
    monkeypatch.setattr(heal_notify, "follow", lambda *_: begun.set())
    _in_the_way(tmp_path)
    running = {}
    heal_notify._arrange({}, tmp_path, running, {"ops": Channel("ops")})
    assert begun.wait(10)
    assert [*running] == ["ops"]


def _read_only(*_):
    raise CommandExecutionError("it cannot be written: Read-only file system")


@pytest.mark.parametrize("is_in_the_way", [True, False])
def test_a_store_that_cannot_be_written_does_not_keep_from_saying_so(
    tmp_path, monkeypatch, is_in_the_way
):
    """
    Mutations: read the cursor before the loop, or let out what noting the failure raises: the
    thread ends, and that the healer is frozen is told to nobody.
    """
    monkeypatch.setattr(heal_notify, "FROZEN_FOR", 0.2)
    monkeypatch.setattr(heal_notify, "STATUS_EVERY", 0.0)
    monkeypatch.setattr(heal_notify, "LONGEST_PAUSE", 0.1)
    Audit(tmp_path).close()
    if is_in_the_way:
        _in_the_way(tmp_path)
    else:
        monkeypatch.setattr(store, "replace", _read_only)
    _says(tmp_path, time.time(), "frozen", "healer.db cannot be written")
    told, ended = [], threading.Event()

    def send(message, now):
        told.append(message.text)
        ended.set()

    thread = threading.Thread(
        target=heal_notify.follow, args=(tmp_path, Channel("ops"), send, ended)
    )
    thread.start()
    try:
        assert ended.wait(20)
    finally:
        ended.set()
        thread.join(5)
    assert told == [
        "Eos healing: nothing is healed: healer.db cannot be written; see salt-run eos.status"
    ]
