"""Nodes and the scheduler of a real Nomad: predicted, done, quiet, restored."""

import json

import pytest
import yaml
from jobs import gone, job
from programs import until_ready
from salt.exceptions import CommandExecutionError
from wheel import ROOT

SCHEDULER = "nomad_scheduler_configuration.present"


def applied(salted, function, **arguments):
    """Apply a state; test mode has said so before, and a second run has nothing to do."""
    predicted = salted.state(function, test=True, **arguments)
    assert (predicted["result"], salted.wrote) == (None, []), predicted
    result = salted.state(function, **arguments)
    assert result["result"] is True, result
    assert result["changes"] == predicted["changes"]
    for test in (False, True):
        again = salted.state(function, test=test, **arguments)
        assert (again["result"], again["changes"], salted.wrote) == (True, {}, []), again
    return result


def refused(salted, function, **arguments):
    """Give what a state says when it refuses; nothing was sent."""
    result = salted.state(function, **arguments)
    assert (result["result"], result["changes"], salted.sent) == (False, {}, []), result
    return result["comment"]


@pytest.fixture
def node(salted):
    """Give a client of Nomad; its node is eligible again afterwards."""
    salted.serve("nomad")
    yield salted.client("nomad")
    assert salted.state("nomad_node.eligible", name="n1")["result"] is True


@pytest.mark.server
def test_a_node_is_made_ineligible_and_eligible(salted, node):
    """Mutation: end a drain by eligibility alone, and Nomad refuses it."""
    was = {"SchedulingEligibility": {"old": "eligible", "new": "ineligible"}}
    assert applied(salted, "nomad_node.ineligible", name="n1")["changes"] == was
    back = {"SchedulingEligibility": {"old": "ineligible", "new": "eligible"}}
    identity = salted.modules["nomad_node.identity"]("n1")
    assert applied(salted, "nomad_node.eligible", name=identity)["changes"] == back


@pytest.mark.server
def test_a_node_is_drained_of_what_runs_on_it(salted, node):
    """Mutation: return when the drain is written, and the host is taken down under its tasks."""
    spec = job("moving", group={"Migrate": {"MaxParallel": 1, "MinHealthyTime": 0}})
    with gone(salted, "moving"):
        assert salted.state("nomad_job.present", name="moving", jobspec=spec)["result"] is True
        done = applied(salted, "nomad_node.drained", name="n1", deadline="2s", within="40s")
        assert done["changes"] == {
            "SchedulingEligibility": {"old": "eligible", "new": "ineligible"},
            "DrainStrategy": {"old": None, "new": {"deadline": "2s", "ignore_system_jobs": False}},
        }
        found = node.get("/v1/job/moving/allocations")
        assert [one for one in found if one["ClientStatus"] == "running"] == []


@pytest.mark.server
def test_a_drain_that_takes_longer_is_waited_for_and_not_written_again(salted, node):
    """Mutation: write it in each run, and its deadline never comes."""
    system = job("stays", ("/bin/sleep", "3600"), Type="system")
    with gone(salted, "stays"):
        assert salted.state("nomad_job.present", name="stays", jobspec=system)["result"] is True
        kept = {"name": "n1", "deadline": "10m", "ignore_system_jobs": True, "within": "20s"}
        applied(salted, "nomad_node.drained", **kept)
        assert salted.modules["nomad_node.get"]("n1")["SchedulingEligibility"] == "ineligible"
        now = {**kept, "ignore_system_jobs": False, "deadline": "1h", "within": "0s"}
        hung = job("hung", ("/bin/sh", "-c", "trap '' INT TERM; sleep 3600 & wait; sleep 3600"))
        hung["TaskGroups"][0]["Tasks"][0]["KillTimeout"] = 20 * 10**9
        assert salted.state("nomad_node.eligible", name="n1")["result"] is True
        with gone(salted, "hung"):
            assert salted.state("nomad_job.present", name="hung", jobspec=hung)["result"] is True
            late = salted.state("nomad_node.drained", **now)
            assert late["result"] is False, late
            assert "hung" in late["comment"]
            assert late["changes"]["DrainStrategy"]["new"]["deadline"] == "1h"
            again = salted.state("nomad_node.drained", **now)
            assert (again["result"], again["changes"], salted.wrote) == (False, {}, []), again
            assert "is being drained" in again["comment"]
            looked = salted.state("nomad_node.drained", test=True, **now)
            assert (looked["result"], looked["changes"], salted.wrote) == (True, {}, [])


