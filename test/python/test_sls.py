"""What generated SLS files call."""

import pytest


@pytest.fixture
def pillar_of(stack):
    """Compiled pillar of a node."""
    return lambda node: {"eos": {"_compiled": stack.node(node)}}


def test_values_of_a_component_and_absence(pillar_of):
    from saltext.eos.utils import sls

    here = sls.component(pillar_of("n2"), "consul")
    assert here.packages == ["consul"]
    assert here.sans == ["server.dc1.consul", "n2.eos.test"]
    assert here.data("/etc/consul.d/server.json") is sls.ABSENT
    assert here.arguments("agent token") == [sls.ABSENT]
    host = sls.component(pillar_of("n2"), "host")
    assert host.packages is sls.ABSENT
    assert host.sans is sls.ABSENT


def test_applications_can_be_narrowed_to_one(pillar_of, contract, pillar):
    from saltext.eos.utils import sls
    from saltext.eos.utils.compile import Stack

    pillar["apps"]["other"] = pillar["apps"]["web"]
    compiled = {"eos": {"_compiled": Stack(contract, pillar).node("n1")}}
    assert [one.name for one in sls.each(compiled, "app")] == ["other", "web"]
    assert [one.name for one in sls.each({**compiled, "eos_each": "web"}, "app")] == ["web"]


def test_here_keeps_the_given_order(pillar_of):
    from saltext.eos.utils import sls

    assert sls.here(pillar_of("n2"), ["consul", "terraform", "host"]) == ["consul", "host"]
    assert sls.here({}, ["consul"]) == []


def test_a_left_out_state_is_bridged_and_never_named_again():
    from saltext.eos.utils import sls

    kept = sls.keep({
        "guard": {"g.x": []},
        "one": {"f.x": [{"require": [{"g": "guard"}]}]},
        "two": {"f.x": [{"data": sls.ABSENT}, {"require": [{"f": "one"}]}]},
        "three": {"f.x": [{"data": sls.ABSENT}, {"require": [{"f": "two"}]}]},
        "unit": {"s.x": [{"require": [{"f": "three"}]}, {"watch": [{"f": "three"}, {"f": "one"}]}]},
        "reload": {"u.x": [{"require": [{"s": "unit"}]}, {"onchanges": [{"f": "two"}]}]},
        "gate": {"e.x": [{"require": [{"u": "reload"}]}, {"watch": [{"u": "reload"}]}]},
    })  # fmt: skip
    assert kept == {
        "guard": {"g.x": []},
        "one": {"f.x": [{"require": [{"g": "guard"}]}]},
        "unit": {"s.x": [{"require": [{"f": "one"}]}, {"watch": [{"f": "one"}]}]},
        "gate": {"e.x": [{"require": [{"s": "unit"}]}]},
    }


@pytest.mark.parametrize("pillar", [{}, {"eos": {}}, {"eos": {"_compiled": {"schema": 2}}}])
def test_without_a_usable_pillar_only_the_guard_is_left(pillar):
    from saltext.eos.utils import sls

    states = {"guard": {"eos_guard.compiled": []}, "more": {"test.nop": []}}
    assert list(sls.component(pillar, "consul").keep(states)) == ["guard"]
    assert list(sls.stack(pillar).keep(states)) == ["guard"]


def test_steps_of_the_stack(stack):
    from saltext.eos.utils import sls

    form = {"schema": 1, "plan": stack.plan(), "nodes": stack.nodes}
    here = sls.stack({"eos": {"_compiled": form}})
    assert here.nodes("consul") == ["n1", "n2"]
    assert here.steps("consul") == [{"salt": "consul on n1"}, {"salt": "consul on n2"}]
    assert here.steps("app", "app") == [{"salt": "app web on n1"}]
    assert here.several


def test_the_guard_refuses_every_way_a_pillar_can_be_wrong(monkeypatch, pillar_of):
    from wheel import CONTRACT

    from saltext.eos.states import eos_guard
    from saltext.eos.utils import contract as contract_module

    monkeypatch.setattr(eos_guard, "__opts__", {"id": "m_master"}, raising=False)
    monkeypatch.setattr(contract_module, "HOME", CONTRACT)

    def guard(pillar, schema=1, **more):
        monkeypatch.setattr(eos_guard, "__pillar__", pillar, raising=False)
        return eos_guard.compiled("guard", schema, **more)

    right = pillar_of("n1")
    assert guard(right, component="consul")["result"] is True
    wrong = {"eos": {"_compiled": {**right["eos"]["_compiled"], "schema": 2}}}
    other = {"eos": {"_compiled": {**right["eos"]["_compiled"], "contract": "other"}}}
    cases = [
        (other, {}, "compiled with contract other, this minion has"),
        ({}, {}, "pillar has no eos:_compiled"),
        (wrong, {}, "schema 2; expected 1"),
        (right, {"schema": 2}, "this SLS was generated for schema 2"),
        ({**right, "_errors": ["eos:x: wrong"]}, {}, "eos:x: wrong"),
        (pillar_of("n2"), {"component": "terraform"}, "eos:topology:n2:roles:terraform"),
        (right, {"stack": True}, "'m_master':"),
    ]
    for pillar, more, message in cases:
        result = guard(pillar, **more)
        assert result["result"] is False
        assert message in result["comment"]
