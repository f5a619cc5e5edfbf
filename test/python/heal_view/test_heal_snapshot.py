"""A snapshot is whole or says what is not; where answers of one region differ, nothing is known."""

from __future__ import annotations

import pytest
from looking import ALLOC, INSTANCE, KEY, allocation, form, job

from saltext.eos.utils import heal_snapshot
from saltext.eos.utils.heal_snapshot_shape import Needs

NEEDS = Needs(
    totals=True, jobs=frozenset([KEY]), allocations=frozenset([ALLOC]), consul=True,
    registered=frozenset([("dc1", "n1")]),
)  # fmt: skip


def _row(row):
    return {name: value for name, value in row.items() if name != "region"}


def answer(**more):
    """Give what a runner tells."""
    region = {
        "managed": 10, "unhealthy": 1, "jobs": [job()], "allocations": [_row(allocation())],
        "deployments": [], "evaluations": [], **more,
    }  # fmt: skip
    center = {"members": ["n1"], "services": [{"node": "n1", "instance": INSTANCE}]}
    return {
        "nomad": {"regions": {"global": region}}, "consul": {"datacenters": {"dc1": center}}
    }  # fmt: skip


def snapshot(told, needs=NEEDS, core=frozenset(), nodes=("n1",)):
    """Put together what nodes told."""
    stack = form()
    stack["nodes"] = dict.fromkeys(nodes, stack["nodes"]["n1"])
    wanted = heal_snapshot.questions(stack, needs, core)
    return heal_snapshot.put_together(7.0, needs, core, wanted, told)


def test_one_answer_is_the_snapshot():
    seen = snapshot({"n1": answer()})
    assert (seen.at, seen.blocked, seen.totals) == (7.0, "", {"global": (10, 1)})
    assert seen.jobs[KEY] == job()
    assert seen.allocations[ALLOC] == allocation()
    assert seen.members == {("dc1", "n1"): True}
    assert ("dc1", "n1", INSTANCE) in seen.services


def test_a_job_that_no_list_has_is_not_there():
    assert snapshot({"n1": answer(jobs=[])}).jobs == {KEY: None}


def test_a_job_of_a_region_that_nobody_reads_is_not_known():
    needs = NEEDS._replace(jobs=frozenset([("other", "apps", "web")]))
    assert ("other", "apps", "web") not in snapshot({"n1": answer()}, needs).jobs


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "nomad (n1 did not answer)"),
        ({"n1": None}, "nomad (None)"),
        ({"n1": "'eos_heal.look' is not available."}, "not available"),
        ({"n1": {"blocked": "a question took too long"}}, "took too long"),
        ({"n1": {"consul": {"datacenters": {}}}}, "nomad (the answer has none of it)"),
        ({"n1": {**answer(), "consul": {"blocked": "consul:dc1: it has no leader"}}}, "no leader"),
        ({"n1": {**answer(), "nomad": {"blocked": "nomad:global: it is late"}}}, "it is late"),
        ({"n1": {**answer(), "consul": []}}, "consul (the answer has none of it)"),
    ],
)  # fmt: skip
def test_what_is_not_whole_blocks_everything(told, words):
    seen = snapshot(told)
    assert words in seen.blocked
    assert (seen.jobs, seen.allocations, seen.services, seen.totals) == ({}, {}, {}, {})


def test_one_of_two_runners_may_be_silent_but_not_half():
    assert snapshot({"n2": answer()}, nodes=("n1", "n2")).blocked == ""
    half = {"n1": answer(), "n2": {**answer(), "consul": {"blocked": "consul:dc1: 500"}}}
    assert snapshot(half, nodes=("n1", "n2")).blocked == "consul:dc1 (500)"


