"""Services and nodes of Consul: what is not seen, what is kept, and what must be there before."""

import time

import pytest
from law_states import connected, own, quiet, refused, settles

pytestmark = pytest.mark.server

OBJECTS = [
    ("consul_catalog_node", {"name": "seen", "address": "10.8.0.1"}, {"name": "seen"}),
    (
        "consul_catalog_service",
        {"name": "api", "node": "seen", "service": "api"},
        {"name": "api", "node": "seen"},
    ),
    (
        "consul_catalog_check",
        {"name": "alive", "node": "seen", "title": "It answers"},
        {"name": "alive", "node": "seen"},
    ),
]


@pytest.fixture
def consul(salted):
    """A client of somebody else; the node and the service of these tests end."""
    client = own(salted, "consul")
    yield client
    client.put("/v1/catalog/deregister", {"Node": "seen"})
    for name in [one["ID"] for one in client.get("/v1/agent/services")]:
        client.put(f"/v1/agent/service/deregister/{name}")


@pytest.mark.parametrize(("resource", "wanted", "keys"), OBJECTS, ids=[one[0] for one in OBJECTS])
def test_what_a_token_does_not_see_is_neither_made_nor_absent(
    salted, consul, resource, wanted, keys
):
    """Mutation: believe an empty list, and what is there is `already absent`."""
    import importlib

    from saltext.eos.utils import converge

    spec = importlib.import_module(f"saltext.eos.specs.{resource}").SPEC
    for one, values, _ in OBJECTS:
        assert salted.state(f"{one}.present", **values)["result"] is True
    weak = consul.put("/v1/acl/token", {"Description": "sees no node"})["SecretID"]
    for token in (weak, None):
        opts = connected(salted, "consul", token)
        salted.sent.clear()
        for act, values in ((converge.present, wanted), (converge.absent, keys)):
            result = act(spec, values, {}, {**opts, "test": False})
            assert (result["result"], result["changes"], salted.wrote) == (False, {}, []), result
            assert "may not see" in result["comment"] or "403" in result["comment"], result


def test_a_service_waits_for_its_node(salted, consul):
    """Mutation: leave the question out, and Consul makes a node without an address."""
    wanted = {"name": "api", "node": "nowhere", "service": "api"}
    result = salted.state("consul_catalog_service.present", **wanted)
    assert (result["result"], result["changes"]) == (False, {}), result
    assert "found 'nowhere', which is not; register it first" in result["comment"]
    wanted = {"name": "alive", "node": "nowhere", "title": "It answers"}
    result = salted.state("consul_catalog_check.present", **wanted)
    assert (result["result"], result["changes"]) == (False, {}), result
    assert "nowhere" not in [one["Node"] for one in consul.get("/v1/catalog/nodes")]


def test_a_node_keeps_what_is_on_it(salted, consul):
    """Mutation: register the node with its services left out as none, and they are gone."""
    for one, values, _ in OBJECTS:
        assert salted.state(f"{one}.present", **values)["result"] is True
    node = {**OBJECTS[0][1], "address": "10.8.0.2", "meta": {"a": "b"}}
    assert set(settles(salted, "consul_catalog_node.present", **node)) == {"address", "meta"}
    quiet(salted, "consul_catalog_node.present", **OBJECTS[0][1] | {"address": "10.8.0.2"})
    for one, values, _ in OBJECTS[1:]:
        quiet(salted, f"{one}.present", **values)


def test_a_service_keeps_its_checks_and_what_others_said_of_it(salted, consul):
    """Mutation: send what is wanted alone, and a sidecar or a network's address is lost."""
    tagged = {"lan": {"Address": "10.8.0.3", "Port": 80}, "rack": {"Address": "10.8.1.3"}}
    body = {"ID": "web-1", "Name": "web", "Address": "10.8.0.3", "Port": 80}
    more = {"TaggedAddresses": tagged, "Connect": {"Native": True}}
    check = {"CheckID": "web-1:ttl", "Name": "told", "TTL": "30s"}
    consul.put("/v1/agent/service/register", {**body, **more, "Check": check})
    wanted = {"name": "web-1", "service": "web", "address": "10.8.0.4", "port": 80}
    assert set(settles(salted, "consul_service.present", **wanted)) == {"address"}
    found = consul.get("/v1/agent/service/web-1")
    assert found["Connect"] == {"Native": True}
    assert found["TaggedAddresses"]["rack"]["Address"] == "10.8.1.3"
    assert found["TaggedAddresses"]["lan_ipv4"]["Address"] == "10.8.0.4"
    assert found["TaggedAddresses"]["wan_ipv4"]["Address"] == "10.8.0.4"
    assert "web-1:ttl" in [one["CheckID"] for one in consul.get("/v1/agent/checks")]


