"""Evaluate: contract and pillar in, compiled form out."""

import json

import pytest
from counting import calls
from wheel import CONTRACT


def test_values_come_from_pillar_over_defaults(stack):
    values = stack.node("n1")["components"]["consul"]["values"]
    assert values["datacenter"] == "dc7"
    assert values["https"] == 8501


def test_references_are_resolved_and_absent_ones_remove_their_key(stack):
    data = stack.node("n2")["components"]["consul"]["files"]["/etc/consul.d/eos.json"]["data"]
    assert data == {
        "datacenter": "dc7",
        "node_name": "n2",
        "bind_addr": "10.0.0.2",
        "addresses": {"https": "127.0.0.1 10.0.0.2"},
        "retry_join": ["10.0.0.1"],
        "encrypt": {"$secret": "consul.gossip_key"},
        "log_level": "info",
        "tls": {"defaults": {"ca_file": "/etc/eos/tls/ca.pem"}},
        "list": ["a"],
    }


def test_when_leaves_out_files_states_and_probes(stack):
    server = stack.node("n1")["components"]["consul"]
    client = stack.node("n2")["components"]["consul"]
    assert "/etc/consul.d/server.json" in server["files"]
    assert "/etc/consul.d/server.json" not in client["files"]
    assert "/etc/consul.d/raft.json" not in server["files"]
    assert list(server["states"]) == ["agent token"]
    assert client["states"] == {}
    assert [probe["by"] for probe in client["gate"]["probes"]] == ["http", "tcp"]


def test_when_compares_the_mode_of_a_union(contract, pillar):
    from saltext.eos.utils.compile import Stack

    pillar["consul"]["storage"] = {"mode": "raft", "voters": 3}
    files = Stack(contract, pillar).node("n1")["components"]["consul"]["files"]
    assert "/etc/consul.d/raft.json" in files


def test_text_around_a_secret_is_joined_where_it_is_opened(stack):
    comment = stack.node("n1")["components"]["consul"]["states"]["agent token"]["comment"]
    assert comment == {"$join": ["token ", {"$secret": "consul.admin_token"}, " of n1"]}


def test_budget_follows_the_role_and_reserves_the_sum(stack):
    assert stack.node("n1")["components"]["consul"]["memory"]["burst"] == 512 * 1024**2
    assert stack.node("n2")["components"]["consul"]["memory"]["burst"] == 128 * 1024**2


def test_the_drop_in_limits_memory_and_never_protects_with_a_negative_score(stack):
    files = stack.node("n1")["components"]["consul"]["files"]
    service = files["/etc/systemd/system/consul.service.d/eos.conf"]["data"]["Service"]
    assert service["MemoryMax"] == 512 * 1024**2
    assert service["OOMScoreAdjust"] >= 0
    assert service["LimitCORE"] == 0


def test_gates_carry_numbers_addresses_and_markers(stack):
    gate = stack.node("n1")["components"]["consul"]["gate"]
    assert (gate["within"], gate["successes"], gate["apart"]) == (60, 2, 1)
    assert gate["probes"][0] == {
        "why": "no leader",
        "by": "http",
        "is_not": "",
        "port": 8501,
        "host": "10.0.0.1",
        "scheme": "https",
        "get": "/v1/status/leader",
    }
    assert gate["probes"][1]["auth"] == {
        "header": "X-Consul-Token",
        "secret": {"$secret": "consul.admin_token"},
    }
    assert gate["probes"][2]["host"] == "127.0.0.1"


def test_an_application_is_compiled_once_per_entry_where_the_runner_is(stack):
    app = stack.node("n1")["components"]["app"]["each"]["web"]
    assert app["states"]["job"] == {
        "name": "job web",
        "comment": {"$secret": "app.web.database_password"},
        "memory": "128MiB",
    }
    assert app["gate"]["entry"] == "web"
    assert "app" not in stack.node("n2")["components"]


def test_the_plan_lists_nodes_and_applications(stack):
    assert stack.plan() == {
        "nodes_of": {
            "host": ["n1", "n2"],
            "tls": ["n1", "n2"],
            "consul": ["n1", "n2"],
            "terraform": ["n1"],
            "app": ["n1"],
        },
        "apps": ["web"],
    }


def test_the_same_input_gives_the_same_bytes(contract, pillar):
    from saltext.eos.utils.compile import Stack

    first = json.dumps(Stack(contract, pillar).node("n1"))
    pillar["topology"] = dict(reversed(pillar["topology"].items()))
    assert json.dumps(Stack(contract, pillar).node("n1")) == first


def test_only_secrets_of_this_node_are_listed(stack):
    assert stack.secrets("n1") == [
        "app.web.database_password",
        "consul.admin_token",
        "consul.gossip_key",
    ]
    assert stack.secrets("n2") == ["consul.gossip_key"]


def _unset(path):
    def edit(pillar):
        part = pillar
        for key in path[:-1]:
            part = part[key]
        del part[path[-1]]

    return edit


def _set(path, value):
    def edit(pillar):
        part = pillar
        for key in path[:-1]:
            part = part.setdefault(key, {})
        part[path[-1]] = value

    return edit


