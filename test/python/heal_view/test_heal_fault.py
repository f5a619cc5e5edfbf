"""Whatever a server answers but the whole truth is blocked, in time, and never shows a token."""

from __future__ import annotations

import json
import socket

import pytest
from double import BODIES, INSTANCE, TOKEN, Double
from waiting import ended

from saltext.eos.modules import eos_heal

NOMAD = [
    "/v1/acl/token/self", "/v1/acl/policy/eos", "/v1/jobs", "/v1/jobs/statuses",
    "/v1/allocations", "/v1/deployments", "/v1/evaluations", "/v1/nodes",
]  # fmt: skip
CONSUL = ["/v1/catalog/nodes", "/v1/catalog/node-services/n1", "/v1/health/node/n1"]
STATUSES = [302, 400, 401, 403, 404, 429, 500, 502, 503]
WAYS = [*STATUSES, "cut", "cut chunk", *BODIES]
WITHIN = 1.5


@pytest.fixture
def double():
    """Servers that answer rightly until a test says otherwise."""
    found = Double()
    yield found
    found.stop()


@pytest.fixture
def heal(double, tmp_path, monkeypatch):
    """The module on a minion whose sidecar reads the double."""
    options = {"id": "n1", "eos_sidecar_config": double.configuration(tmp_path)}
    monkeypatch.setattr(eos_heal, "__opts__", options, raising=False)
    return eos_heal


def test_the_double_answers_wholly(double, heal):
    region = heal.nomad()["regions"]["global"]
    assert (region["managed"], region["unhealthy"]) == (1, 0)
    assert len(region["jobs"]) == len(region["allocations"]) == len(region["nodes"]) == 1
    center = heal.consul(["n1"])["datacenters"]["dc1"]
    assert [one["instance"] for one in center["services"]] == [INSTANCE]
    assert center["services"][0]["checks"] == {"c": "passing"}
    assert heal.vault(double.address) == {"sealed": False, "initialized": True}


def test_a_job_whose_state_is_not_listed_is_there(double, heal):
    # Without it two jobs that changed with one index are one, and the other is taken for purged.
    double.answers["/v1/jobs/statuses"] = []
    region = heal.nomad(["jobs"])["regions"]["global"]
    (found,) = region["jobs"]
    assert (found["job"], found["stop"], found["unhealthy"]) == ("job0", False, None)
    assert found["modify_index"] == double.answers["/v1/jobs"][0]["JobModifyIndex"]
    assert (region["managed"], region["unhealthy"]) == (0, 0)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", NOMAD)
def test_nomad_is_whole_or_blocked(double, heal, path, way):
    double.faults[path] = way
    found = heal.nomad(within=WITHIN)
    assert set(found) == {"blocked"}, found
    assert found["blocked"].startswith("nomad:global: ") or "cannot be read" in found["blocked"]
    assert TOKEN not in json.dumps(found)


@pytest.mark.parametrize("path", sorted({*NOMAD} - {"/v1/acl/policy/eos"}))
def test_a_region_without_a_leader_is_not_believed(double, heal, path):
    double.faults[path] = "no leader"
    assert heal.nomad() == {"blocked": "nomad:global: it has no leader"}


@pytest.mark.parametrize("way", [*WAYS, "no leader", "filtered"])
@pytest.mark.parametrize("path", CONSUL)
def test_consul_is_whole_or_blocked(double, heal, path, way):
    double.faults[path] = way
    found = heal.consul(["n1"], within=WITHIN)
    assert set(found) == {"blocked"}, found
    assert TOKEN not in json.dumps(found)


@pytest.mark.parametrize("way", [*WAYS, "slow", "silent"])
def test_vault_says_whether_it_is_sealed_or_is_blocked(double, heal, way):
    double.faults["/v1/sys/seal-status"] = way
    assert set(heal.vault(double.address, within=0.6)) == {"blocked"}


@pytest.mark.parametrize("way", ["slow", "slow chunk", "silent"])
@pytest.mark.parametrize("path", ["/v1/acl/token/self", "/v1/allocations", "/v1/catalog/nodes"])
def test_slowness_ends_in_time(double, heal, path, way):
    """The double goes on until it is stopped. Mutation: bound each reading, and not all of it."""
    double.faults[path] = way
    ask = heal.consul if "catalog" in path else heal.nomad
    assert set(ended(lambda: ask(within=0.6))) == {"blocked"}


def test_a_list_without_end_is_no_list(double, heal, monkeypatch):
    monkeypatch.setattr("saltext.eos.utils.heal_snapshot_ask.MOST_PAGES", 5)
    double.faults["/v1/allocations"] = "endless"
    assert "has no end" in heal.nomad(within=5)["blocked"]


def test_all_pages_are_read(tmp_path, monkeypatch):
    double = Double(jobs=7, copies=3)
    try:
        monkeypatch.setattr("saltext.eos.utils.heal_snapshot_ask.PAGE", 4)
        options = {"id": "n1", "eos_sidecar_config": double.configuration(tmp_path)}
        monkeypatch.setattr(eos_heal, "__opts__", options, raising=False)
        region = eos_heal.nomad()["regions"]["global"]
        assert (len(region["allocations"]), region["managed"]) == (21, 7)
        second = [one for one in double.asked if "next_token" in one and "allocations" in one]
        assert len(second) == 5
        double.faults["/v1/allocations"] = "half"
        assert set(eos_heal.nomad()) == {"blocked"}
    finally:
        double.stop()


