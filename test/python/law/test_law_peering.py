"""Two real clusters of Consul that are joined by a token which nobody is shown."""

import json
import logging
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from law_servers import consul
from law_states import Elsewhere, own, quiet, refused, settles
from programs import free_ports
from salt.exceptions import CommandExecutionError

pytestmark = pytest.mark.server

WRITTEN, ESTABLISHED = "consul_peering.token_written", "consul_peering.established"
ABSENT = "consul_peering.absent"
META = {"owner": "network"}


@pytest.fixture(scope="module")
def other_once():
    """A second cluster."""
    home = Path(tempfile.mkdtemp(prefix="law-west", dir="/tmp"))
    with consul(home / "consul") as server:
        yield Elsewhere("consul", server)
    shutil.rmtree(home)


@pytest.fixture
def joined(salted, other_once):
    """Two clusters, one after the other, and a folder for tokens; all peerings end."""
    salted.serve("consul")
    home = Path(tempfile.mkdtemp(prefix="law-token", dir="/tmp"))
    yield salted, other_once, home / "token"
    for one, name in ((other_once, "east"), (salted, "west")):
        assert one.state(ABSENT, name=name)["result"] is True
    shutil.rmtree(home)


def test_two_clusters_are_joined_once(joined, caplog):
    """Mutation: make a token on every run, and the one that was carried over is worthless."""
    caplog.set_level(logging.DEBUG)
    here, there, place = joined
    kept = {"place": {"file": str(place)}, "meta": META}
    changes = settles(here, WRITTEN, name="west", **kept)
    assert changes == {
        "state": {"old": None, "new": "PENDING"},
        "token": {"old": None, "new": "***"},
    }
    assert place.stat().st_mode & 0o777 == 0o600
    token = place.read_text().strip()
    taken = {"name": "east", "token": {"file": str(place)}, "meta": {"of": "west"}}
    made = there.state(ESTABLISHED, test=True, **taken)
    done = there.state(ESTABLISHED, **taken)
    assert (made["result"], done["result"]) == (None, True), done
    assert done["changes"] == made["changes"]
    assert done["changes"]["state"] == {"old": None, "new": "ACTIVE"}
    place.unlink()
    assert there.state(ESTABLISHED, **taken)["changes"] == {}
    quiet(here, WRITTEN, name="west", **kept)
    assert not place.exists(), "a peering that works needs no token any more"
    found = here.modules["consul_peering.get"]("west")
    assert (found["state"], found["meta"]) == ("ACTIVE", META)
    assert [one["name"] for one in there.modules["consul_peering.list"]()] == ["east"]
    told = json.dumps([changes, made, done, found]) + caplog.text
    assert token not in told
    assert token[:200] not in told


def test_a_token_that_got_lost_is_made_anew(joined):
    """Mutation: believe the peering that waits, and nobody can ever join it."""
    here, there, place = joined
    kept = {"place": {"file": str(place)}}
    settles(here, WRITTEN, name="west", **kept)
    first = place.read_text()
    place.unlink()
    assert set(settles(here, WRITTEN, name="west", **kept)) == {"token"}
    assert place.read_text() != first
    place.with_name("old").touch(0o600)
    place.with_name("old").write_text(first)
    taken = {"name": "east", "token": {"file": str(place)}}
    old = there.state(ESTABLISHED, name="east", token={"file": str(place.with_name("old"))})
    assert old["result"] is False, "every older one is worthless"
    assert old["changes"] == {"state": {"old": None, "new": "PENDING"}}
    assert joins(there, taken) == {"state": {"old": "PENDING", "new": "ACTIVE"}}


