"""Checks that Consul's agent makes: what it shows and what it hides are both put right."""

import socket
import time

import pytest
from law_states import connected, own, quiet, refused, settles

pytestmark = pytest.mark.server

PRESENT, ABSENT = "consul_check.present", "consul_check.absent"
TOLD = {"name": "backup", "title": "Last backup", "type": "ttl", "ttl": "25h"}
REACHED = {
    "name": "database",
    "title": "Database",
    "type": "tcp",
    "target": "127.0.0.1:1",
    "interval": "1m",
}
ASKED = {
    "name": "shop-1:answers",
    "title": "The shop answers",
    "type": "http",
    "service": "shop-1",
    "target": "https://127.0.0.1:1/healthz",
    "interval": "15s",
    "timeout": "2s",
    "method": "HEAD",
    "tls_server_name": "shop.example",
    "notes": "See the runbook — of the shop",
    "success_before_passing": 2,
    "failures_before_critical": 3,
    "deregister_after": "2h",
}
OTHERS = [{**REACHED, "type": kind} for kind in ("grpc", "udp", "h2ping")]
CASES = [TOLD, REACHED, ASKED, *OTHERS]


@pytest.fixture
def consul(salted):
    """A client of somebody else, and a service at the agent."""
    client = own(salted, "consul")
    client.put("/v1/agent/service/register", {"ID": "shop-1", "Name": "shop"})
    client.put("/v1/agent/service/register", {"ID": "shop-2", "Name": "shop"})
    yield client
    for name in salted.modules["consul_check.list"]():
        client.put(f"/v1/agent/check/deregister/{name}")
    for name in ("shop-1", "shop-2"):
        client.put(f"/v1/agent/service/deregister/{name}")


@pytest.mark.parametrize("wanted", CASES, ids=lambda one: one["type"])
def test_a_check_is_predicted_made_kept_and_removed(salted, consul, wanted):
    """Mutation: compare spans as text, and `1m` is written over `1m0s` on every run."""
    changes = settles(salted, PRESENT, **wanted)
    assert changes["title"] == {"old": None, "new": wanted["title"]}
    found = salted.modules["consul_check.get"](wanted["name"])
    assert (found["title"], found["type"]) == (wanted["title"], wanted["type"])
    assert found["notes"] == wanted.get("notes", "")
    again = {**wanted, "interval": 60} if wanted.get("interval") == "1m" else wanted
    quiet(salted, PRESENT, **again)
    assert settles(salted, ABSENT, name=wanted["name"])["title"]["new"] is None
    assert salted.modules["consul_check.get"](wanted["name"]) is None


DRIFTS = [
    {"title": "Another"},
    {"interval": "20s"},
    {"timeout": "3s"},
    {"notes": "Other notes"},
    {"target": "https://127.0.0.1:2/"},
    {"method": "GET"},
    {"tls_server_name": "shop.test"},
    {"success_before_passing": 5},
    {"failures_before_critical": 5},
    {"deregister_after": "3h"},
    {"service": "shop-2"},
]


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda one: next(iter(one)))
def test_what_is_wanted_otherwise_is_written(salted, consul, drift):
    """Mutation: leave one field out of the mark, and a change of it is never sent."""
    settles(salted, PRESENT, **ASKED)
    (field,) = drift
    shown = {"title", "interval", "timeout", "notes", "service"}
    changes = settles(salted, PRESENT, **{**ASKED, **drift})
    assert set(changes) == ({field} if field in shown else {"definition"})
    assert set(settles(salted, PRESENT, **ASKED)) == set(changes)


@pytest.mark.parametrize("theirs", [{"HTTP": "https://127.0.0.1:2/"}, {"Method": "GET"}])
def test_what_others_made_of_a_check_is_put_right(salted, consul, theirs):
    """Mutation: compare only what the agent shows, and another target is never seen."""
    settles(salted, PRESENT, **ASKED)
    sent = {"ID": ASKED["name"], "Name": ASKED["title"], "ServiceID": "shop-1"}
    sent |= {"HTTP": ASKED["target"], "Interval": "15s", "Timeout": "2s"}
    consul.put("/v1/agent/check/register", {**sent, "Notes": ASKED["notes"], **theirs})
    assert set(settles(salted, PRESENT, **ASKED)) == {"definition"}