@pytest.mark.server
def test_a_drain_that_is_over_is_not_begun_anew_while_tasks_end(salted, node):
    """Mutation: take what still runs for a drain that never was, and it is written again."""
    hung = job("hung", ("/bin/sh", "-c", "trap '' INT TERM; sleep 3600 & wait; sleep 3600"))
    hung["TaskGroups"][0]["Tasks"][0]["KillTimeout"] = 10 * 10**9
    drain = {"name": "n1", "deadline": "1s", "within": "0s"}
    with gone(salted, "hung"):
        assert salted.state("nomad_job.present", name="hung", jobspec=hung)["result"] is True
        begun = salted.state("nomad_node.drained", **drain)
        assert (begun["result"], "DrainStrategy" in begun["changes"]) == (False, True), begun
        until_ready(lambda: not _node(node)["DrainStrategy"], salted.home / "nomad" / "log")
        looked = salted.state("nomad_node.drained", test=True, **drain)
        assert (looked["result"], looked["changes"]) == (True, {}), looked
        assert "hung" in looked["comment"]
        ended = salted.state("nomad_node.drained", **{**drain, "within": "30s"})
        assert (ended["result"], ended["changes"], salted.wrote) == (True, {}, []), ended


def _node(client):
    (found,) = client.get("/v1/nodes")
    return client.get(f"/v1/node/{found['ID']}")


@pytest.mark.server
def test_a_node_is_told_metadata_that_its_servers_see(salted, node):
    """Mutation: send all that is wanted, or drop what is not said."""
    node.post("/v1/client/metadata", {"Meta": {"kept": "yes", "old.label": "1"}})
    meta = {"rack": "r7", "old.label": None, "kept": "yes"}
    assert applied(salted, "nomad_node.meta", name="n1", meta=meta)["changes"] == {
        "Meta[rack]": {"old": None, "new": "r7"},
        "Meta[old.label]": {"old": "1", "new": None},
    }
    assert salted.modules["nomad_node.get"]("n1")["Meta"]["rack"] == "r7"
    node.post("/v1/client/metadata", {"Meta": {"rack": "r8"}})
    only = {"Meta[rack]": {"old": "r8", "new": "r7"}}
    assert applied(salted, "nomad_node.meta", name="n1", meta=meta)["changes"] == only
    gone_again = {"rack": None, "kept": None}
    applied(salted, "nomad_node.meta", name="n1", meta=gone_again)


@pytest.mark.server
def test_a_node_that_is_not_there_is_said_not_to_be(salted, node):
    for state, more in (("eligible", {}), ("drained", {}), ("meta", {"meta": {"a": "b"}})):
        result = salted.state(f"nomad_node.{state}", name="n9", **more)
        assert (result["result"], salted.wrote) == (False, [])
        assert result["comment"] == (
            "Nomad node n9 does not exist; expected the name or the id of a client node"
        )
    with pytest.raises(CommandExecutionError, match="n9 does not exist"):
        salted.modules["nomad_node.identity"]("n9")
    assert [one["Name"] for one in salted.modules["nomad_node.list"]()] == ["n1"]


@pytest.mark.server
def test_a_token_that_may_not_is_told_so(salted, node, weak):
    """Mutation: believe a list that was filtered, and the node does not exist."""
    weak('namespace "default" { policy = "write" }')
    for function in ("nomad_node.eligible", SCHEDULER):
        more = {"algorithm": "spread"} if function == SCHEDULER else {}
        result = salted.state(function, name="n1", **more)
        assert (result["result"], result["changes"]) == (False, {})
        assert "403" in result["comment"], result
    weak('node { policy = "read" }\noperator { policy = "read" }')
    for function, more in (
        ("nomad_node.ineligible", {}),
        ("nomad_node.meta", {"meta": {"a": "b"}}),
        (SCHEDULER, {"algorithm": "spread"}),
    ):
        looked = salted.state(function, test=True, name="n1", **more)
        assert looked["result"] is None
        result = salted.state(function, name="n1", **more)
        assert (result["result"], result["changes"]) == (False, {})
        assert "403" in result["comment"], result


