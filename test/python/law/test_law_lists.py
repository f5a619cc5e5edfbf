"""What a list that a state run has read may prove: that nothing is to do, and nothing else."""

import json

import pytest
import salt.state

NAMES = [f"seen-{number}" for number in range(6)]
LIST = ("GET", "/v1/namespaces")


@pytest.fixture
def namespaces(salted):
    """Six namespaces that are as the states want them; the client may change them."""
    salted.serve("nomad")
    known, client = dict(salted.connections), salted.client("nomad")
    for name in NAMES:
        client.put("/v1/namespace", {"Name": name, "Description": "seen"})
    yield client
    salted.connect("nomad", known["nomad"])
    for name in NAMES:
        client.delete(f"/v1/namespace/{name}")


@pytest.fixture
def run(salted):
    """Apply states in one run of Salt, in the order given; gives their returns by name."""

    def apply(states, test=False):
        salted.sent.clear()
        ordered = {
            name: {function: [*rest, {"order": number}]}
            for number, (name, one) in enumerate(states.items(), start=1)
            for function, rest in one.items()
        }
        returned = salt.state.State(salted.opts | {"test": test}).call_template_str(
            json.dumps(ordered)
        )
        assert isinstance(returned, dict), returned
        return {one["__id__"]: one for one in returned.values()}

    return apply


@pytest.fixture
def listed(salted, monkeypatch):
    """Do something as soon as a list has been read."""
    from saltext.eos.utils import wire

    def then(deed):
        read = wire.listed

        def late(*arguments):
            items = read(*arguments)
            deed()
            return items

        monkeypatch.setattr(wire, "listed", late)

    return then


def _wanted(*names, **more):
    rest = [{"description": "seen"}, *({key: one} for key, one in more.items())]
    return {name: {"nomad_namespace.present": rest} for name in names or NAMES}


@pytest.mark.server
@pytest.mark.parametrize("test", [False, True])
def test_a_run_reads_one_list_for_what_is_right(salted, namespaces, run, test):
    """Mutation: read each by itself, and there are six requests; or list for the first one."""
    found = run(_wanted(), test=test)
    assert {(one["result"], bool(one["changes"])) for one in found.values()} == {(True, False)}
    assert salted.sent == [("GET", f"/v1/namespace/{name}") for name in NAMES[:2]] + [LIST]
    salted.sent.clear()
    assert run(_wanted(*NAMES[:2]))[NAMES[0]]["result"] is True
    assert LIST not in salted.sent, "a list that another run has read, or one for two"


@pytest.mark.server
def test_what_is_predicted_ends_nothing_that_a_list_proves(salted, namespaces, run):
    """Mutation: take a prediction for a write, and a first look reads a list for each object."""
    namespaces.delete(f"/v1/namespace/{NAMES[3]}")
    found = run(_wanted(), test=True)
    assert [found[name]["result"] for name in NAMES] == [True] * 3 + [None] + [True] * 2
    read = [("GET", f"/v1/namespace/{name}") for name in (*NAMES[:2], NAMES[3])]
    assert salted.sent == [*read[:2], LIST, read[2]]
    namespaces.put("/v1/namespace", {"Name": NAMES[3]})


@pytest.mark.server
def test_what_is_only_listed_is_listed_once(salted, run):
    """Mutation: read the whole list for each object, which is the square of their number."""
    salted.serve("consul")
    names = [f"seen-query-{number}" for number in range(6)]
    try:
        query = [{"service": "web"}]
        wanted = {name: {"consul_prepared_query.present": query} for name in names}
        assert {one["result"] for one in run(wanted).values()} == {True}
        assert not any(one["changes"] for one in run(wanted).values())
        assert salted.sent == [("GET", "/v1/query")] * 3
    finally:
        for name in names:
            salted.state("consul_prepared_query.absent", name=name)


@pytest.mark.server
def test_what_a_list_shows_as_wrong_is_read_again_before_it_is_written(
    salted, namespaces, run, listed
):
    """Mutation: write by what the list shows, and what another has put right is written again."""
    namespaces.put("/v1/namespace", {"Name": NAMES[4], "Description": "drift"})
    right = {"Name": NAMES[4], "Description": "seen", "Meta": {"by": "another"}}
    listed(lambda: namespaces.put("/v1/namespace", right))
    found = run(_wanted())
    assert (found[NAMES[4]]["result"], found[NAMES[4]]["changes"]) == (True, {})
    assert ("GET", f"/v1/namespace/{NAMES[4]}") in salted.sent
    assert ("PUT", "/v1/namespace") not in salted.sent[salted.sent.index(LIST) + 2 :]
    assert namespaces.get(f"/v1/namespace/{NAMES[4]}")["Meta"] == {"by": "another"}


