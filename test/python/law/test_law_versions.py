"""What a server does not know is not sent to it, and said: on the newest servers and the oldest."""

from pathlib import Path

import jobs
import pytest
from law_states import connected
from law_tables import FLEETING, TABLES, keys_of, spec_of
from law_versions import dated, known, numbers
from programs import version
from wheel import ROOT


def _example(table, path):
    """Give an example that sets a field; every field with a version must have one."""

    def has(value, rest):
        if isinstance(value, list):
            return any(has(one, rest) for one in value)
        if not rest:
            return True
        return isinstance(value, dict) and rest[0] in value and has(value[rest[0]], rest[1:])

    for example in table["examples"].values():
        if has(example["desired"], path):
            return example["desired"]
    return pytest.fail(f"no example of {table['resource']} sets {':'.join(path)}")


CASES = [
    (table, path, since)
    for table in FLEETING
    for path, since in dated(spec_of(table)["fields"]).items()
]


@pytest.fixture
def bodies(monkeypatch):
    """What was written to servers, in their own words."""
    from saltext.eos.utils import http

    once, sent = http.Client._once, []

    def recorded(client, method, path, body):
        sent.extend([] if method in ("GET", "LIST") else [body])
        return once(client, method, path, body)

    monkeypatch.setattr(http.Client, "_once", recorded)
    return sent


def _words(body):
    if isinstance(body, dict):
        return set(body) | {word for one in body.values() for word in _words(one)}
    return {word for one in body for word in _words(one)} if isinstance(body, list) else set()


@pytest.mark.server
@pytest.mark.parametrize(
    ("table", "path", "since"), CASES, ids=[f"{t['resource']}-{'.'.join(p)}" for t, p, _ in CASES]
)
def test_only_what_a_server_knows_is_sent(ready, bodies, table, path, since):
    """Mutation: send it all the same: Nomad forgets it and each run writes, Consul says 400."""
    resource, salted, desired = table["resource"], ready(table), _example(table, path)
    release = salted.client(table["service"]).version()
    rows = spec_of(table)["fields"]
    for name in path:
        row = rows[name]
        rows = (row.get("item") or row).get("fields") or {}
    is_known = numbers(release) >= numbers(since)
    note = f"{':'.join(path)} is left out: it needs {since}, the server has {release}."
    try:
        predicted = salted.state(f"{resource}.present", test=True, **desired)
        bodies.clear()
        applied = salted.state(f"{resource}.present", **desired)
        assert applied["result"] is True, applied
        assert (row["wire"] in _words(bodies)) is is_known, bodies
        again = salted.state(f"{resource}.present", **desired)
        assert (again["result"], again["changes"], salted.wrote) == (True, {}, [])
        for one in (predicted, applied, again):
            assert (note in one["comment"]) is not is_known
        assert predicted["changes"] == applied["changes"]
    finally:
        salted.state(f"{resource}.absent", **keys_of(table, desired))


@pytest.mark.server
def test_a_job_is_not_told_what_its_nomad_does_not_know(salted, bodies):
    """Mutation: send it: Nomad 1.10 forgets it in silence, and the task runs without its secret."""
    salted.serve("nomad")
    release = salted.client("nomad").version()
    is_known = numbers(release) >= numbers("1.11")
    # Of nothing: what must be fetched is not there, and a purge meets no evaluation at work.
    wanted = jobs.job("secretive", group={"Count": 0})
    (task,) = wanted["TaskGroups"][0]["Tasks"]
    task["Secrets"] = [{"Name": "mail", "Provider": "nomad", "Path": "shared/mail"}]
    note = f"TaskGroups:Tasks:Secrets is left out: it needs 1.11, the server has {release}."
    arguments = {"name": "secretive", "jobspec": wanted, "within": "20s"}
    with jobs.gone(salted, "secretive"):
        predicted = salted.state("nomad_job.present", test=True, **arguments)
        applied = salted.state("nomad_job.present", **arguments)
        assert (predicted["result"], applied["result"]) == (None, True), applied
        assert applied["changes"] == predicted["changes"]
        sent = [one["Job"]["TaskGroups"][0]["Tasks"][0] for one in bodies if one and "Job" in one]
        assert [("Secrets" in one) is is_known for one in sent] == [True] * len(sent)
        assert sent
        again = salted.state("nomad_job.present", test=True, **arguments)
        assert (again["result"], again["changes"]) == (True, {}), again
        for one in (predicted, applied, again):
            assert (note in one["comment"]) is not is_known


@pytest.mark.server
def test_a_block_that_an_older_nomad_cannot_read_is_named(salted):
    """Mutation: parse HCL here, and what this Nomad does not know goes the way of JSON."""
    salted.serve("nomad")
    is_known = numbers(salted.client("nomad").version()) >= numbers("1.11")
    secret = 'secret "mail" {\n provider = "nomad"\n path = "shared/mail"\n}\n\n      config {'
    spec = jobs.WEB.replace("config {", secret)
    result = salted.state("nomad_job.present", test=True, name="web", jobspec=spec)
    assert result["result"] is (None if is_known else False), result
    if not is_known:
        assert "jobspec of web: Nomad cannot read it: " in result["comment"]
        assert 'Blocks of type "secret" are not expected here' in result["comment"]