def test_what_could_not_be_reached_is_joined_when_it_can(joined):
    """Mutation: wait for a peering that never began, and no later run reads a good token."""
    here, there, place = joined
    (port,) = free_ports(1)
    kept = {"place": {"file": str(place)}}
    nowhere = [f"127.0.0.1:{port}"]
    settles(here, WRITTEN, name="west", **kept, server_external_addresses=nowhere)
    taken = {"name": "east", "token": {"file": str(place)}, "meta": {"of": "west"}}
    for old in (None, "PENDING"):
        result = there.state(ESTABLISHED, **taken)
        assert result["result"] is False
        left = {} if old else {"state": {"old": None, "new": "PENDING"}}
        assert result["changes"] == left, result
    place.unlink()
    settles(here, WRITTEN, name="west", **kept)
    del taken["meta"]
    assert set(joins(there, taken)) == {"state"}
    assert there.modules["consul_peering.get"]("east")["meta"] == {"of": "west"}


@pytest.mark.parametrize("found", [None, "PENDING"])
def test_what_is_no_token_is_never_written_over(joined, found):
    """Mutation: look only whether something lies there, and a mistyped path costs a key."""
    here, _, place = joined
    if found:
        settles(here, WRITTEN, name="west", place={"file": str(place)})
    place.touch(0o600)
    place.write_text("hunter22 is the key of something else")
    said = refused(here, WRITTEN, name="west", place={"file": str(place)})
    assert said.startswith("place: expected nothing, or a token of a peering, in file")
    assert "hunter22" not in said
    vault = own(here, "vault")
    assert here.state("vault_mount.present", name="kvp", type="kv")["result"] is True
    vault.post("/v1/kvp/app", {"password": "hunter22"})
    where = {"vault": {"path": "kvp/app", "field": "password"}}
    said = refused(here, WRITTEN, name="west", place=where)
    assert "in kvp/app in Vault; found something else" in said
    assert vault.get("/v1/kvp/app") == {"password": "hunter22"}
    here.state("vault_mount.absent", name="kvp")


def test_a_folder_that_a_state_before_makes_is_no_failure_of_a_prediction(joined):
    """Mutation: refuse it in test mode, and a first run cannot be predicted."""
    here, _, place = joined
    where = {"file": str(place.parent / "later" / "token")}
    result = here.state(WRITTEN, test=True, name="west", place=where)
    assert result["result"] is None, result
    assert "is no folder here" in result["comment"]


def test_a_used_token_is_refused_and_no_word_of_it_is_repeated(joined):
    """Mutation: give Consul's own words, which may hold a part of the token."""
    _, there, place = joined
    place.touch(0o600)
    place.write_text("not a token")
    result = there.state(ESTABLISHED, name="east", token={"file": str(place)})
    assert (result["result"], result["changes"]) == (False, {}), result
    assert "Consul cannot use the token of peering east" in result["comment"]
    assert "invalid character" not in result["comment"]


def test_a_peering_that_the_other_one_ended_is_said_to_be_over(joined):
    """Mutation: take TERMINATED for joined, and traffic fails while Salt is green."""
    here, there, place = joined
    settles(here, WRITTEN, name="west", place={"file": str(place)})
    taken = {"name": "east", "token": {"file": str(place)}}
    joins(there, taken)
    assert there.state(ABSENT, name="east")["result"] is True
    ends = time.monotonic() + 20
    while here.modules["consul_peering.get"]("west")["state"] != "TERMINATED":
        assert time.monotonic() < ends
        time.sleep(0.2)
    said = refused(here, WRITTEN, name="west", place={"file": str(place)})
    assert "the other cluster has ended it" in said
    gone = settles(here, ABSENT, name="west")
    assert gone == {"state": {"old": "TERMINATED", "new": None}}


def test_labels_are_fixed(joined):
    """Mutation: send them again; Consul says 200 and keeps the old ones."""
    here, _, place = joined
    kept = {"place": {"file": str(place)}}
    settles(here, WRITTEN, name="west", meta=META, **kept)
    said = refused(here, WRITTEN, name="west", meta={"owner": "me"}, **kept)
    assert "cannot change meta from {'owner': 'network'} to {'owner': 'me'}" in said


