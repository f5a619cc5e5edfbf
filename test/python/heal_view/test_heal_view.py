"""A view shows what was read; whatever was not read whole is unknown, and nothing acts on that."""

from __future__ import annotations

import pytest
from looking import ALLOC, INSTANCE, KEY, allocation, form, incident, job, look, snapshot

from saltext.eos.policies.table import TABLE
from saltext.eos.utils import heal_policy, heal_view, heal_view_job

PLACE = ("dc1", "n1", INSTANCE)


def test_a_registration_is_lost_while_its_allocation_runs():
    thing = look("lost_registration").thing
    assert (thing.wrong, thing.layer, thing.hook) == (True, "settled", True)
    assert thing.input
    assert thing.value


@pytest.mark.parametrize(
    ("instances", "wrong"),
    [
        ([INSTANCE], True), ([], False), (None, None), ([INSTANCE + "s"], False),
        ([f"_nomad-task-{ALLOC}-group-web-*-http"], True), (["x", INSTANCE], True),
        ([f"_nomad-task-{ALLOC}-group-web-we[b]-http"], False),
    ],
)  # fmt: skip
def test_what_a_running_allocation_does_not_ask_for_is_not_lost(instances, wrong):
    held = {ALLOC: allocation(instances=instances)}
    assert look("lost_registration", allocations=held).thing.wrong is wrong
    proxy = {"instance": f"{INSTANCE}-sidecar-proxy"}
    assert look("lost_registration", allocations=held, leaves=proxy).thing.wrong is wrong


def test_nomad_has_its_time_before_a_registration_counts_as_lost():
    early, late = (look("lost_registration", at=at).thing for at in (134.5, 135.0))
    assert (early.layer, early.left) == ("progress", 0.5)
    assert (late.layer, late.left) == ("settled", None)


def test_a_registration_that_is_back_is_not_lost():
    thing = look("lost_registration", services={PLACE: {"instance": INSTANCE}}).thing
    assert thing.wrong is False


@pytest.mark.parametrize(
    ("client", "desired", "wrong"),
    [
        ("running", "stop", False), ("running", "evict", False), ("complete", "run", False),
        ("failed", "run", False), ("lost", "run", None), ("unknown", "run", None),
        ("pending", "run", None), ("a new word", "run", None),
    ],
)  # fmt: skip
def test_only_an_allocation_that_surely_runs_misses_its_registration(client, desired, wrong):
    held = {ALLOC: allocation(client, desired)}
    assert look("lost_registration", allocations=held).thing.wrong is wrong


@pytest.mark.parametrize(
    "more",
    [
        {"allocations": {}, "torn": frozenset([ALLOC])}, {"allocations": {}, "totals": {}},
        {"members": {}}, {"services": {PLACE: None}}, {"members": {}, "allocations": {}},
        {"members": {("dc2", "n1"): True}},
    ],
)  # fmt: skip
def test_what_was_not_read_is_not_taken_for_lost(more):
    assert look("lost_registration", **more).thing.wrong is None


def test_what_nomad_has_collected_is_neither_lost_nor_stale_nor_watched():
    for policy in ("lost_registration", "stale_registration", "rescheduled"):
        assert look(policy, allocations={}).thing.wrong is False
    held = {PLACE: {"instance": INSTANCE}}
    assert look("stale_registration", allocations={}, services=held).thing.wrong is None


def test_another_namespace_of_consul_is_not_known():
    assert look("lost_registration", leaves={"namespace": "team"}).thing.wrong is None


@pytest.mark.parametrize(
    ("client", "desired", "wrong", "hook"),
    [
        ("complete", "stop", True, True), ("failed", "run", True, True),
        ("running", "run", False, False), ("running", "stop", None, False),
        ("lost", "stop", None, False), ("unknown", "run", None, False),
    ],
)  # fmt: skip
def test_a_registration_is_stale_when_its_allocation_has_ended(client, desired, wrong, hook):
    held = {ALLOC: allocation(client, desired)}
    services = {PLACE: {"instance": INSTANCE}}
    thing = look("stale_registration", allocations=held, services=services).thing
    assert (thing.wrong, thing.hook) == (wrong, hook)