MISTAKES = [
    (
        _set(["consul", "datacentre"], "x"),
        "eos:consul:datacentre: expected one of datacenter, https, dns, log_level, token_ttl, "
        "storage (did you mean datacenter?); found an unknown key",
    ),
    (
        _set(["consul", "https"], "8501"),
        'eos:consul:https: expected integer from 1 to 65535; found "8501"',
    ),
    (
        _set(["consul", "https"], 70000),
        "eos:consul:https: expected integer from 1 to 65535; found 70000",
    ),
    (
        _set(["consul", "log_level"], "inf"),
        'eos:consul:log_level: expected one of warn, info, debug (did you mean info?); found "inf"',
    ),
    (
        _set(["consul", "storage"], {"mode": "raft"}),
        "eos:consul:storage:voters: expected integer; found nothing",
    ),
    (
        _set(["consul", "storage"], {"mode": "rafd"}),
        'eos:consul:storage:mode: expected one of file, raft (did you mean raft?); found "rafd"',
    ),
    (
        _set(["consul", "gossip_key"], "k"),
        "eos:consul:gossip_key: expected nothing: Eos makes this secret itself and never reads it "
        "from pillar; found a value",
    ),
    (
        _set(["consol"], {}),
        "eos:consol: expected one of stack, topology, apps, heal, objects, host, tls, consul, "
        "terraform (did you mean consul?); found an unknown key",
    ),
    (
        _set(["topology", "n1", "roles", "consul"], ["sever"]),
        "eos:topology:n1:roles:consul:0: expected one of server, client (did you mean server?); "
        'found "sever"',
    ),
    (
        _set(["topology", "n1", "roles", "consol"], ["server"]),
        "eos:topology:n1:roles:consol: expected one of consul, terraform (did you mean consul?); "
        "found an unknown component",
    ),
    (
        _set(["topology", "n2", "address"], "10.0.0.1"),
        "eos:topology:n2:address: expected an address of its own; n1 has the same; found "
        '"10.0.0.1"',
    ),
    (
        _set(["topology", "n1", "memory"], "100MiB"),
        "eos:topology:n1:memory: expected at least 256MiB, the sum of the floors (host 64MiB, "
        "consul 128MiB, terraform 64MiB); found 100MiB",
    ),
    (_unset(["stack", "domain"]), "eos:stack:domain: expected string matching "),
    (_unset(["apps", "web", "image"]), "eos:apps:web:image: expected string matching "),
    (_set(["apps", "Web"], {}), "eos:apps:Web: expected string matching "),
    (
        _unset(["topology", "n1", "roles", "terraform"]),
        "eos:topology: expected a node with the role terraform: [runner], which applies "
        "applications; found none",
    ),
    (
        _set(["consul", "dns"], 8501),
        "eos:consul:dns: expected a port of its own on n1; eos:consul:https listens there; found "
        "8501",
    ),
]


@pytest.mark.parametrize(("edit", "message"), MISTAKES)
def test_refuses_a_wrong_pillar_with_path_expected_and_found(contract, pillar, edit, message):
    from saltext.eos.utils.compile import Refused, Stack

    edit(pillar)
    with pytest.raises(Refused) as refused:
        Stack(contract, pillar)
    assert any(str(item).startswith(message) for item in refused.value.findings), [
        str(item) for item in refused.value.findings
    ]


def test_reports_all_mistakes_at_once(contract, pillar):
    from saltext.eos.utils.compile import Refused, Stack

    pillar["consul"] = {"https": "x", "dns": 0, "other": 1}
    with pytest.raises(Refused) as refused:
        Stack(contract, pillar)
    assert len(refused.value.findings) == 3


def test_the_mistakes_are_found_by_the_check_and_not_by_chance(contract, pillar, monkeypatch):
    """Mutation: without the check, the unknown key of the first mistake goes through."""
    from saltext.eos.utils import compile as compiler

    monkeypatch.setattr(compiler, "check", lambda *_: [])
    MISTAKES[0][0](pillar)
    compiler.Stack(contract, pillar)


def test_compiling_a_minion_is_cheap(contract, pillar):
    """
    Checking and compiling one of ten nodes; what a node more costs, each of them costs.

    Mutation: compile all nodes, or compare each with each, to give one.
    """
    from saltext.eos.utils.compile import Stack

    def cost(nodes):
        for number in range(3, nodes + 1):
            pillar["topology"][f"n{number}"] = {
                "address": f"10.0.0.{number}", "memory": "4GiB", "cpus": 1,
                "roles": {"consul": ["client"]},
            }  # fmt: skip
        return calls(lambda: Stack(contract, pillar).node("n1"))

    of_two, of_ten, of_twenty = map(cost, (2, 10, 20))
    assert of_ten < 10_000
    assert (of_twenty - of_ten) / 10 < 1.1 * (of_ten - of_two) / 8


def test_an_unreadable_contract_is_not_the_pillars_fault(tmp_path):
    from saltext.eos.utils.contract import ContractError, load

    with pytest.raises(ContractError, match="npm run generate"):
        load(tmp_path)
    assert load(CONTRACT).schema == 1
