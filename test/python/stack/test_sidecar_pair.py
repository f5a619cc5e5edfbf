"""When sidecars wait for one lock, and that their token opens that lock and no other."""

import pytest

LOCK = "eos/sidecar/lock"


def node(address, **roles):
    return {"address": address, "roles": {name: list(held) for name, held in roles.items()}}


FULL = {"consul": ["server"], "nomad": ["server"], "sidecar": ["runner"]}
ONE = {"n1": node("10.0.0.1", **FULL)}
TWO = {**ONE, "n2": node("10.0.0.2", consul=["client"], sidecar=["runner"])}
THREE = {**TWO, "n3": node("10.0.0.3", consul=["server"]), "n4": node("10.0.0.4", nomad=["client"])}


def derived(nodes, pair="auto", here="n1"):
    from saltext.eos.hooks import sidecar

    components = {"nomad": {"https": 4646}, "consul": {"https": 8501, "datacenter": "dc1"}}
    context = {"components": components, "nodes": nodes, "node": nodes[here]}
    return sidecar.derive({"pair": pair}, context)


PAIRS = [
    ("one alone", ONE, "auto", []),
    ("one that a second may join", ONE, "always", ["n1"]),
    ("two", TWO, "auto", ["n1", "n2"]),
    ("two that both send", TWO, "never", []),
    ("two and a server that either may ask", THREE, "auto", ["n1", "n2", "n3"]),
]


@pytest.mark.parametrize(("what", "nodes", "pair", "agents"), PAIRS, ids=[one[0] for one in PAIRS])
def test_the_lock_and_its_rights_come_together_or_not_at_all(what, nodes, pair, agents):
    found = derived(nodes, pair)
    locked = {"consul": "dc1", "key": LOCK, "ttl": "15s"}
    assert found["lock"] == (locked if agents else None)
    assert sorted(found["rules"].get("session", {})) == agents
    assert sorted(found["rules"].get("key", {})) == ([LOCK] if agents else [])
    assert not [name for name in found["rules"] if name in ("session_prefix", "key_prefix")]


def test_both_halves_write_the_same_policy():
    assert derived(TWO, here="n1")["rules"] == derived(TWO, here="n2")["rules"]


@pytest.mark.parametrize("wrong", [True, "yes", {"key": "other"}])
def test_the_pillar_is_held_to_three_words(wrong):
    from loopback import _pillar

    from saltext.eos.utils import contract, pillar_check

    (found,) = pillar_check.check(contract.load(), {**_pillar(), "sidecar": {"pair": wrong}})
    assert "eos:sidecar:pair" in str(found)
    assert not pillar_check.check(contract.load(), {**_pillar(), "sidecar": {"pair": "always"}})


@pytest.mark.server
def test_the_token_of_a_pair_holds_its_lock_and_nothing_else(loopback):
    from saltext.eos.utils import consul
    from saltext.eos.utils.http import Forbidden

    loopback.start_consul()
    address = f"https://127.0.0.1:{loopback.port('consul', 'https')}"
    for _, function, arguments in loopback.states("consul_acl"):
        assert loopback.state(function, **arguments)["result"] is True
    managing = consul.client(address, loopback.secrets["consul_acl.management_token"])

    def token(pair):
        for _, function, arguments in loopback.states("sidecar"):
            if function.startswith("eos_consul."):
                rules = {"rules": derived(ONE, pair)["rules"]} if "rules" in arguments else {}
                assert loopback.state(function, **{**arguments, **rules})["result"] is True
        return consul.client(address, loopback.secrets["sidecar.consul_token"])

    session = {"Name": "test", "TTL": "15s", "LockDelay": "15s", "Behavior": "release"}
    with pytest.raises(Forbidden):
        token("auto").put("/v1/session/create", session)

    own = token("always")
    held = own.put("/v1/session/create", session)["ID"]
    assert own.put(f"/v1/kv/{LOCK}?acquire={held}", {"instance": "n1"}) is True
    assert own.get(f"/v1/kv/{LOCK}?consistent")[0]["Session"] == held
    assert own.put(f"/v1/session/renew/{held}")[0]["ID"] == held
    managing.put("/v1/catalog/register", {"Node": "n2", "Address": "10.0.0.2"})
    elsewhere = {**session, "Node": "n2", "NodeChecks": []}
    for path, body in (
        ("/v1/session/create", elsewhere),
        (f"/v1/kv/{LOCK}/other", {}),
        ("/v1/kv/eos/other", {}),
        ("/v1/agent/service/register", {"Name": "mine"}),
        ("/v1/catalog/register", {"Node": "n3", "Address": "10.0.0.3"}),
    ):
        try:
            answer = own.put(path, body)
        except Forbidden:
            continue
        pytest.fail(f"{path} was allowed: {answer}")
    assert own.put(f"/v1/kv/{LOCK}?release={held}", {"instance": "n1"}) is True
    assert own.put(f"/v1/session/destroy/{held}") is True