def test_a_registration_that_is_gone_is_not_stale():
    held = {ALLOC: allocation("complete", "stop")}
    assert look("stale_registration", allocations=held).thing.wrong is False


@pytest.mark.parametrize("policy", ["lost_registration", "stale_registration"])
@pytest.mark.parametrize(("gate", "red"), [("failed", "consul on n1"), ("passed", "")])
def test_what_all_jobs_stand_on_is_looked_at_for_their_registrations(policy, gate, red):
    """Mutation: ask for no gate of a core service for an act on a registration."""
    core = frozenset([("consul", "n1")])
    seen = look(policy, core=core, gates={("consul", "n1"): gate})
    assert seen.red == red


def test_another_version_of_the_job_is_another_input():
    one = look("lost_registration").thing.input
    two = look("lost_registration", allocations={ALLOC: allocation(version=4)}).thing.input
    assert one != two


def test_a_source_that_is_not_whole_lets_nothing_be_known():
    seen = look("lost_registration", blocked="consul:dc1: GET /v1/catalog/nodes answered 500")
    assert seen.blocked.startswith("consul:dc1")
    assert seen.thing._replace(kind=None) == heal_view.Thing()
    assert (seen.managed, seen.unhealthy) == (0, 0)


def test_a_freeze_for_a_core_service_waits_for_no_source():
    seen = look("core_oom", blocked="nomad:global: it took too long")
    assert (seen.blocked, seen.thing.kind) == ("", "core")
    assert heal_view.needs([(incident("core_oom"), TABLE["core_oom"])]).is_nothing()


@pytest.mark.parametrize(
    ("unit", "says"),
    [
        ("consul.service", "consul on n1 passed, nomad on n1 waiting, nomad on n2 unknown"),
        ("vault.service", "nomad on n1 waiting, nomad on n2 unknown, vault on n1 passed (sealed)"),
        ("salt-minion.service", "consul on n1 passed, nomad on n1 waiting, "
         "vault on n1 passed (sealed)"),
        ("docker-5b9c.scope", ""),
    ],
)  # fmt: skip
def test_how_what_depends_on_a_core_service_is_comes_from_its_gates(unit, says):
    """Mutation: tell of every core service, or of the victim alone."""
    core = frozenset([("consul", "n1"), ("nomad", "n1"), ("nomad", "n2"), ("vault", "n1")])
    gates = {("consul", "n1"): "passed", ("nomad", "n1"): "waiting", ("vault", "n1"): "passed"}
    leaves = {"unit": unit, "minion": "n1"}
    seen = look("core_oom_dependents", leaves=leaves, core=core, gates=gates, seal={"n1": True})
    assert seen.thing.says == says
    one = incident("core_oom_dependents", **leaves)
    needs = heal_view.needs([(one, TABLE["core_oom_dependents"])])
    assert needs == heal_view.Needs(red=bool(says))


@pytest.mark.parametrize(
    ("unit", "minion", "kind"),
    [
        ("vault.service", "n1", "core"), ("caddy.service", "n1", "platform"),
        ("docker-5b9c.scope", "n1", "leaf"), ("cron.service", "n1", "leaf"),
        ("salt-master.service", "n1", "core"), ("vault.service", "n2", None), ("", "n1", None),
        ("../vault.service", "n1", "leaf"), ("salt-minion.service", "n2", None),
    ],
)  # fmt: skip
def test_the_class_of_a_unit_is_that_of_its_component_there(unit, minion, kind):
    assert look("core_oom", leaves={"unit": unit, "minion": minion}).thing.kind == kind