def test_an_address_that_somebody_said_for_a_network_stays(salted, consul):
    """Mutation: drop every address that Consul could reckon, and other datacenters are lost."""
    outside = {"Address": "203.0.113.7", "Port": 8443}
    body = {"ID": "web-2", "Name": "web", "Address": "10.8.0.3", "Port": 80}
    tagged = {"wan_ipv4": outside}
    consul.put("/v1/agent/service/register", {**body, "TaggedAddresses": tagged})
    wanted = {"name": "web-2", "service": "web", "address": "10.8.0.3", "port": 80, "tags": ["a"]}
    assert set(settles(salted, "consul_service.present", **wanted)) == {"tags"}
    settles(salted, "consul_service.present", **{**wanted, "address": "10.8.0.5"})
    found = consul.get("/v1/agent/service/web-2")["TaggedAddresses"]
    assert found["wan_ipv4"] == outside
    assert found["lan_ipv4"]["Address"] == "10.8.0.5"


def test_a_node_with_an_agent_is_left_to_it(salted, consul):
    """Mutation: take it out all the same, and every service of a living node is gone."""
    (node,) = [one for one in consul.get("/v1/catalog/nodes") if one["Node"] == "n1"]
    # Mutation: ask the hook in the run alone, and test mode promises what the run refuses.
    for said in (
        refused(salted, "consul_catalog_node.absent", name="n1"),
        refused(salted, "consul_catalog_node.present", name="n1", address="10.8.0.9"),
    ):
        assert "node n1 has an agent of its own" in said
    (again,) = [one for one in consul.get("/v1/catalog/nodes") if one["Node"] == "n1"]
    assert again["Address"] == node["Address"]


def test_what_an_agent_registers_is_left_to_it(salted, consul):
    """Mutation: ask for the agent of a node alone, and a living service is taken out of it."""
    consul.put("/v1/agent/service/register", {"ID": "alive", "Name": "alive"})
    of_agent = {"name": "alive", "node": "n1"}
    mark = {"name": "serfHealth", "node": "n1"}
    wanted = [
        ("consul_catalog_service.absent", of_agent),
        ("consul_catalog_service.present", {**of_agent, "service": "alive", "tags": ["a"]}),
        ("consul_catalog_service.present", {"name": "ghost", "node": "n1", "service": "ghost"}),
        # Without this check nobody sees that the node has an agent.
        ("consul_catalog_check.absent", mark),
        ("consul_catalog_check.present", {**mark, "title": "It is there"}),
        ("consul_catalog_check.present", {"name": "ghost", "node": "n1", "title": "No agent"}),
    ]

    def known():
        services = consul.get("/v1/catalog/node-services/n1")
        return sorted(one["ID"] for one in services), len(consul.get("/v1/health/node/n1"))

    await_known(known, "alive")
    before = known()
    for state, values in wanted:
        result = salted.state(state, **values)
        assert (result["result"], result["changes"], salted.wrote) == (False, {}, []), result
        assert "node n1 has an agent of its own" in result["comment"]
    assert known() == before


def await_known(known, name):
    """Wait until an agent has told the servers of a service."""
    ends = time.monotonic() + 30
    while name not in known()[0]:
        assert time.monotonic() < ends, f"{name} is not in the catalogue"
        time.sleep(0.2)


def test_a_node_that_is_not_seen_is_not_said_to_be_absent(salted, consul):
    """Mutation: believe the empty list, and a token that sees nothing is told to register it."""
    from saltext.eos.utils import catalog
    from saltext.eos.utils.http import Forbidden
    from saltext.eos.utils.settings import connect

    assert salted.state(f"{OBJECTS[0][0]}.present", **OBJECTS[0][1])["result"] is True
    weak = consul.put("/v1/acl/token", {"Description": "sees no node"})["SecretID"]
    for token in (weak, None):
        client = connect("consul", connected(salted, "consul", token))
        with pytest.raises(Forbidden, match="may not see the whole of the nodes"):
            catalog.require_node(client, "seen")