WRONG = [
    ("nomad_node.eligible", {"name": "a b"}, "name: expected text without white space"),
    ("nomad_node.eligible", {"name": ""}, "name: expected text"),
    ("nomad_node.drained", {"name": "n1", "deadline": "soon"}, "deadline: expected a span"),
    ("nomad_node.drained", {"name": "n1", "within": -1}, "within: expected a span"),
    ("nomad_node.drained", {"name": "n1", "ignore_system_jobs": "no"}, "expected true or false"),
    ("nomad_node.meta", {"name": "n1", "meta": {}}, "meta: expected a map"),
    ("nomad_node.meta", {"name": "n1", "meta": ["a"]}, "meta: expected a map"),
    ("nomad_node.meta", {"name": "n1", "meta": {"a": 7}}, "meta:a: expected text, or null"),
    ("nomad_node.meta", {"name": "n1", "meta": {"a b": "c"}}, "meta: expected names of letters"),
    ("nomad_node.meta", {"name": "n1", "meta": {"a\n": "c"}}, "meta: expected names of letters"),
    (SCHEDULER, {"name": "x", "algorithm": "random"}, "expected one of binpack, spread; found"),
    (SCHEDULER, {"name": "x", "pause_eval_broker": "yes"}, "pause_eval_broker: expected true or"),
    (SCHEDULER, {"name": "x", "preemption": {"web": True}}, "preemption: expected only service"),
    (SCHEDULER, {"name": "x", "preemption": {"batch": 1}}, "preemption:batch: expected true or"),
    (SCHEDULER, {"name": "x", "preemption": [1]}, "preemption: expected a map; found [1]"),
]