@pytest.mark.parametrize(
    ("name", "namespace", "kind"),
    [
        ("web", "apps", "leaf"), ("web-db", "apps", "data"), ("eos-canary", "default", "leaf"),
        ("web", "default", "leaf"), ("other", "apps", "leaf"), ("web-db-db", "apps", "leaf"),
    ],
)  # fmt: skip
def test_the_class_of_a_job_is_that_of_its_application(name, namespace, kind):
    leaves = {"job": name, "namespace": namespace}
    assert look("leaf_oom", leaves=leaves).thing.kind == kind


def test_what_nobody_has_declared_is_unknown_to_a_deed():
    one = incident("leaf_oom", job="other")
    deed = {"act": {"do": "evaluate"}, "require": {}}
    assert heal_view.view(one, deed, snapshot(), form()).thing.kind is None
    assert heal_view.view(one, TABLE["leaf_oom"], snapshot(), form()).thing.kind == "leaf"


def test_an_application_without_a_database_has_no_job_of_one():
    stack = form()
    del stack["all"]["n1"]["components"]["app"]["each"]["web"]["values"]["database"]
    assert look("leaf_oom", form=stack, leaves={"job": "web-db"}).thing.kind == "leaf"


def test_a_new_pillar_is_a_new_input():
    one = heal_view_job.specification(form(), "apps", "web")
    two = heal_view_job.specification(form(count=3), "apps", "web")
    assert one
    assert two
    assert one != two
    assert one == heal_view_job.specification(form(), "apps", "web")
    assert heal_view_job.specification(form(), "apps", "other") is None


def _revision(stack) -> str:
    root = stack["all"]["n1"]["components"]["app"]["each"]["web"]["derive"]["root"]
    text = root["resource"]["nomad_job"]["application"]["jobspec"]
    return text.partition("eos rev=")[2][:12]


def test_a_failed_version_is_held_by_what_it_was_compiled_from():
    stack = form()
    versions = {KEY: {3: {"modify_index": 70, "revision": _revision(stack)}}}
    thing = look("failed_deployment", versions=versions).thing
    assert thing.wrong is True
    assert thing.input == heal_view_job.specification(stack, "apps", "web")


@pytest.mark.parametrize("revision", ["000000000000", ""])
def test_a_pillar_that_changed_since_is_not_held(revision):
    versions = {KEY: {3: {"modify_index": 70, "revision": revision}}}
    assert look("failed_deployment", versions=versions).thing.wrong is False


def test_a_failed_version_of_a_job_of_others_is_held_alone():
    key = ("global", "apps", "other")
    versions = {key: {3: {"modify_index": 70, "revision": ""}}}
    jobs = {key: job(job="other", modify_index=71, version=4)}
    held = look("failed_deployment", leaves={"job": "other"}, jobs=jobs, versions=versions)
    now = heal_view_job.thing(
        "global", {"namespace": "apps", "job": "other"}, snapshot(jobs=jobs), form()
    )
    assert held.thing.input
    assert held.thing.input != now.input


@pytest.mark.parametrize(
    ("rows", "evaluations", "layer"),
    [
        ([allocation("failed")], {}, "exhausted"),
        ([allocation("failed", next="77")], {}, "settled"),
        ([allocation("failed", follow_up="e1")],
         {"e1": {"status": "pending", "groups": []}}, "progress"),
        ([allocation("running")], {}, "settled"),
        ([allocation("failed"), allocation("failed", id="2", group="side")], {}, "exhausted"),
    ],
)  # fmt: skip
def test_nomad_is_done_with_a_group_when_nothing_replaces_what_failed(rows, evaluations, layer):
    place = {"region": "global", "namespace": "apps", "job": "web"}
    seen = look(
        "reschedule_exhausted", allocations={one["id"]: one for one in rows},
        evaluations={name: {**one, **place} for name, one in evaluations.items()},
    )  # fmt: skip
    assert seen.thing.layer == layer


def test_a_running_deployment_is_progress():
    deployments = {KEY: {"is_active": True, "status": "running"}}
    held = {ALLOC: allocation("failed")}
    seen = look("reschedule_exhausted", allocations=held, deployments=deployments)
    assert seen.thing.layer == "progress"


