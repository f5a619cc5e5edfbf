"""Whether those in pillar can be told, tried before anything has happened; and who is gone."""

from __future__ import annotations

import json

import pytest
import salt.config
from receiving import KEY, Receiver

from saltext.eos.utils import heal_notify, heal_notify_channel, heal_notify_try, sealed, store
from saltext.eos.utils.asked import Unclear

SLCAK = {"notify": {"returners": ["local_cahce", "local_cache"]}}


@pytest.fixture
def opts(tmp_path, master_opts):
    """A whole master's options, with a custody key."""
    sealed.make_key(master_opts)
    (tmp_path / "cache").mkdir()
    return {
        **salt.config.DEFAULT_MASTER_OPTS, **master_opts, "cachedir": str(tmp_path / "cache"),
        "file_client": "local",
    }  # fmt: skip


@pytest.fixture
def pillar(monkeypatch):
    """Have the stack's pillar say this below ``eos:heal``."""

    def says(heal):
        monkeypatch.setattr(heal_notify_try.master, "form", lambda _: {"heal": heal})

    return says


def test_a_returner_that_the_master_has_not_is_found_before_anything_happens(opts):
    """Mutation: take each name that has the shape of one."""
    (says,) = heal_notify_try.findings(opts, SLCAK)
    assert says.startswith("eos:heal:notify:returners: this master has no returner local_cahce")
    assert "did you mean local_cache" in says


def test_a_webhook_without_a_key_is_found_before_anything_happens(opts):
    """Mutation: look at the returners alone."""
    heal = {"webhook": {"url": "https://127.0.0.1:1/x"}}
    (says,) = heal_notify_try.findings(opts, heal)
    assert says.startswith("eos:heal:webhook: the webhook has no key")
    sealed.replace(opts, "heal_webhook", KEY.decode())
    assert heal_notify_try.findings(opts, heal) == []


def test_a_test_goes_the_way_of_every_notification(tmp_path, opts, pillar):
    """Mutation: say that it was told without telling; or stop at the first that fails."""
    to = Receiver(tmp_path, [500])
    sealed.replace(opts, "heal_webhook", KEY.decode())
    pillar({**SLCAK, "webhook": {"url": to.url, "ca": str(to.ca), "within": "2s"}})
    try:
        said = heal_notify_try.tell(opts, None, False, {})
        assert said["retcode"] == 1
        assert [*said["changes"]] == ["local_cache"]
        assert "no returner local_cahce" in said["failed"]["local_cahce"]
        assert "answered 500" in said["failed"]["webhook"]
        said = heal_notify_try.tell(opts, "webhook", False, {})
        assert said["retcode"] == 0
        *_, told = to.messages()
    finally:
        to.close()
    assert (told["kind"], told["id"]) == ("test", said["id"])
    assert "a test by" in told["text"]
    # What it tells is no line of the audit, and moves nobody's cursor.
    assert not (store.home(opts) / heal_notify_channel.FOLDER).exists()


def test_only_saying_who_would_be_told_tells_nobody(opts, pillar):
    pillar({"webhook": {"url": "https://127.0.0.1:1/x"}})
    said = heal_notify_try.tell(opts, None, True, {})
    assert said["changes"] == {"webhook": "would be told"}


@pytest.mark.parametrize(
    ("heal", "channel", "says"),
    [
        ({}, None, "pillar names nobody who is told"),
        (SLCAK, "local_cach", "did you mean local_cache"),
        (SLCAK, "webhook", "expected one of local_cahce, local_cache"),
    ],
)
def test_whom_pillar_does_not_name_is_refused(opts, pillar, heal, channel, says):
    pillar(heal)
    with pytest.raises(Unclear, match=says):
        heal_notify_try.tell(opts, channel, False, {})


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://user:s3cret@ops.example/x", "one with a user or a password"),
        ("https://:s3cret@ops.example/x", "one with a user or a password"),
        ("http://ops.example/s3cret#a", "one without https://, with a fragment"),
        ("https:///s3cret", "one without a host"),
        ("https://ops.example:0/s3cret", "one with the port 0"),
        ("https://ops.example:port/s3cret", "one that cannot be read"),
        ("https://[ops.example/s3cret", "one that cannot be read"),
    ],
)
def test_an_address_that_cannot_be_meant_is_told_without_what_is_in_it(opts, pillar, url, says):
    """Mutations: let Refused out, a traceback of Salt; or show the address as it is."""
    heal = {"webhook": {"url": url}}
    wanted = f"eos:heal:webhook:url: expected an address such as https://host/path; found {says}"
    assert heal_notify_try.findings(opts, heal) == [wanted]
    pillar(heal)
    with pytest.raises(Unclear) as err:
        heal_notify_try.tell(opts, None, False, {})
    assert str(err.value) == wanted


def test_a_returner_that_the_schema_lets_through_is_told_too(opts, pillar):
    """Mutation: let Refused out."""
    heal = {"notify": {"returners": ["webhook"]}}
    (says,) = heal_notify_try.findings(opts, heal)
    assert says.startswith("eos:heal:notify:returners:0: expected the name of a returner of Salt")
    pillar(heal)
    with pytest.raises(Unclear, match="expected the name of a returner of Salt"):
        heal_notify_try.tell(opts, None, True, {})


def test_of_who_is_gone_from_pillar_nothing_needs_a_person_any_more(tmp_path, monkeypatch):
    """Mutation: ask for a person as long as the file of a channel lies there."""
    folder = tmp_path / heal_notify_channel.FOLDER
    held = {**heal_notify_channel.EMPTY, "last_error": "this master has no returner slcak"}
    store.replace(folder / "slcak.json", json.dumps(held).encode())
    letter = {"at": 100.0, "channel": "slcak", "why": "no returner", "message": {}}
    store.replace(folder / heal_notify_channel.DEAD, json.dumps(letter).encode())
    wanted = {"notify": {"returners": ["slcak"]}}
    assert len(heal_notify_channel.needs(tmp_path, 200.0, wanted)) == 2
    assert len(heal_notify_channel.needs(tmp_path, 200.0)) == 2
    assert heal_notify_channel.needs(tmp_path, 200.0, {}) == []
    # Metrics read no pillar: who tells says whom.
    assert [*heal_notify_channel.standing(tmp_path)] == ["slcak"]
    monkeypatch.setattr(heal_notify, "follow", lambda *_: None)
    heal_notify._arrange({}, tmp_path, {}, {})
    assert heal_notify_channel.standing(tmp_path) == {}
    # Its cursor is kept: when it comes back it goes on where it was.
    assert (folder / "slcak.json").exists()
