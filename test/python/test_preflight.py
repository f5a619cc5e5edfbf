"""What is known to fail before a host is touched; a running stack passes."""

import socket
from pathlib import Path

import pytest

RIGHT = {"eos": None, "memory": 8 * 1024**3, "listeners": {}, "packages": {}, "shadowed": []}


@pytest.fixture
def compiled(stack):
    """The compiled form of n1."""
    return stack.node("n1")


def _holder(unit, command="x"):
    return {"listeners": {"8501": {"command": command, "unit": unit}}}


PORTS = [
    ("free", {"listeners": {}}, 0),
    ("held by us", _holder("consul.service"), 0),
    ("held by a process of no unit, as in a test", _holder(""), 0),
    ("held by a stranger", _holder("nginx.service", "nginx"), 1),
]


@pytest.mark.parametrize(("what", "facts", "count"), PORTS, ids=[case[0] for case in PORTS])
def test_a_port_may_be_free_or_ours_but_not_a_strangers(compiled, what, facts, count):
    from saltext.eos.utils import preflight

    found = preflight._ports("n1", compiled, {**RIGHT, **facts})
    assert len(found) == count
    if found:
        assert "port 8501 on n1 is held by nginx (nginx.service)" in found[0]
        assert "eos:consul:https" in found[0]


def test_a_host_needs_the_memory_its_pillar_promises(compiled):
    from saltext.eos.utils import preflight

    assert preflight._memory("n1", compiled, RIGHT) == []
    (found,) = preflight._memory("n1", compiled, {**RIGHT, "memory": 4 * 1024**3})
    assert "n1 has 4GiB of memory; expected at least 8GiB" in found


URI = "http://mirror/debian"
IDENTITIES = [
    ({"installed": None, "origins": [], "offers": [URI]}, 0),
    ({"installed": "1", "origins": [URI], "offers": [URI]}, 0),
    (
        {
            "installed": "1",
            "origins": ["http://debian.example"],
            "offers": ["http://debian.example"],
        },
        0,
    ),
    ({"installed": "1", "origins": ["http://debian.example"], "offers": [URI]}, 1),
]


@pytest.mark.parametrize(("package", "count"), IDENTITIES)
def test_a_package_of_the_right_name_may_be_another_program(compiled, package, count):
    from saltext.eos.utils import preflight

    compiled["components"]["host"]["values"]["repository"] = {"uri": URI}
    facts = {**RIGHT, "packages": {"consul": package}}
    found = preflight._identity("n1", ["consul"], facts, compiled)
    assert len(found) == count


def test_another_wheel_on_a_minion_is_named():
    from saltext.eos.utils import contract, preflight
    from saltext.eos.version import SCHEMA, __version__

    facts = {"eos": __version__, "schema": SCHEMA, "contract": contract.digest(), "shadowed": []}
    assert preflight.skew("n1", facts) == []
    (found,) = preflight.skew("n1", {**facts, "contract": "other"})
    assert found.startswith(f"n1 has contract other; expected {contract.digest()}")
    (found,) = preflight.skew("n1", {**facts, "shadowed": ["/x/eos_gate.py"]})
    assert "/x/eos_gate.py on n1 hides a module of the wheel" in found


HEALS = {
    "engines": [{"eos_bridge": {}}, {"eos_healer": {}}],
    "reactor": [{"eos/heal/decided/*": ["salt://eos/heal/reactor.sls"]}],
}


def test_eos_must_be_the_last_external_pillar(master_opts):
    from saltext.eos.utils import preflight, sealed

    sealed.make_key(master_opts)
    opts = {**master_opts, **HEALS}
    assert preflight.master_side({**opts, "ext_pillar": [{"x": 1}, {"eos": {}}]}) == []
    for order in ([], [{"eos": {}}, {"x": 1}]):
        (found,) = preflight.master_side({**opts, "ext_pillar": order})
        assert "expected `eos` as the last" in found


HEALING = [
    ({}, []),
    ({"engines": ["eos_healer"]}, []),
    ({"engines": {"eos_healer": None}}, []),
    ({"reactor": [{"eos/heal/*": "own.sls"}]}, []),
    ({"engines": [{"eos_bridge": {}}]}, ["no engine eos_healer"]),
    ({"reactor": [{"salt/*": ["own.sls"]}]}, ["decisions to apply, evaluate"]),
    ({"reactor": [{"eos/heal/decided/apply": ["own.sls"]}]}, ["decisions to evaluate, deregister"]),
    ({"engines": None, "reactor": None}, ["no engine", "starts nothing"]),
]


@pytest.mark.parametrize(("changed", "said"), HEALING)
def test_a_master_needs_the_healer_and_a_reaction_for_each_decision(changed, said):
    from saltext.eos.utils import heal_setup

    found = heal_setup.problems({**HEALS, **changed})
    assert len(found) == len(said)
    for words, line in zip(said, found, strict=True):
        assert words in line


def test_a_listening_port_is_found_with_its_process():
    from saltext.eos.utils import listeners

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert listeners.found()[port]["command"] == Path("/proc/self/comm").read_text().strip()
    assert port not in listeners.found()


def test_several_nodes_are_refused_before_anything_is_made():
    from saltext.eos.utils.preflight import _several

    assert _several({"plan": {"nodes_of": {"vault_open": ["a", "b"]}}}) == [
        "eos:topology has 2 nodes (a, b); expected one: this version sets up the servers of one "
        "node only; take the others out of eos:topology"
    ]
    assert _several({"plan": {"nodes_of": {"vault_open": ["a"]}}}) == []
    assert _several({"plan": {"nodes_of": {"host": ["a", "b"]}}}) == []