@pytest.mark.parametrize(
    ("client", "more", "wrong", "layer"),
    [
        ("running", {}, False, "settled"), ("running", {"healthy": False}, True, "settled"),
        ("running", {"healthy": None}, False, "settled"), ("pending", {}, None, "progress"),
        ("failed", {}, True, "failed"), ("failed", {"next": "77"}, True, "progress"),
        ("lost", {}, None, None), ("unknown", {}, None, None),
    ],
)  # fmt: skip
def test_a_rescheduled_allocation_is_looked_at(client, more, wrong, layer):
    thing = look("rescheduled", allocations={ALLOC: allocation(client, **more)}).thing
    assert (thing.wrong, thing.layer) == (wrong, layer)


@pytest.mark.parametrize("row", [None, job(stop=True)])
def test_a_job_that_nobody_wants_is_not_wrong(row):
    assert look("reschedule_exhausted", jobs={KEY: row}).thing.wrong is False


def test_a_job_that_was_not_asked_for_is_not_known():
    assert look("reschedule_exhausted", jobs={}).thing == heal_view.Thing(kind="leaf")


@pytest.mark.parametrize(
    ("rows", "layer"),
    [
        ([allocation("running")], "progress"), ([allocation("pending")], "progress"),
        ([allocation("complete", "stop")], "settled"), ([], "settled"),
        ([allocation("running", type="system")], "settled"),
        ([allocation("running", node_id="other")], "settled"),
    ],
)  # fmt: skip
def test_a_drain_is_over_when_nothing_that_moves_is_there(rows, layer):
    seen = look("node_drained", allocations={one["id"]: one for one in rows})
    assert seen.thing.layer == layer


def test_every_policy_that_needs_a_view_says_what_to_ask_or_needs_the_form_alone():
    for name, policy in TABLE.items():
        found = heal_view.needs([(incident(name), policy)])
        tells_gates = policy["act"]["do"] == "report" and "subject.unit" in policy["key"]
        is_note = not heal_policy.is_deed(policy) and not tells_gates
        by_form_alone = policy["require"]["classes"] and is_note
        asks = heal_policy.needs_view(policy) and not by_form_alone
        assert found.is_nothing() is not asks, name


def test_needs_of_several_incidents_are_asked_once():
    pairs = [(incident(name), TABLE[name]) for name in ("lost_registration", "stale_registration")]
    both = heal_view.needs(pairs)
    assert both.registered == {("dc1", "n1")}
    assert both.allocations == {ALLOC}
    assert both == heal_view.needs(pairs[:1])


def test_a_vault_whose_host_is_not_heard_is_not_judged():
    """
    Mutation: take the absence of a fact, which could not come, for leave.

    What was opened and sealed by a person meanwhile looks the same as what was never opened.
    """
    why = "host:n1 (its beacon is silent)"
    seen = look("vault_sealed", seal={"n1": True}, unheard={"n1": why})
    assert (seen.blocked, seen.thing.wrong) == (why, None)
    elsewhere = look("vault_sealed", seal={"n1": True}, unheard={"n2": why})
    assert (elsewhere.blocked, elsewhere.thing.wrong) == ("", True)
    unit = look("unit_failed", units={("vault.service", "n1"): "failed"}, unheard={"n1": why})
    assert unit.blocked == ""


def test_a_silent_server_blocks_what_it_was_asked_for_alone():
    more = {"blocked": "nomad:global (no leader)", "gates": {("consul", "n1"): "failed"}}
    unit = look("unit_failed", **more, units={("vault.service", "n1"): "failed"})
    assert (unit.blocked, unit.thing.wrong) == ("", True)
    assert look("vault_sealed", **more, seal={"n1": True}).blocked == ""
    for policy in ("lost_registration", "stale_registration", "reschedule_exhausted"):
        assert look(policy, **more).blocked == "nomad:global (no leader)"


PAIR = ("consul", "n1")
UNIT = ("consul.service", "n1")