def test_what_two_runners_differ_in_is_not_known():
    other = answer(
        managed=9, unhealthy=4, jobs=[job(version=4)], allocations=[_row(allocation("failed"))]
    )
    other["consul"]["datacenters"]["dc1"]["services"] = []
    seen = snapshot({"n1": answer(), "n2": other}, nodes=("n1", "n2"))
    assert seen.blocked == ""
    assert KEY not in seen.jobs
    assert ALLOC not in seen.allocations
    assert not seen.is_gone(ALLOC)
    assert seen.services == {("dc1", "n1", INSTANCE): None}
    assert seen.totals == {"global": (9, 4)}


def test_a_node_that_one_catalogue_lacks_is_no_member():
    other = answer()
    other["consul"]["datacenters"]["dc1"]["members"] = []
    assert snapshot({"n1": answer(), "n2": other}, nodes=("n1", "n2")).members == {}


def test_each_node_is_asked_only_what_it_can_tell():
    core = frozenset({("consul", "n1"), ("vault", "n1")})
    needs = Needs(True, red=True, units=frozenset({("x.service", "n1"), ("x.service", "n9")}))
    assert heal_snapshot.questions(form(), needs, sorted(core))["n1"].keys() == {
        "nomad", "gates", "vault", "units",
    }  # fmt: skip
    assert heal_snapshot.questions(form(), Needs()) == {}
    gates = heal_snapshot.questions(form(), Needs(gates=frozenset({("consul", "n1")})))
    assert gates == {"n1": {"gates": ["consul"]}}


def test_without_a_runner_nothing_is_read():
    stack = form()
    stack["nodes"]["n1"]["roles"] = {}
    assert "sidecar" in heal_snapshot.questions(stack, NEEDS)


@pytest.mark.parametrize("told", [{}, {"n1": "oops"}, {"n1": {"gates": "x", "vault": "y"}}])
def test_a_silent_node_tells_nothing_of_its_gates(told):
    core = frozenset({("consul", "n1"), ("vault", "n1")})
    needs = Needs(red=True, units=frozenset({("x.service", "n1")}))
    seen = snapshot(told, needs, core)
    assert seen.gates == {("consul", "n1"): "unknown", ("vault", "n1"): "unknown"}
    assert seen.seal == {"n1": None}
    assert seen.units == {("x.service", "n1"): ""}


@pytest.mark.parametrize(
    ("said", "sealed"),
    [
        ({"sealed": True, "initialized": True}, True),
        ({"sealed": False, "initialized": True}, False),
        ({"sealed": True, "initialized": False}, None), ({"sealed": True}, None),
        ({"sealed": "no", "initialized": True}, None), ({"blocked": "vault: silent"}, None),
    ],
)  # fmt: skip
def test_a_vault_that_was_never_made_is_not_sealed(said, sealed):
    assert snapshot({"n1": {"vault": said}}, Needs(seals=frozenset(["n1"]))).seal["n1"] is sealed


def test_only_core_services_with_a_unit_are_looked_at():
    stack = form()
    stack["all"]["n1"]["components"]["nomad_tokens"] = {"unit": None}
    assert heal_snapshot.core_of(stack) == {("consul", "n1"), ("vault", "n1")}


def test_nothing_is_asked_for_nothing(monkeypatch):
    monkeypatch.setattr(heal_snapshot.master, "ask", lambda *_, **__: pytest.fail("asked"))
    seen = heal_snapshot.read({}, form(), lambda: 5.0, Needs())
    assert (seen.at, seen.blocked) == (5.0, "")


def test_a_master_that_cannot_ask_blocks(monkeypatch):
    def ask(*_, **__):
        raise heal_snapshot.SaltRunnerError("the master cannot be asked")

    monkeypatch.setattr(heal_snapshot.master, "ask", ask)
    assert "cannot be asked" in heal_snapshot.read({}, form(), lambda: 5.0, NEEDS).blocked


def test_the_moment_of_a_snapshot_is_before_its_questions(monkeypatch):
    moments = iter([1.0, 2.0])

    def ask(*_, **__):
        assert next(moments) == 2.0
        return {"n1": {"ret": answer()}}

    monkeypatch.setattr(heal_snapshot.master, "ask", ask)
    assert heal_snapshot.read({}, form(), lambda: next(moments), NEEDS).at == 1.0