@pytest.mark.parametrize("tasks", [5, "x", [1], None, {"a": {"Secrets": 1}}])
def test_a_job_of_another_form_is_left_to_nomad_to_refuse(tasks):
    """Mutation: take what somebody wrote for a list, and a traceback comes instead of words."""
    from saltext.eos.utils import nomad_jobspec, versions

    wanted = {"TaskGroups": [{"Tasks": tasks, "Services": [{"Connect": tasks}]}]}
    rows = nomad_jobspec.SINCE
    found = [path for path, *_ in versions._wanted(rows, wanted, ())]
    assert found in ([], [("TaskGroups", "Tasks", "Secrets")])


@pytest.mark.server
@pytest.mark.parametrize("service", ["consul", "nomad"])
def test_a_token_that_may_not_ask_for_the_version_is_told_so(salted, service):
    """Mutation: take 403 for an old server, and a field is left out that the server knows."""
    from saltext.eos.utils import versions

    salted.serve(service)
    client, known_ = salted.client(service), dict(salted.connections)
    rules = {
        "consul": 'service_prefix "" { policy = "write" }',
        "nomad": 'node_pool "*" { policy = "write" }',
    }
    policy = {"Name": "no-agent", "Rules": rules[service]}
    if service == "consul":
        made = client.put("/v1/acl/policy", policy)
        token = client.put("/v1/acl/token", {"Policies": [{"Name": "no-agent"}]})
    else:
        made = client.put("/v1/acl/policy/no-agent", policy)
        wanted = {"Type": "client", "Policies": ["no-agent"], "Name": "no-agent"}
        token = client.put("/v1/acl/token", wanted)
    function, arguments = {
        "consul": (
            "consul_service_defaults.present",
            {"name": "unseen", "max_request_headers_kb": 9},
        ),
        "nomad": ("nomad_node_pool.present", {"name": "unseen", "node_identity_ttl": "1h"}),
    }[service]
    place = connected(salted, service, token["SecretID"])["eos"]["connections"][service]
    salted.connect(service, place)
    versions._known.clear()
    try:
        for test in (True, False):
            result = salted.state(function, test=test, **arguments)
            assert (result["result"], result["changes"], salted.wrote) == (False, {}, []), result
            assert "does not tell this token its version" in result["comment"], result
            assert "expected a token with agent:read" in result["comment"]
        arguments.popitem()
        assert salted.state(function, test=True, **arguments)["result"] is None
    finally:
        salted.connect(service, known_[service])
        client.delete(f"/v1/acl/token/{token['AccessorID']}")
        client.delete(f"/v1/acl/policy/{'no-agent' if made is None else made['ID']}")
        Path(place["token_file"]).unlink()


@pytest.mark.server
def test_a_server_older_than_is_supported_is_named_when_it_refuses(salted, monkeypatch):
    """Mutation: hand on what the server says, and nobody thinks of its age."""
    from saltext.eos.utils import versions

    salted.serve("nomad")
    release = salted.client("nomad").version()
    wanted = {"name": "old", "rules": 'nothing { policy = "read" }'}
    said = (
        f"the server has {release}; expected 99.1 or newer, which Eos supports: update the server"
    )
    plain = salted.state("nomad_acl_policy.present", **wanted)
    monkeypatch.setitem(versions.OLDEST, "nomad", "99.1")
    result = salted.state("nomad_acl_policy.present", **wanted)
    assert (plain["result"], result["result"]) == (False, False)
    assert result["comment"] == f"{plain['comment']}; {said}"


def test_what_is_supported_is_what_the_kitchen_builds():
    """Mutation: say that an older one is supported than the law was asked of."""
    from saltext.eos.utils import versions

    built = {name: version(f"oldest-{name}") for name in ("nomad", "consul", "vault")}
    series = {name: ".".join(one.split(".")[:2]) for name, one in built.items() if one}
    assert series == versions.OLDEST


def test_the_page_names_every_field_that_the_oldest_does_not_know():
    """Mutation: take a row out, or name another version than the declaration does."""
    from saltext.eos.utils import nomad_jobspec, versions

    page = (ROOT / "docs/versions.md").read_text("utf-8")
    fields = {
        table["resource"]: (table["service"], dated(spec_of(table)["fields"])) for table in TABLES
    }
    fields["nomad_job"] = ("nomad", dated(nomad_jobspec.SINCE))
    for resource, (service, found) in fields.items():
        rows = [line for line in page.splitlines() if line.startswith(f"| `{resource}`")]
        young = {
            path: since
            for path, since in found.items()
            if numbers(since) > numbers(versions.OLDEST.get(service, "0"))
        }
        assert bool(rows) is bool(young), resource
        for path, since in young.items():
            assert rows[0].endswith(f" {service.capitalize()} {since} |"), rows
            assert f"`{path[-1]}`" in rows[0] or f"`{':'.join(path)}`" in rows[0], rows


def test_the_oracle_reads_lists_maps_and_defaults():
    """Mutation: look at the first level alone, and a part of a list is never left out."""
    part = {"fields": {"new": {"since": "1.10"}, "old": {}}}
    rows = {
        "items": {"shape": "list", "item": part},
        "named": {"shape": "map", "item": part},
        "whole": {"since": "1.9.2", "default": "x"},
    }
    values = {
        "items": [{"new": 1, "old": 2}, {"new": 3}],
        "named": {"a": {"new": 1}},
        "whole": "y",
    }
    left, told = known(rows, values, "1.9.1")
    assert left == {"items": [{"old": 2}, {}], "named": {"a": {}}}
    assert [one.split(" is ")[0] for one in told] == ["items:new", "named:new", "whole"]
    assert known(rows, values, "1.10.0") == (values, [])
    assert known(rows, {"whole": "x"}, "1.9.1") == ({"whole": "x"}, [])
    assert set(dated(rows)) == {("items", "new"), ("named", "new"), ("whole",)}