@pytest.mark.parametrize(
    ("gate", "state", "wrong", "layer"),
    [
        ("passed", "active", False, "settled"), ("waiting", "active", True, "settled"),
        ("failed", "", None, None), ("unknown", "active", None, None), ("", "", None, None),
        ("waiting", "", None, None), ("passed", "", None, None),
        ("waiting", "failed", True, "failed"), ("unknown", "failed", True, "failed"),
        ("waiting", "activating", True, "progress"), ("waiting", "inactive", False, "settled"),
        ("waiting", "masked", False, "settled"), ("waiting", "not-found", False, "settled"),
        ("passed", "unsteady", True, "progress"), ("waiting", "unsteady", True, "progress"),
        ("passed", "young", False, "settled"), ("waiting", "young", None, "progress"),
        ("unknown", "young", None, "progress"),
    ],
)  # fmt: skip
def test_a_component_is_as_its_gate_and_its_unit_say(gate, state, wrong, layer):
    leaves = {"unit": "consul.service"}
    thing = look("unit_failed", leaves=leaves, gates={PAIR: gate}, units={UNIT: state}).thing
    assert (thing.wrong, thing.layer) == (wrong, layer)
    assert thing.input


def test_a_component_that_does_not_run_there_has_no_input():
    thing = look("unit_failed", leaves={"component": "nomad"}, gates={("nomad", "n1"): "x"}).thing
    assert (thing.wrong, thing.input) == (None, None)


def test_a_fact_cannot_choose_what_the_policy_is_not_for():
    one = incident("unit_failed", component="salt")
    assert heal_view.needs([(one, TABLE["unit_failed"])]).is_nothing()


EVALUATE = {
    "act": {"do": "evaluate"}, "require": {"layer_below": "settled", "hook": None, "classes": []}
}  # fmt: skip


def _evaluate(**more):
    return heal_view.view(incident("reschedule_exhausted"), EVALUATE, snapshot(**more), form())


def test_a_forced_evaluation_asks_everything():
    found = heal_view.needs([(incident("reschedule_exhausted"), EVALUATE)])
    assert (found.totals, found.consul, found.red, found.jobs) == (True, True, True, {KEY})


@pytest.mark.parametrize(
    ("gates", "seal", "red"),
    [
        ({("vault", "n1"): "passed", PAIR: "passed"}, {"n1": False}, ""),
        ({("vault", "n1"): "passed", PAIR: "passed"}, {"n1": True}, "vault on n1 (sealed)"),
        ({("vault", "n1"): "passed", PAIR: "passed"}, {}, "vault on n1 (sealed)"),
        ({("vault", "n1"): "passed", PAIR: "waiting"}, {"n1": False}, "consul on n1"),
        ({("vault", "n1"): "passed", PAIR: "unknown"}, {"n1": False}, "consul on n1"),
        ({("vault", "n1"): "passed"}, {"n1": False}, "consul on n1"),
    ],
)  # fmt: skip
def test_a_core_service_that_is_not_proved_well_is_red(gates, seal, red):
    core = frozenset({PAIR, ("vault", "n1")})
    assert _evaluate(gates=gates, seal=seal, core=core).red == red


def test_totals_are_those_of_the_region():
    seen = _evaluate(totals={"global": (10, 4), "other": (90, 0)})
    assert (seen.managed, seen.unhealthy) == (10, 4)
    seen = look("lost_registration", totals={"a": (10, 4), "b": (90, 0)})
    assert (seen.managed, seen.unhealthy) == (100, 4)


@pytest.mark.parametrize("sealed", [True, False, None])
def test_vault_is_wrong_while_it_says_that_it_is_sealed(sealed):
    one = incident("core_oom")
    act = {"act": {"do": "unseal"}, "require": {}}
    assert heal_view.needs([(one, act)]).seals == {"n1"}
    thing = heal_view.view(one, act, snapshot(seal={"n1": sealed}), form()).thing
    assert thing.wrong is sealed
    assert thing.input