@pytest.mark.server
def test_a_state_that_has_changed_something_ends_what_a_list_proves(
    salted, namespaces, run, listed
):
    """Mutation: keep the list, and the drift that came with the change is not seen."""
    drift = {"Name": NAMES[5], "Description": "drift"}
    listed(lambda: namespaces.put("/v1/namespace", drift))
    change = {"then": {"test.succeed_with_changes": []}}
    found = run({**_wanted(*NAMES[:4]), **change, **_wanted(*NAMES[4:])})
    assert found[NAMES[5]]["changes"] == {"description": {"old": "drift", "new": "seen"}}
    assert namespaces.get(f"/v1/namespace/{NAMES[5]}")["Description"] == "seen"


@pytest.mark.server
def test_a_list_grows_old(salted, namespaces, run, listed, monkeypatch):
    """Mutation: keep a list for the whole run, however long it is."""
    from saltext.eos.utils import seen

    monkeypatch.setattr(seen, "OLDEST", -1.0)
    left = [{"Name": NAMES[5], "Description": "x"}]
    listed(lambda: left and namespaces.put("/v1/namespace", left.pop()))
    found = run(_wanted())
    assert found[NAMES[5]]["changes"] == {"description": {"old": "x", "new": "seen"}}
    assert salted.sent.count(LIST) == 4


@pytest.mark.server
def test_no_list_is_believed_beside_a_state_that_runs_in_parallel(salted, namespaces, run):
    """Mutation: look at the states that have ended only: the other writes when it likes."""
    beside = {"beside": {"test.nop": [{"parallel": True}]}}
    found = run({**beside, **_wanted()})
    assert all(found[name]["result"] is True for name in NAMES)
    assert LIST not in salted.sent


@pytest.mark.server
def test_what_is_hidden_from_a_list_is_not_absent(salted, namespaces, run, weak):
    """Mutation: take what is not listed for absent, and it would be created."""
    weak("".join(f'namespace "{name}" {{ policy = "read" }}\n' for name in NAMES[:4]))
    found = run(_wanted(), test=True)
    assert LIST in salted.sent
    assert [found[name]["result"] for name in NAMES] == [True] * 4 + [False] * 2
    for name in NAMES[4:]:
        assert "403" in found[name]["comment"]
        assert not found[name]["changes"]


@pytest.mark.server
def test_who_may_not_list_reads_one_by_one(salted, namespaces, run, monkeypatch):
    """Mutation: let what is wrong with the list be the end of the state."""
    from salt.exceptions import CommandExecutionError

    from saltext.eos.utils import wire

    def refused(*_):
        raise CommandExecutionError("403")

    monkeypatch.setattr(wire, "listed", refused)
    found = run(_wanted())
    assert {one["result"] for one in found.values()} == {True}
    assert salted.sent == [("GET", f"/v1/namespace/{name}") for name in NAMES]


@pytest.mark.server
def test_a_state_outside_of_a_run_asks_no_list(salted, namespaces):
    """Mutation: take what Salt does not say for a run that goes on for ever."""
    for name in NAMES:
        result = salted.state("nomad_namespace.present", name=name, description="seen")
        assert (result["result"], salted.sent) == (True, [("GET", f"/v1/namespace/{name}")])


@pytest.mark.server
def test_a_list_of_ids_spares_the_list_and_not_the_read(salted, run):
    """Mutation: believe a stub of Nomad's, which says of a rule neither selector nor type."""
    salted.serve("nomad")
    names = [f"seen-rule-{number}" for number in range(5)]
    config = {"jwks_url": "https://ci.example.org/jwks"}
    method = {"name": "seen", "type": "JWT", "token_locality": "local", "max_token_ttl": "1h"}
    assert salted.state("nomad_acl_auth_method.present", **method, config=config)["result"]
    rule = [{"auth_method": "seen"}, {"bind_type": "policy"}, {"bind_name": "seen"}]
    rules = {name: {"nomad_acl_binding_rule.present": rule} for name in names}
    client = salted.client("nomad")
    try:
        assert all(one["result"] for one in run(rules).values())
        found = run(rules)
        assert {(one["result"], bool(one["changes"])) for one in found.values()} == {(True, False)}
        # Two by a list and a read each, then one list for all the others, and a read each.
        assert len(salted.sent) == 2 + 2 + 1 + 3
        known = client.get("/v1/acl/binding-rules")
        drifted = next(one for one in known if one["Description"] == names[4])["ID"]
        rule = client.get(f"/v1/acl/binding-rule/{drifted}")
        client.put(f"/v1/acl/binding-rule/{drifted}", {**rule, "BindName": "other"})
        found = run(rules)
        assert [name for name in names if found[name]["changes"]] == [names[4]]
    finally:
        for name in names:
            salted.state("nomad_acl_binding_rule.absent", name=name, auth_method="seen")
        salted.state("nomad_acl_auth_method.absent", name="seen")
