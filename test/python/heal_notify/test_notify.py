"""The whole way: pillar names who is told, a process beside the engine tells them."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from receiving import KEY, Audit, Receiver, decided
from waiting import until

from saltext.eos.utils import (
    heal_notify,
    heal_notify_key,
    heal_notify_settings,
    heal_webhook,
    sealed,
    store,
)
from saltext.eos.utils.heal_notify_channel import standing
from saltext.eos.utils.heal_notify_message import Message

MESSAGE = Message("a1", 1, 1, 1.0, "result", "critical", "Eos healing: it did not help", {})


@pytest.fixture
def custody(master_opts):
    sealed.make_key(master_opts)
    return master_opts


def test_a_process_tells_while_a_receiver_is_at_its_worst(tmp_path, custody, monkeypatch):
    home = store.home(custody)
    home.mkdir(parents=True)
    audit = Audit(home)
    to = Receiver(tmp_path, [500, "reset", "garbage"])
    file = tmp_path / "key"
    file.write_bytes(KEY + b"\n")
    said = heal_notify_key.seal(custody, str(file), False, {})
    assert "is sealed" in said["comment"]
    heal = {"webhook": {"url": to.url, "ca": str(to.ca), "within": "2s"}}
    monkeypatch.setattr(heal_notify.master, "form", lambda opts: {"heal": heal})
    child = heal_notify.start(custody)
    try:
        until(lambda: "webhook" in standing(home))
        audit.add(decided(1))
        audit.add(decided(2))
        until(lambda: standing(home)["webhook"]["sent"] == 2)
    finally:
        child.end()
        to.close()
        audit.close()
    told = [one["about"]["decision"] for one in to.messages()]
    # Garbage came after the whole of the message: it was taken, and came again under its id.
    assert [*dict.fromkeys(told)] == ["d1", "d2"]
    assert len({one["id"] for one in to.messages()}) == 2
    assert standing(home)["webhook"]["failed"] == 3
    for headers, body in to.taken:
        assert heal_webhook.verified(KEY, headers, body, time.time())
    assert not any(KEY in path.read_bytes() for path in home.rglob("*") if path.is_file())


def _children(pid):
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_what_tells_people_is_started_again_ever_later_and_counted(custody, monkeypatch):
    """Mutation: leave the one that ended; nobody is told any more, and the engine lives on."""
    home = store.home(custody)
    home.mkdir(parents=True)
    asked = home / "asked"
    pauses = "heal_notify_keeper.FIRST_PAUSE", "heal_notify_keeper.LOOK_EVERY"
    for name in pauses:
        monkeypatch.setattr(f"saltext.eos.utils.{name}", 0.2)

    def begin(opts, home, restarts):
        asked.write_text(f"{asked.read_text() if asked.exists() else ''}{restarts}")

    monkeypatch.setattr(heal_notify.heal_metrics, "begin", begin)
    monkeypatch.setattr(heal_notify, "_wanted", lambda opts: None)
    child = heal_notify.start(custody)
    try:
        gaps = []
        for number in range(3):
            until(lambda number=number: asked.exists() and len(asked.read_text()) == number + 1)
            (teller,) = until(lambda: _children(child.process.pid))
            begun = time.monotonic()
            os.kill(teller, signal.SIGKILL)
            until(lambda number=number: len(asked.read_text()) == number + 2)
            gaps.append(time.monotonic() - begun)
        assert asked.read_text() == "0123"
        assert gaps[1] >= 0.4
        assert gaps[2] >= 0.8
        assert child.process.is_alive()
        (teller,) = _children(child.process.pid)
    finally:
        child.end()
    until(lambda: not Path(f"/proc/{teller}").exists())


def test_a_job_cache_of_salt_takes_what_is_told(tmp_path, master_opts):
    import salt.config
    import salt.minion

    opts = {**salt.config.DEFAULT_MASTER_OPTS, **master_opts, "cachedir": str(tmp_path / "cache")}
    opts["file_client"] = "local"
    (tmp_path / "cache").mkdir()
    returners = salt.minion.MasterMinion(opts, states=False, rend=False).returners
    heal_notify.returned(opts, returners, "local_cache", MESSAGE, lambda _: "20261121150000000001")
    found = returners["local_cache.get_jid"]("20261121150000000001")
    assert found["m_master"]["return"] == "Eos healing: it did not help"
    assert returners["local_cache.get_load"]("20261121150000000001")["fun"] == "eos.heal"


def test_a_returner_is_called_as_salt_calls_it(master_opts):
    taken = []
    heal_notify.returned(
        master_opts, {"slack.returner": taken.append}, "slack", MESSAGE, lambda _: "1"
    )
    (job,) = taken
    assert (job["id"], job["fun"], job["success"]) == ("m_master", "eos.heal", False)
    assert job["return"] == "Eos healing: it did not help"
    assert job["eos"]["id"] == "a1"


def test_a_returner_that_raises_or_is_not_there_is_a_failure(master_opts):
    def broken(job):
        raise RuntimeError("slack is down")

    with pytest.raises(heal_webhook.Failed, match="returner slack raised RuntimeError"):
        heal_notify.returned(master_opts, {"slack.returner": broken}, "slack", MESSAGE)
    with pytest.raises(heal_webhook.Failed, match="has no returner smtp"):
        heal_notify.returned(master_opts, {}, "smtp", MESSAGE)


def test_a_key_that_is_none_is_refused(tmp_path, custody):
    file = tmp_path / "key"
    file.write_text("short\n")
    with pytest.raises(heal_notify_key.asked.Unclear, match="expected at least 32"):
        heal_notify_key.seal(custody, str(file), False, {})
    with pytest.raises(heal_notify_key.asked.Unclear, match="cannot be read"):
        heal_notify_key.seal(custody, str(tmp_path / "none"), False, {})


def test_a_key_is_sealed_once_and_only_when_asked(tmp_path, custody):
    file = tmp_path / "key"
    file.write_bytes(KEY)
    assert "would be" in heal_notify_key.seal(custody, str(file), True, {})["comment"]
    assert sealed.read(custody, heal_notify_settings.KEY) is None
    assert heal_notify_key.seal(custody, str(file), False, {})["changes"]
    assert not heal_notify_key.seal(custody, str(file), False, {})["changes"]


def test_pillar_is_read_strictly():
    heal = {
        "notify": {"returners": ["slack"], "severity": "critical", "digest": {"most": 3}},
        "webhook": {"url": "https://ops.example/hook", "severity": "notice"},
    }
    found = heal_notify_settings.read(heal["notify"], heal["webhook"])
    assert found["slack"] == heal_notify_settings.Channel("slack", "critical", 3)
    assert found["webhook"].url == "https://ops.example/hook"
    assert (found["webhook"].severity, found["webhook"].most) == ("notice", 3)
    assert heal_notify_settings.read(None, None) == {}


@pytest.mark.parametrize(
    ("notify", "webhook", "says"),
    [
        ({"returner": ["slack"]}, None, "notify:returner: expected one of"),
        ({"returners": "slack"}, None, "notify:returners: expected a list of names"),
        ({"returners": ["../x"]}, None, "notify:returners:0: expected the name of a returner"),
        ({"severity": "warn"}, None, "(did you mean warning?)"),
        ({"digest": {"most": 0}}, None, "notify:digest:most: expected a whole number"),
        (None, {"url": "http://ops.example/"}, "webhook:url: expected an address such as https"),
        (None, {"url": "https://a:b@ops.example/"}, "webhook:url"),
        (None, {}, "webhook:url: expected an address such as https://host/path; found null"),
        (None, {"url": "https://x/", "key": "secret"}, "webhook:key: expected one of"),
        (None, {"url": "https://x/", "ca": "ca.pem"}, "webhook:ca: expected the path"),
    ],
)
def test_pillar_is_refused_where_it_is_wrong(notify, webhook, says):
    with pytest.raises(heal_notify_settings.Refused) as refused:
        heal_notify_settings.read(notify, webhook)
    assert says in str(refused.value)
    assert str(refused.value).startswith("eos:heal:")
    json.dumps(refused.value.finding._asdict())