@pytest.mark.parametrize("way", [403, 500, "half", "null", "numbers", "no leader", "cut"])
def test_an_allocation_is_whole_or_blocked(double, heal, way):
    name = double.allocs[0]["ID"]
    parts = {"allocations": {"ids": [name]}}
    (row,) = heal.nomad(parts)["regions"]["global"]["allocations"]
    assert row["instances"] == [INSTANCE]
    double.faults[f"/v1/allocation/{name}"] = way
    assert set(heal.nomad(parts)) == {"blocked"}
    double.faults[f"/v1/allocation/{name}"] = 404
    (row,) = heal.nomad(parts)["regions"]["global"]["allocations"]
    assert row["instances"] is None


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([], "every namespace"),
        ([{"Name": "apps", "Capabilities": ["list-jobs", "read-job"]}], "every namespace"),
        ([{"Name": "*", "Capabilities": ["list-jobs"]}], "namespace *"),
        ([{"Name": "*", "Policy": "read"}, {"Name": "team", "Policy": "deny"}], "namespace team"),
        ([{"Name": "*", "Policy": "read"}, {"Name": "t", "Capabilities": ["deny"]}], "namespace t"),
        ([{"Name": "*", "Policy": "read"}, {"Name": "t", "Capabilities": ["read-fs"]}], "ce t"),
    ],
)  # fmt: skip
def test_a_token_that_may_not_see_one_namespace_blocks(double, heal, rules, words):
    double.answers["/v1/acl/policy/eos"]["RulesJSON"]["Namespaces"] = rules
    assert words in heal.nomad()["blocked"]


def test_a_token_of_a_role_cannot_be_judged(double, heal):
    double.answers["/v1/acl/token/self"]["Roles"] = [{"ID": "r"}]
    assert "roles" in heal.nomad()["blocked"]


def test_the_next_address_is_asked_where_one_is_deaf(double, tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        gone = f"http://127.0.0.1:{unused.getsockname()[1]}"
    config = double.configuration(tmp_path, nomad=[gone, double.address], consul=[gone])
    monkeypatch.setattr(eos_heal, "__opts__", {"eos_sidecar_config": config}, raising=False)
    assert set(eos_heal.nomad()) == {"regions"}
    assert "got no answer" in eos_heal.consul()["blocked"]


@pytest.mark.parametrize("token", ["", "two words", "new\x00line", "\n"])
def test_a_token_that_is_none_is_never_sent(double, tmp_path, monkeypatch, token):
    config = double.configuration(tmp_path, token=token)
    monkeypatch.setattr(eos_heal, "__opts__", {"eos_sidecar_config": config}, raising=False)
    found = eos_heal.nomad()
    assert "holds no token" in found["blocked"]
    assert double.asked == []


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"nomad": [{}]}', '{"nomad": []}'])
def test_without_a_configuration_nothing_is_known(tmp_path, monkeypatch, content):
    path = tmp_path / "config.json"
    if content is not None:
        path.write_text(content)
    monkeypatch.setattr(eos_heal, "__opts__", {"eos_sidecar_config": str(path)}, raising=False)
    assert eos_heal.nomad()["blocked"].startswith("nomad: ")


def test_a_condition_holds_no_name_that_is_not_plain(double, heal):
    wanted = [["apps", 'x" or ID != "']]
    assert heal.nomad({"jobs": wanted, "allocations": {"jobs": wanted}})["regions"]
    assert not any("filter" in one for one in double.asked if "allocations" in one)


def test_a_server_that_cannot_prove_who_it_is_is_not_asked(tmp_path, monkeypatch):
    double = Double()
    try:
        where = double.address.replace("http:", "https:")
        config = double.configuration(tmp_path, nomad=[where])
        monkeypatch.setattr(eos_heal, "__opts__", {"eos_sidecar_config": config}, raising=False)
        assert "got no answer" in eos_heal.nomad()["blocked"]
        assert double.asked == []
    finally:
        double.stop()


def test_one_look_answers_everything_and_half_of_it_where_half_fails(double, heal):
    wanted = {"nomad": ["jobs"], "consul": {"dc1": ["n1"]}, "vault": double.address}
    found = heal.look({"n1": wanted, "n2": {"nomad": ["jobs"]}})
    assert set(found) == {"nomad", "consul", "vault"}
    assert heal.look({"n2": wanted}) == {}
    double.faults["/v1/catalog/nodes"] = 500
    found = heal.look({"n1": wanted})
    assert found["consul"] == {"blocked": "consul:dc1: GET /v1/catalog/nodes answered 500"}
    assert "regions" in found["nomad"]


def test_of_ten_thousand_allocations_a_decision_costs_little(tmp_path, monkeypatch):
    double = Double(jobs=1_000, copies=10)
    try:
        config = double.configuration(tmp_path)
        monkeypatch.setattr(eos_heal, "__opts__", {"eos_sidecar_config": config}, raising=False)
        one = double.allocs[4321]
        parts = {"jobs": [["apps", one["JobID"]]], "allocations": {"ids": [one["ID"]]}}
        found = eos_heal.nomad(parts)
        region = found["regions"]["global"]
        assert (region["managed"], len(region["allocations"])) == (1_000, 1)
        assert len(json.dumps(found)) < 1_000
        # Six questions; without a filter it would be page after page.
        (asked,) = [one for one in double.asked if one.startswith("/v1/allocations")]
        assert "filter=" in asked
        assert len(double.asked) == 6
    finally:
        double.stop()