def test_a_check_says_on_what_it_has_said(salted, consul):
    """Mutation: remove it first on every change, and each takes a healthy service away."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        target = f"127.0.0.1:{listening.getsockname()[1]}"
        soon = {**REACHED, "target": target, "interval": "1s"}
        settles(salted, PRESENT, **soon)
        status = salted.modules["consul_check.get"]
        ends = time.monotonic() + 30
        while status("database")["status"] != "passing":
            assert time.monotonic() < ends
            time.sleep(0.1)
        settles(salted, PRESENT, **{**soon, "interval": "1h"})
        assert status("database")["status"] == "passing"


@pytest.mark.parametrize("notes", [" a", "a\nb\n", "eos:0123456789ab c", "x" * 4000, "a "])
def test_notes_are_kept_to_the_letter(salted, consul, notes):
    """Mutation: take white space before the mark for a part of it, and each run writes."""
    settles(salted, PRESENT, **{**TOLD, "notes": notes})
    assert salted.modules["consul_check.get"]("backup")["notes"] == notes


def test_a_service_that_is_not_there_takes_no_check_away(salted, consul):
    """Mutation: take the old check away before the new one is known to be taken."""
    for _ in range(2):
        result = salted.state(PRESENT, **{**ASKED, "service": "nobody"})
        assert (result["result"], result["changes"], salted.wrote) == (False, {}, []), result
        assert "service nobody is not registered with this agent; expected" in result["comment"]
        settles_once(salted)
    assert salted.modules["consul_check.get"](ASKED["name"])["service"] == "shop-1"


def settles_once(salted):
    """Make the check for a service that is there."""
    assert salted.state(PRESENT, **ASKED)["result"] is True


def test_a_service_that_a_state_before_makes_is_no_failure_of_a_prediction(salted, consul):
    """Mutation: refuse it in test mode, and a first run cannot be predicted."""
    result = salted.state(PRESENT, test=True, **{**ASKED, "service": "later"})
    assert result["result"] is None, result
    assert "Until then: service later is not registered" in result["comment"]


def test_what_a_token_does_not_see_is_not_made_again(salted, consul):
    """Mutation: believe the checks that are left, and a check is made a second time."""
    from saltext.eos.utils import agent_check
    from saltext.eos.utils.http import Forbidden
    from saltext.eos.utils.settings import connect

    settles(salted, PRESENT, **TOLD)
    weak = consul.put("/v1/acl/token", {"Description": "sees no check"})["SecretID"]
    for token in (weak, None):
        opts = connected(salted, "consul", token)
        with pytest.raises(Forbidden, match="may not see the whole"):
            agent_check.find(connect("consul", opts), "backup")


WRONG = [
    ({"name": "a/b"}, "name: expected"),
    ({"name": None}, "name: expected"),
    ({"title": None}, "title: expected"),
    ({"title": "a\nb"}, "title: expected one line"),
    ({"type": "htp"}, "type: expected one of http, tcp, udp, grpc, h2ping, ttl"),
    ({"type": None}, "type: expected"),
    ({"target": None}, "target: expected one, because type is http"),
    ({"interval": None}, "interval: expected one, because type is http"),
    ({"interval": "soon"}, "interval: expected a span of time"),
    ({"ttl": "5s"}, "ttl: expected nothing, because type is http"),
    ({"type": "tcp"}, "method: expected nothing, because type is tcp"),
    ({"success_before_passing": -1}, "success_before_passing: expected"),
    ({"notes": "x eos:0123456789ab"}, "notes: expected text without a mark"),
    ({"service": "x" * 65_536}, "service: expected"),
    ({"target": "https://me:hunter22@host/"}, "target: expected an address without a name or"),
    ({"type": "tcp", "method": None, "target": "me:hunter22@host:1"}, "target: expected an addr"),
    ({"target": "hunter22\n"}, "target: expected one line"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG)
def test_a_wrong_check_is_named_and_nothing_is_sent(salted, wrong, message):
    """Mutation: send first and ask later, and the server's words come instead of ours."""
    salted.serve("consul")
    said = refused(salted, PRESENT, **{**ASKED, **wrong})
    assert salted.sent == []
    assert said.startswith(message), said[:300]
    assert "; found " in said
    assert "hunter22" not in said
    assert len(said) < 1000