def test_a_token_is_kept_in_vault(joined):
    """Mutation: write the whole secret, and its other fields are gone."""
    here, _, _ = joined
    vault = own(here, "vault")  # before `opts` are read: the states below ask Vault, too
    options = {"version": "2"}
    assert here.state("vault_mount.present", name="kvp", type="kv", options=options)["result"]
    vault.post("/v1/kvp/data/peering", {"data": {"other": "x"}})
    place = {"vault": {"path": "kvp/peering", "field": "west"}}
    assert set(settles(here, WRITTEN, name="west", place=place)) == {"state", "token"}
    found = vault.get("/v1/kvp/data/peering")["data"]
    assert found["other"] == "x"
    assert len(found["west"]) > 500
    here.state("vault_mount.absent", name="kvp")


def test_a_place_that_is_none_is_found_before_a_token_is_made(joined):
    """Mutation: look at the place afterwards, and a peering waits for a token that is gone."""
    here, _, place = joined
    nowhere = {"file": str(place.parent / "none" / "token")}
    result = here.state(WRITTEN, name="west", place=nowhere)
    assert (result["result"], result["changes"], here.wrote) == (False, {}, []), result
    assert "is no folder here" in result["comment"]
    place.touch(0o600)
    place.write_text("of old")
    place.chmod(0o644)
    said = refused(here, WRITTEN, name="west", place={"file": str(place)})
    assert "may be read by everybody" in said
    assert here.modules["consul_peering.get"]("west") is None


def test_what_cannot_be_kept_is_made_again_next_time(joined, monkeypatch):
    """Mutation: say that all went well, and the token is lost for ever."""
    from saltext.eos.utils import peering

    here, _, place = joined
    keep = peering.keep

    def full(*_):
        raise CommandExecutionError("no space left on device")

    monkeypatch.setattr(peering, "keep", full)
    result = here.state(WRITTEN, name="west", place={"file": str(place)})
    assert result["result"] is False
    assert result["changes"] == {"state": {"old": None, "new": "PENDING"}}
    assert result["comment"] == "no space left on device"
    monkeypatch.setattr(peering, "keep", keep)
    assert set(settles(here, WRITTEN, name="west", place={"file": str(place)})) == {"token"}


def joins(there, taken):
    """Take a token, and see that the peering works."""
    done = there.state(ESTABLISHED, **taken)
    assert done["result"] is True, done
    return done["changes"]


WRONG = [
    (WRITTEN, {"name": "We st"}, "name: expected lower-case letters"),
    (WRITTEN, {"name": "a/b"}, "name: expected"),
    (WRITTEN, {"name": "x" * 65_536}, "name: expected"),
    (WRITTEN, {"place": "hunter22"}, "place: expected the place of a secret"),
    (WRITTEN, {"place": {"file": "relative"}}, "place: expected the place of a secret"),
    (WRITTEN, {"place": {"sealed": "x"}}, "place: expected the place of a secret"),
    (WRITTEN, {"place": None}, "place: expected"),
    (WRITTEN, {"meta": {"a": 1}}, "meta:a: expected string"),
    (WRITTEN, {"meta": {1: "a"}}, "meta:1: expected text as the name; quote it; found 1"),
    (
        WRITTEN,
        {"server_external_addresses": ["host"]},
        "server_external_addresses:0: expected host",
    ),
    (ESTABLISHED, {"token": "hunter22"}, "token: expected the place of a secret"),
    (ESTABLISHED, {"token": ["hunter22"]}, "token: expected the place of a secret"),
    (ESTABLISHED, {"within": 0}, "within: expected"),
]


@pytest.mark.parametrize(("function", "wrong", "message"), WRONG)
def test_a_wrong_argument_is_named_and_nothing_is_sent(salted, function, wrong, message):
    """Mutation: show what was found, and a token in the wrong place is in the log."""
    salted.serve("consul")
    given = {"name": "west", **({"place": {"file": "/a"}} if function == WRITTEN else {})}
    given |= {} if function == WRITTEN else {"token": {"file": "/a"}}
    result = salted.state(function, **{**given, **wrong})
    assert (result["result"], result["changes"], salted.sent) == (False, {}, []), result
    assert result["comment"].startswith(message), result["comment"][:200]
    assert "; found " in result["comment"]
    assert "hunter22" not in result["comment"]
    assert len(result["comment"]) < 1000
