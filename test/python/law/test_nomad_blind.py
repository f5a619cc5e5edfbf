"""What Nomad hides from a token, or from everybody: not to see it is no proof that it is not."""

import pytest
from jobs import gone, job
from law_nomad import csi_plugin

SINGLE = [{"access_mode": "single-node-writer", "attachment_mode": "file-system"}]
MANY = [{"access_mode": "multi-node-multi-writer", "attachment_mode": "file-system"}]


@pytest.fixture
def node(salted):
    """Give a client of Nomad with all rights; its node is eligible again afterwards."""
    salted.serve("nomad")
    known, client = dict(salted.connections), salted.client("nomad")
    yield client
    salted.connect("nomad", known["nomad"])
    assert salted.state("nomad_node.eligible", name="n1")["result"] is True


@pytest.mark.server
def test_a_node_whose_jobs_are_hidden_is_drained_all_the_same(salted, node, weak):
    """Mutation: believe the list, which has nothing for this token, and nothing is drained."""
    with gone(salted, "hidden"):
        assert salted.state("nomad_job.present", name="hidden", jobspec=job("hidden"))["result"]
        assert salted.state("nomad_node.ineligible", name="n1")["result"] is True
        known = dict(salted.connections)
        weak('node { policy = "write" }')
        drain = {"name": "n1", "deadline": "2s", "within": "40s"}
        looked = salted.state("nomad_node.drained", test=True, **drain)
        assert looked["result"] is None, looked
        done = salted.state("nomad_node.drained", **drain)
        assert (done["result"], list(done["changes"])) == (True, ["DrainStrategy"]), done
        again = salted.state("nomad_node.drained", **drain)
        assert (again["result"], again["changes"], salted.wrote) == (True, {}, []), again
        salted.connect("nomad", known["nomad"])
        found = node.get("/v1/job/hidden/allocations")
        assert [one for one in found if one["DesiredStatus"] == "run"] == []


@pytest.mark.server
def test_a_drain_before_the_node_was_eligible_again_proves_nothing(salted, node):
    """Mutation: look at the last drain alone, and what came since stays."""
    from saltext.eos.utils import nomad_nodes

    drain = {"name": "n1", "deadline": "2s", "within": "40s"}
    assert salted.state("nomad_node.drained", **drain)["result"] is True
    found = nomad_nodes.Node("n1", salted.opts).read()
    assert nomad_nodes._was_drained(found, ignore_system_jobs=False)
    assert salted.state("nomad_node.eligible", name="n1")["result"] is True
    assert salted.state("nomad_node.ineligible", name="n1")["result"] is True
    found = nomad_nodes.Node("n1", salted.opts).read()
    assert not nomad_nodes._was_drained(found, ignore_system_jobs=False)
    assert salted.state("nomad_node.drained", **drain)["changes"]


@pytest.mark.server
def test_a_host_volume_that_is_hidden_is_neither_absent_nor_made_again(salted, weak):
    """Mutation: believe the list, which is empty for this token: a second one is made."""
    salted.serve("nomad")
    known = dict(salted.connections)
    made = salted.state("nomad_dynamic_host_volume.present", name="hidden")
    assert made["result"] is True, made
    try:
        # Rights to volumes bring that to read them, but `host-volume-delete`, which a policy cannot
        # name before Nomad 1.11.2.
        weak('namespace "default" { capabilities = ["submit-job"] }')
        for state in ("absent", "present"):
            for test in (True, False):
                name = f"nomad_dynamic_host_volume.{state}"
                blind = salted.state(name, test=test, name="hidden")
                assert (blind["result"], salted.wrote) == (False, []), blind
                assert "403" in blind["comment"]
    finally:
        salted.connect("nomad", known["nomad"])
        left = salted.state("nomad_dynamic_host_volume.absent", name="hidden")
    assert (left["result"], bool(left["changes"])) == (True, True), left


@pytest.mark.server
def test_secrets_of_a_volume_that_nobody_shows_are_not_lost(salted):
    """Mutation: send the volume without them: Nomad takes that for the wish to have none."""
    salted.serve("nomad")
    client = salted.client("nomad")
    csi_plugin(client, salted.home / "nomad")
    mode = {"AccessMode": "single-node-writer", "AttachmentMode": "file-system"}
    volume = {
        "ID": "sealed", "Name": "sealed", "PluginID": "hostpath", "Secrets": {"key": "k"},
        "RequestedCapabilities": [mode],
    }  # fmt: skip
    client.put("/v1/volume/csi/sealed/create", {"Volumes": [volume]})
    wanted = {"name": "sealed", "plugin_id": "hostpath", "volume_name": "sealed"}
    try:
        state = "nomad_csi_volume.present"
        quiet = salted.state(state, **wanted, capabilities=SINGLE)
        assert (quiet["result"], quiet["changes"]) == (True, {}), quiet
        for test in (True, False):
            refused = salted.state(state, test=test, **wanted, capabilities=MANY)
            assert (refused["result"], salted.wrote) == (False, []), refused
            assert "secrets: expected those of the volume" in refused["comment"]
        given = {"key": {"file": "/etc/eos/secrets/storage"}}
        changed = salted.state(state, **wanted, capabilities=MANY, secrets=given)
        assert (changed["result"], list(changed["changes"])) == (True, ["capabilities"]), changed
    finally:
        assert salted.state("nomad_csi_volume.absent", name="sealed")["result"] is True


@pytest.mark.server
def test_a_volume_grows_and_does_not_shrink(salted):
    """Mutation: call its size fixed, and the advice is to delete what it holds."""
    salted.serve("nomad")
    csi_plugin(salted.client("nomad"), salted.home / "nomad")
    state = "nomad_csi_volume.present"
    wanted = {"name": "grows", "plugin_id": "hostpath", "volume_name": "grows"}
    wanted |= {"capabilities": SINGLE, "secrets": {}}
    made = salted.state(state, **wanted, capacity_min=1024)
    assert made["result"] is True, made
    try:
        grown = salted.state(state, **wanted, capacity_min=4096)
        assert grown["changes"] == {"capacity_min": {"old": 1024, "new": 4096}}, grown
        assert grown["result"] is True, grown
        less = salted.state(state, **wanted, capacity_min=4096, capacity_max=2048)
        assert less["result"] is False, less
        assert "delete the object first" not in less["comment"]
    finally:
        assert salted.state("nomad_csi_volume.absent", name="grows")["result"] is True
