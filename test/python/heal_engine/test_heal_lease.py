"""One of several masters heals, by a lock in a real Consul; whoever lost it stops by itself."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time

import pytest
from programs import binary, free_ports
from waiting import until

from saltext.eos.utils import heal_lease
from saltext.eos.utils.heal_lease import ALONE, HOLDER, STANDBY, Lease, Terms
from saltext.eos.utils.http import Client, HttpError

TOKEN = "b1c0ffee-0000-4000-8000-000000000001"
# The least that Consul takes.
TTL = 10.0


class Consul:
    """A server with ACLs that can be stopped and started; its data stay."""

    def __init__(self, home) -> None:
        self.home = home
        names = ("http", "grpc", "serf_lan", "serf_wan", "server", "dns")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        config = {
            "server": True, "bootstrap_expect": 1, "bind_addr": "127.0.0.1", "node_name": "c1",
            "data_dir": str(home / "data"), "ports": {**ports, "grpc_tls": -1},
            "acl": {"enabled": True, "default_policy": "deny",
                    "tokens": {"initial_management": TOKEN, "agent": TOKEN}},
            "session_ttl_min": "1s", "performance": {"raft_multiplier": 1},
        }  # fmt: skip
        (home / "consul.json").write_text(json.dumps(config))
        (home / "token").write_text(TOKEN + "\n")
        self.address = f"http://127.0.0.1:{ports['http']}"
        self.client = Client(self.address, headers={"X-Consul-Token": TOKEN}, attempts=1)
        self._process = None

    def start(self):
        with (self.home / "log").open("a") as log:
            self._process = subprocess.Popen(
                [binary("consul"), "agent", "-config-file", str(self.home / "consul.json")],
                stdout=log, stderr=log,
            )  # fmt: skip
        until(self._is_up, 60)

    def _is_up(self):
        try:
            return self.client.get("/v1/kv/?keys") is not None
        except HttpError as err:
            return err.status == 404

    def stop(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def pause(self, *, on: bool):
        self._process.send_signal(19 if on else 18)

    def terms(self, name, **changed):
        return Terms(self.address, str(self.home / "token"), None, name, ttl=TTL)._replace(
            **changed
        )


@pytest.fixture(scope="module")
def consul(tmp_path_factory):
    """A running server."""
    one = Consul(tmp_path_factory.mktemp("consul"))
    one.start()
    yield one
    one.stop()


@pytest.fixture
def lease(consul, monkeypatch, request):
    """Make leases on a key of this test's own; all end with it."""
    monkeypatch.setattr(heal_lease, "LOOK_EVERY", 0.2)
    made = []

    def make(name, clock=heal_lease.boot_clock, **changed):
        key = f"eos/healer/{request.node.name}"
        made.append(Lease(consul.terms(name, key=key, **changed), clock=clock))
        return made[-1]

    yield make
    for one in made:
        one.end()


def _holder(*leases):
    held = [one for one in leases if one.standing().role == HOLDER]
    assert len(held) <= 1
    return held[0] if held else None


def test_one_holds_and_the_others_stand_by(consul, lease):
    one = lease("m1")
    until(lambda: _holder(one))
    two, three = lease("m2"), lease("m3")
    until(lambda: two.standing().why == three.standing().why == "another master holds the lock")
    assert {two.standing().role, three.standing().role} == {STANDBY}
    (entry,) = consul.client.get(
        "/v1/kv/eos/healer/test_one_holds_and_the_others_stand_by?consistent"
    )
    assert entry["ModifyIndex"] == one.standing().epoch


def test_it_is_renewed_for_longer_than_it_lasts(lease):
    one = lease("m1")
    until(lambda: _holder(one))
    epoch = one.standing().epoch
    ends = time.monotonic() + 1.5 * TTL
    while time.monotonic() < ends:
        assert one.standing()[:2] == (HOLDER, epoch)
        time.sleep(0.1)


def test_who_ends_frees_it_and_the_next_has_a_higher_epoch(lease):
    one, two = lease("m1"), lease("m2")
    first = until(lambda: _holder(one, two))
    other = two if first is one else one
    epoch = first.standing().epoch
    first.end()
    # A session that ends by itself leaves the delay of the lock behind.
    until(lambda: other.standing().role == HOLDER, 3 * TTL)
    assert other.standing().epoch > epoch


@pytest.mark.parametrize("how", ["session", "key"])
def test_a_lock_that_is_taken_away_is_given_up_at_the_next_look(consul, lease, monkeypatch, how):
    """No second passes on its clock. Mutation: hold it for as long as it was renewed for."""
    one = lease("m1", clock=lambda: 100.0)
    until(lambda: _holder(one))
    session, epoch = one._session, one.standing().epoch
    roles, look = [], one._look

    def looked(client):
        look(client)
        roles.append(one.standing().role)

    monkeypatch.setattr(one, "_look", looked)
    before = len(roles)
    if how == "session":
        consul.client.put(f"/v1/session/destroy/{session}")
    else:
        consul.client.put(f"/v1/kv/{one._terms.key}?release={session}")
    # One look may have begun before that.
    last = len(roles) + 2
    until(lambda: len(roles) >= last)
    assert STANDBY in roles[before:last]
    until(lambda: one.standing().role == HOLDER, 4 * TTL)
    assert one.standing().epoch > epoch


def test_never_two_at_a_time_while_the_holder_does_not_run(consul, lease, monkeypatch):
    """Its thread stands still, as a machine that sleeps: it stops by its own clock first."""
    one = lease("m1")
    until(lambda: _holder(one))
    go = threading.Event()
    monkeypatch.setattr(one, "_look", lambda _: go.wait())
    two = lease("m2")
    until(lambda: _holder(one, two) is two, 4 * TTL)
    go.set()


def test_without_an_answer_it_stops_in_time_and_is_alone_after_that(consul, lease, monkeypatch):
    """Mutation: take a question without an answer for a renewal."""
    now, asked = [100.0], []
    one = lease("m1", clock=lambda: now[0])
    until(lambda: _holder(one))
    look = one._look

    def looked(client):
        begun = now[0]
        try:
            look(client)
        finally:
            asked.append(begun)

    monkeypatch.setattr(one, "_look", looked)
    consul.pause(on=True)
    try:
        until(lambda: one._why)
        now[0] += TTL - 0.1
        until(lambda: now[0] in asked)
        for passes, role in ((0.0, HOLDER), (0.1, STANDBY), (TTL, STANDBY), (0.1, ALONE)):
            now[0] += passes
            assert one.standing().role == role
        assert "Consul cannot be asked who heals" in one.standing().why
    finally:
        consul.pause(on=False)
    until(lambda: one.standing().role == HOLDER, 4 * TTL)


def test_a_token_that_may_not_is_no_lock(consul, lease, tmp_path):
    (tmp_path / "token").write_text("b1c0ffee-0000-4000-8000-00000000000f")
    one = lease("m1", token=str(tmp_path / "token"))
    until(lambda: "403" in one.standing().why)
    two = lease("m2", token=str(tmp_path / "nowhere"))
    until(lambda: "nowhere" in two.standing().why)
    assert {one.standing().role, two.standing().role} == {STANDBY}
    with contextlib.suppress(HttpError):
        assert not consul.client.get(f"/v1/kv/{one._terms.key}?consistent")
