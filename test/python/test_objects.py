"""Objects in the pillar: what is refused with which words, and in which order the others come."""

import pytest
import yaml
from wheel import ROOT


@pytest.fixture(scope="module")
def known():
    """The contract of the product."""
    from saltext.eos.utils.contract import load

    return load()


def judged(known, text):
    from saltext.eos.utils import objects

    return [str(one) for one in objects.check(known, yaml.safe_load(text))]


WRONG = {
    "an unknown resource": (
        "{nomad_namespaces: {web: {}}}",
        "eos:objects:nomad_namespaces: expected a resource (did you mean nomad_namespace?)",
        " (did you mean nomad_namespace?); found an unknown key",
    ),
    "nothing like a resource": (
        "{zzz: {web: {}}}",
        "eos:objects:zzz: expected one of consul_acl_auth_method, ",
        "vault_raft_autopilot; found an unknown key",
    ),
    "a resource that is a state only": (
        "{nomad_job: {web: {}}}",
        "eos:objects:nomad_job: expected resources; this one is a state only",
        "found a state",
    ),
    "no mapping of objects": (
        "{nomad_namespace: [web]}",
        "eos:objects:nomad_namespace: expected a mapping of objects by id",
        "found a list, which is not shown",
    ),
    "no mapping of fields": (
        "{nomad_namespace: {web: yes please}}",
        "eos:objects:nomad_namespace:web: expected a mapping of fields",
        "found text, which is not shown",
    ),
    "a misspelt field": (
        "{nomad_namespace: {web: {descripton: x}}}",
        "eos:objects:nomad_namespace:web:descripton: expected one of name, description",
        "(did you mean description?); found an unknown key",
    ),
    "a field that only the server writes": (
        "{consul_acl_policy: {read: {id: x}}}",
        "eos:objects:consul_acl_policy:read:id: expected one of name,",
        "found an unknown key",
    ),
    "an id that is no name": (
        "{nomad_namespace: {a b: {}}}",
        "eos:objects:nomad_namespace:a b:name: expected letters, digits and `-`",
        'found "a b"',
    ),
    "an id that is no text": (
        "{nomad_namespace: {11:25: {}}}",
        "eos:objects:nomad_namespace:685: expected text as the id; quote it",
        "found 685",
    ),
    "an id that is one with another in writing": (
        "{nomad_namespace: {'1': {name: a}, 1: {name: b}}}",
        "eos:objects:nomad_namespace:1: expected text as the id; quote it",
        "found 1",
    ),
    "a wrong type": (
        "{nomad_namespace: {web: {meta: [a]}}}",
        "eos:objects:nomad_namespace:web:meta: expected object",
        'found ["a"]',
    ),
    "one text with commas for a list": (
        "{nomad_namespace: {web: {enabled_task_drivers: 'docker,exec'}}}",
        "eos:objects:nomad_namespace:web:enabled_task_drivers: expected array",
        'found "docker,exec"',
    ),
    "a missing field": (
        "{vault_jwt_role: {web: {mount: jwt}}}",
        "eos:objects:vault_jwt_role:web:user_claim: expected The claim by which a user is known.",
        "found nothing",
    ),
    "two fields of which one may be set": (
        "{consul_intention: {db: {source: api, action: allow, permissions: []}}}",
        "eos:objects:consul_intention:db:action and permissions: expected at most one of action",
        "found 2; leave the others out",
    ),
    "a key that YAML has made a truth value of": (
        "{nomad_namespace: {web: {meta: {on: call}}}}",
        "eos:objects:nomad_namespace:web:meta:True: expected text as the name; quote it",
        "found true",
    ),
    "an absence that is none": (
        "{nomad_namespace: {web: {absent: false}}}",
        "eos:objects:nomad_namespace:web:absent: expected true, or nothing",
        "found false",
    ),
    "more than what identifies it where it is to go": (
        "{nomad_namespace: {web: {absent: true, description: x}}}",
        "eos:objects:nomad_namespace:web:description: expected nothing beside `absent: true` but",
        "found an unknown key",
    ),
    "to take away what is never gone": (
        "{vault_raft_autopilot: {autopilot: {absent: true}}}",
        "eos:objects:vault_raft_autopilot:autopilot:absent: expected one of name",
        "found an unknown key",
    ),
    "half the name of what is to go": (
        "{vault_jwt_role: {web: {absent: true}}}",
        "eos:objects:vault_jwt_role:web:mount: expected text of at most 512 characters",
        "found nothing",
    ),
    "one object under two ids": (
        "{nomad_variable: {a: {items: {}}, b: {name: a, namespace: default, absent: true}}}",
        "eos:objects:nomad_variable:b: expected an object of its own; a is the same",
        'found {"name": "a", "namespace": "default"}',
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_the_pillar_refuses(known, what):
    """Mutation: leave the object to its state, and half of the pillar has been written by then."""
    text, begins, ends = WRONG[what]
    (said,) = judged(known, text)
    assert said.startswith(begins), said
    assert said.endswith(ends), said


def test_a_secret_in_clear_is_refused_without_being_shown(known):
    """Mutation: show what was found, and the secret stands in the log of the master."""
    (said,) = judged(known, "{nomad_variable: {web: {items: {password: hunter2-hunter2}}}}")
    assert said.startswith("eos:objects:nomad_variable:web:items:password: expected the place of")
    assert "hunter2" not in said


def test_all_mistakes_are_said_at_once(known):
    found = judged(known, "{nomad_namespace: {a b: {meta: 1}, web: {x: 1}}}")
    assert len(found) == 3


def test_two_of_one_name_in_two_namespaces_are_two_objects(known):
    """Mutation: take the id for the key, and the second cannot be said."""
    text = "{nomad_variable: {a: {items: {}}, other: {name: a, namespace: web, items: {}}}}"
    assert judged(known, text) == []


def test_each_resource_comes_after_what_it_needs(known):
    """Mutation: sort by name, and a token comes before its role."""
    from saltext.eos.utils import objects

    order = objects.order(known)
    assert sorted(order) == sorted(known.resources)
    for name in order:
        needs = objects.before(known.resources[name]) - {name}
        assert all(order.index(one) < order.index(name) for one in needs), name
    services = [known.resources[name]["spec"]["service"] for name in order]
    assert services == sorted(services, key=objects.SERVICES.index)
    chains = [
        ["vault_auth_method", "vault_jwt_role"],
        ["consul_acl_policy", "consul_acl_role", "consul_acl_token"],
        ["consul_mesh", "consul_proxy_defaults", "consul_service_defaults",
         "consul_service_resolver", "consul_service_splitter", "consul_service_router"],
        ["nomad_namespace", "nomad_acl_policy", "nomad_acl_role", "nomad_acl_token"],
        ["nomad_node_pool", "nomad_dynamic_host_volume"],
    ]  # fmt: skip
    for chain in chains:
        assert sorted(chain, key=order.index) == chain


def test_what_is_to_go_comes_last_and_the_other_way_round(known):
    """Mutation: keep the one order for both, and a policy goes while its token is there."""
    from saltext.eos.utils import objects

    written = {
        "nomad_acl_token": {"old": {"absent": True}, "ci": {"policies": ["ci"]}},
        "nomad_acl_policy": {"old": {"absent": True}, "ci": {"rules": ""}},
        "vault_mount": {"kv": {"type": "kv"}},
    }
    assert [(one["id"], one["run"], one["with"]) for one in objects.compiled(known, written)] == [
        ("vault_mount kv", "vault_mount.present", {"name": "kv", "type": "kv"}),
        ("nomad_acl_policy ci", "nomad_acl_policy.present", {"name": "ci", "rules": ""}),
        ("nomad_acl_token ci", "nomad_acl_token.present", {"name": "ci", "policies": ["ci"]}),
        ("nomad_acl_token old", "nomad_acl_token.absent", {"name": "old"}),
        ("nomad_acl_policy old", "nomad_acl_policy.absent", {"name": "old"}),
    ]


def pillar_of(monkeypatch, minion, written):
    from saltext.eos.pillar import eos

    monkeypatch.setattr(eos, "__opts__", {}, raising=False)
    return eos.ext_pillar(minion, {"eos": written})


def test_a_minion_outside_of_the_stack_has_objects_and_nothing_else(monkeypatch, known):
    """Mutation: give it an empty list of components, and highstate `eos` is green on it."""
    from salt.exceptions import CommandExecutionError

    from saltext.eos.utils import sls
    from saltext.eos.utils.compiled import compiled

    pillar = pillar_of(monkeypatch, "n9", {"objects": {"nomad_namespace": {"web": None}}})
    assert [one["id"] for one in sls.objects(pillar)] == ["nomad_namespace web"]
    assert set(pillar["eos"]["_compiled"]) == {"schema", "contract", "node", "objects"}
    assert compiled(pillar, "objects")["contract"] == known.digest
    with pytest.raises(CommandExecutionError, match="n9 is not in eos:topology"):
        compiled(pillar)


@pytest.mark.parametrize("written", [{"objects": {"x": {}}}, {"objects": None}, {"objects": {}}])
def test_objects_alone_are_checked_and_may_be_none(monkeypatch, written):
    pillar = pillar_of(monkeypatch, "n9", written)
    if written["objects"]:
        assert pillar["_errors"] and "eos" not in pillar
    else:
        assert pillar["eos"]["_compiled"]["objects"] == []


def test_a_node_of_the_stack_has_both(monkeypatch, master_opts):
    """Mutation: compile objects for minions outside only, and a node has none to apply."""
    from saltext.eos.pillar import eos
    from saltext.eos.utils import sls

    monkeypatch.setattr(eos, "__opts__", master_opts, raising=False)
    written = yaml.safe_load((ROOT / "kitchen/check/pillars/one.yaml").read_text("utf-8"))
    pillar = eos.ext_pillar("n1", written)
    assert [one["id"] for one in sls.objects(pillar)] == [
        "nomad_namespace web",
        "nomad_variable shared/mail",
        "vault_mount old",
    ]
    assert "consul" in pillar["eos"]["_compiled"]["components"]
    assert "objects" not in eos.ext_pillar("n1_master", written)["eos"]["_compiled"]


def test_the_stack_keeps_its_own_check(monkeypatch):
    """Mutation: look at the objects alone whenever there are some, and half a stack passes."""
    pillar = pillar_of(monkeypatch, "n1", {"objects": {}, "topology": {}})
    assert any(
        one.startswith("eos:topology: expected at least one node") for one in pillar["_errors"]
    )
    pillar = pillar_of(monkeypatch, "m_master", {"objects": {}, "topology": {}})
    assert any(one.startswith("eos:topology") for one in pillar["_errors"])


def test_an_orchestration_beside_objects_alone_goes_on_and_one_of_the_stack_does_not(monkeypatch):
    """Mutation: ask for a stack there, and no orchestration of that site can be run."""
    from salt.exceptions import CommandExecutionError

    from saltext.eos.utils import sls
    from saltext.eos.utils.compiled import compiled

    pillar = pillar_of(monkeypatch, "m_master", {"objects": {"nomad_namespace": {"web": None}}})
    assert "_errors" not in pillar
    assert sls.stack(pillar).keep({"guard": 1, "write": 2}) == {"guard": 1}
    with pytest.raises(CommandExecutionError, match="m_master is not in eos:topology"):
        compiled(pillar)
    pillar = pillar_of(monkeypatch, "m_master", {"objects": {"x": {}}})
    assert [one.partition(": expected")[0] for one in pillar["_errors"]] == ["eos:objects:x"]


def test_every_state_that_is_no_object_is_named():
    """Mutation: write one more state by hand, and the pillar calls it unknown."""
    from saltext.eos.utils.objects import STATES

    folder = ROOT / "saltext/eos/states"
    services = ("consul_", "nomad_", "vault_")
    assert sorted(STATES) == sorted(
        path.stem for path in folder.glob("*.py") if path.stem.startswith(services)
    )
    for name in STATES:
        page = (ROOT / f"docs/resources/{name}.md").read_text("utf-8")
        assert "It is a state only: `eos:objects` does not take it." in page