@pytest.mark.parametrize(("function", "arguments", "said"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_refused_before_anything_is_sent(salted, function, arguments, said):
    """Mutation: leave a check to the server, and it is asked."""
    assert said in refused(salted, function, **arguments)


@pytest.mark.server
def test_the_scheduler_is_configured_by_what_is_said(salted):
    """Mutation: write what is said and nothing else, and Nomad resets all the rest."""
    salted.serve("nomad")
    client = salted.client("nomad")
    before = salted.modules["nomad_scheduler_configuration.get"]()
    try:
        wanted = {"name": "scheduler", "algorithm": "spread", "preemption": {"service": True}}
        assert applied(salted, SCHEDULER, **wanted)["changes"] == {
            "algorithm": {"old": "binpack", "new": "spread"},
            "preemption:service": {"old": False, "new": True},
        }
        raw = client.get("/v1/operator/scheduler/configuration")["SchedulerConfig"]
        client.put(
            "/v1/operator/scheduler/configuration",
            {**raw, "SchedulerAlgorithm": "binpack", "MemoryOversubscriptionEnabled": True},
        )
        only = {"algorithm": {"old": "binpack", "new": "spread"}}
        assert applied(salted, SCHEDULER, **wanted)["changes"] == only
        now = salted.modules["nomad_scheduler_configuration.get"]()
        assert now["memory_oversubscription"] is True
        assert now["preemption"]["service"] is True
    finally:
        restored = salted.state(SCHEDULER, name="scheduler", **before)
    assert restored["result"] is True, restored
    assert salted.modules["nomad_scheduler_configuration.get"]() == before


@pytest.mark.server
def test_a_scheduler_that_another_configures_meanwhile_is_read_anew(salted, meanwhile):
    """Mutation: leave `cas` out, and what another set is lost."""
    salted.serve("nomad")
    path = "/v1/operator/scheduler/configuration"

    def foreign(client):
        raw = client.get(path)["SchedulerConfig"]
        client.put(path, {**raw, "MemoryOversubscriptionEnabled": True})

    before = salted.modules["nomad_scheduler_configuration.get"]()
    try:
        meanwhile("PUT", path, foreign)
        result = salted.state(SCHEDULER, name="scheduler", algorithm="spread")
        assert (result["result"], list(result["changes"])) == (True, ["algorithm"]), result
        found = salted.modules["nomad_scheduler_configuration.get"]()
        assert (found["algorithm"], found["memory_oversubscription"]) == ("spread", True)
    finally:
        salted.state(SCHEDULER, name="scheduler", **before)


@pytest.mark.server
def test_the_pages_show_states_that_are_applied_as_they_stand(salted, node):
    """Mutation: let the page's YAML drift from the states' arguments."""
    before = salted.modules["nomad_scheduler_configuration.get"]()
    node.post("/v1/client/metadata", {"Meta": {"old_label": "1"}})
    pages = ("nomad_node", "nomad_scheduler_configuration")
    text = "".join((ROOT / f"docs/resources/{page}.md").read_text("utf-8") for page in pages)
    blocks = [yaml.safe_load(part.split("```")[0]) for part in text.split("```yaml\n")[1:]]
    names = []
    for identity, states in [pair for block in blocks for pair in block.items()]:
        ((function, given),) = states.items()
        arguments = {name: value for one in given for name, value in one.items()}
        names.append(function)
        result = salted.state(function, **{"name": identity, **arguments})
        assert result["result"] is True, result
    salted.state(SCHEDULER, name="scheduler", **before)
    salted.state("nomad_node.meta", name="n1", meta={"rack": None})
    assert names == [
        "nomad_node.meta", "nomad_node.ineligible", "nomad_node.drained", "nomad_node.eligible",
        SCHEDULER,
    ]  # fmt: skip


@pytest.mark.server
def test_mount_options_that_nomad_hides_are_not_lost(salted):
    """Mutation: send back what was read, and the volume is mounted with `[REDACTED]`."""
    from law_nomad import csi_plugin

    salted.serve("nomad")
    csi_plugin(salted.client("nomad"), salted.home / "nomad")
    modes = [{"access_mode": "single-node-writer", "attachment_mode": "file-system"}]
    more = [{"access_mode": "multi-node-multi-writer", "attachment_mode": "file-system"}]
    volume = {"name": "flagged", "plugin_id": "hostpath", "volume_name": "flagged", "secrets": {}}
    flags = {"fs_type": "ext4", "mount_flags": ["noatime"]}
    state = "nomad_csi_volume.present"
    made = salted.state(state, **volume, capabilities=modes, mount_options=flags)
    assert made["result"] is True, made
    try:
        refused = salted.state(state, **volume, capabilities=more)
        assert (refused["result"], salted.wrote) == (False, []), refused
        assert "mount_flags" in refused["comment"]
        changed = salted.state(state, **volume, capabilities=more, mount_options=flags)
        assert (changed["result"], list(changed["changes"])) == (True, ["capabilities"]), changed
    finally:
        assert salted.state("nomad_csi_volume.absent", name="flagged")["result"] is True


@pytest.mark.server
def test_a_volume_without_its_plugin_is_refused_by_nomad(salted):
    salted.serve("nomad")
    modes = [{"access_mode": "single-node-writer", "attachment_mode": "file-system"}]
    result = salted.state(
        "nomad_csi_volume.present", name="a", plugin_id="no-such", volume_name="a",
        capabilities=modes,
    )  # fmt: skip
    assert (result["result"], result["changes"]) == (False, {})
    assert "no-such" in result["comment"]


@pytest.mark.server
def test_the_secret_of_a_token_that_nomad_made_is_never_shown(salted, caplog):
    """Mutation: show what Nomad answers, which holds the secret of every token that is read."""
    salted.serve("nomad")
    client, shown = salted.client("nomad"), []
    token = {"name": "the backup of raft", "type": "management"}
    try:
        shown += [
            salted.state("nomad_acl_token.present", **{**token, "type": kind})
            for kind in ("management", "management", "client")
        ]
        shown.append(salted.modules["nomad_acl_token.get"](token["name"]))
        shown.append(salted.modules["nomad_acl_token.list"]())
        (made,) = (one for one in client.get("/v1/acl/tokens") if one["Name"] == token["name"])
        secret = client.get(f"/v1/acl/token/{made['AccessorID']}")["SecretID"]
        assert [one["result"] for one in shown[:3]] == [True, True, False]
        assert "cannot change type from 'management' to 'client'" in shown[2]["comment"]
        assert shown[3]["accessor_id"] == made["AccessorID"]
    finally:
        shown.append(salted.state("nomad_acl_token.absent", name=token["name"]))
    assert shown[-1]["result"] is True
    assert secret not in json.dumps(shown) + caplog.text
