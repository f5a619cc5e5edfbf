"""Maintenance mode of Consul's agent, on a real one."""

import pytest
from law_states import connected, own, quiet, settles

pytestmark = pytest.mark.server

ENABLED, DISABLED = "consul_maintenance.enabled", "consul_maintenance.disabled"


@pytest.fixture
def consul(salted):
    """A client of somebody else, and a service at the agent."""
    client = own(salted, "consul")
    client.put("/v1/agent/service/register", {"ID": "web-1", "Name": "web"})
    yield client
    client.put("/v1/agent/maintenance?enable=false")
    client.put("/v1/agent/service/deregister/web-1")


@pytest.mark.parametrize("service", [None, "web-1"])
def test_maintenance_begins_and_ends(salted, consul, service):
    """Mutation: send the switch every time, and a run that changes nothing writes."""
    about = {"name": "moving", **({"service": service} if service else {})}
    quiet(salted, DISABLED, **about)
    changes = settles(salted, ENABLED, reason="Disk & fan, 100 %", **about)
    assert changes == {"maintenance": {"old": None, "new": "Disk & fan, 100 %"}}
    status = salted.modules["consul_maintenance.status"]()
    assert status == {
        "node": None if service else "Disk & fan, 100 %",
        "services": {"web-1": "Disk & fan, 100 %"} if service else {},
    }
    assert "for another reason: Disk" in quiet(salted, ENABLED, reason="Another", **about)
    changes = settles(salted, DISABLED, **about)
    assert changes == {"maintenance": {"old": "Disk & fan, 100 %", "new": None}}


def test_a_service_that_is_not_there_is_refused(salted, consul):
    """Mutation: send the switch all the same, and Consul's words come instead of ours."""
    about = {"name": "x", "reason": "y", "service": "nobody"}
    result = salted.state(ENABLED, **about)
    assert (result["result"], result["changes"], salted.wrote) == (False, {}, []), result
    assert "service nobody is not registered with this agent; expected" in result["comment"]
    predicted = salted.state(ENABLED, test=True, **about)
    assert (predicted["result"], salted.wrote) == (None, []), "a state before may register it"
    assert "Until then: service nobody is not registered" in predicted["comment"]
    quiet(salted, DISABLED, name="x", service="nobody")


def test_what_a_token_does_not_see_is_not_believed(salted, consul):
    """Mutation: believe the checks that are left, and the mode is `already` off."""
    from saltext.eos.utils import maintenance
    from saltext.eos.utils.http import Forbidden
    from saltext.eos.utils.settings import connect

    consul.put("/v1/agent/maintenance?enable=true&reason=x")
    weak = consul.put("/v1/acl/token", {"Description": "sees no check"})["SecretID"]
    for token in (weak, None):
        opts = connected(salted, "consul", token)
        with pytest.raises(Forbidden, match="may not see the whole"):
            maintenance.reason(connect("consul", opts), None)


WRONG = [
    ({"reason": None}, "reason: expected one line"),
    ({"reason": ""}, "reason: expected one line"),
    ({"reason": "a\nb"}, "reason: expected one line"),
    ({"reason": "x" * 65_536}, "reason: expected one line"),
    ({"service": "a/b"}, "service: expected the id of a service"),
    ({"service": ""}, "service: expected the id of a service"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG)
def test_a_wrong_argument_is_named_and_nothing_is_sent(salted, wrong, message):
    """Mutation: take no reason for `end it`, and `enabled` ends the maintenance."""
    salted.serve("consul")
    result = salted.state(ENABLED, **{"name": "x", "reason": "y", **wrong})
    assert (result["result"], result["changes"], salted.sent) == (False, {}, []), result
    assert result["comment"].startswith(message)
    assert "; found " in result["comment"]
