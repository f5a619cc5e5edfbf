"""Peers and autopilot of a real Vault that keeps its data itself."""

import contextlib
import shutil
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from law_pillar import Applied, on_page
from law_raft import raft
from law_states import Elsewhere, quiet, refused, samples, settles
from law_tables import TABLES, spec_of
from salt.exceptions import CommandExecutionError
from values import Maker

pytestmark = pytest.mark.server

HEALTHY, ABSENT = "vault_raft_peer.healthy", "vault_raft_peer.absent"
AUTOPILOT = "vault_raft_autopilot.present"
(TABLE,) = [table for table in TABLES if table["resource"] == "vault_raft_autopilot"]


@pytest.fixture(scope="module")
def peers():
    """Salt with a Vault of two peers: `v1`, which leads, and `v2`."""
    memory = Path("/dev/shm")
    home = Path(tempfile.mkdtemp(prefix="law-raft", dir=memory if memory.is_dir() else "/tmp"))
    with contextlib.ExitStack() as servers:
        first, key = servers.enter_context(raft(home / "v1"))
        servers.enter_context(raft(home / "v2", first, key))
        yield Elsewhere("vault", first)
    shutil.rmtree(home)


def until(ready):
    """Wait for what autopilot needs some seconds to see."""
    ends = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < ends
        time.sleep(0.5)


@pytest.mark.parametrize("name", TABLE["examples"])
def test_autopilot_is_predicted_written_and_repaired(peers, name):
    """Mutation: send what is wanted alone, and Vault takes its own defaults for the rest."""
    from saltext.eos.utils.settings import connect

    example = TABLE["examples"][name]
    settles(peers, AUTOPILOT, **example["desired"])
    for field, value in example["drift"].items():
        connect("vault", peers.opts).post(
            "/v1/sys/storage/raft/autopilot/configuration", {field: value}
        )
        assert set(settles(peers, AUTOPILOT, **example["desired"])) == {field}


def test_every_spelling_of_autopilot_is_the_same(peers):
    """Mutation: compare spans as text, and `90s` is written over `1m30s` on every run."""
    for turn in range(6):
        maker = Maker(spec_of(TABLE), TABLE, f"2026-11-22 autopilot {turn}")
        values = {**maker.desired(maker.example()), "cleanup_dead_servers": False}
        applied = peers.state(AUTOPILOT, **maker.spelled(values))
        assert applied["result"] is True, applied
        quiet(peers, AUTOPILOT, **maker.spelled(values))


def test_the_sample_of_the_pillar_is_applied_as_it_stands(peers, tmp_path):
    """Mutation: give it an `absent`, or hand the id to no field, and the pillar is refused."""
    home = SimpleNamespace(connections=peers.opts["eos"]["connections"], sent=[])
    (sample,) = on_page("vault_raft_autopilot")
    apply = Applied(home, tmp_path)
    (done,) = apply(sample).values()
    assert (done["result"], apply(sample)[done["__id__"]]["changes"]) == (True, {}), done


def test_there_is_no_way_to_delete_it(peers):
    """Mutation: emit `absent` all the same, and it fails at its first use."""
    from saltext.eos.modules import vault_raft_autopilot as functions
    from saltext.eos.states import vault_raft_autopilot as states

    assert not hasattr(states, "absent")
    assert not hasattr(functions, "delete")


def test_a_value_that_vault_refuses_changes_nothing(peers):
    result = peers.state(AUTOPILOT, name="autopilot", cleanup_dead_servers=True, min_quorum=1)
    assert (result["result"], result["changes"]) == (False, {}), result
    assert "min_quorum" in result["comment"]
    result = peers.state(AUTOPILOT, name="other", min_quorum=3)
    assert result["comment"].startswith('name: expected "autopilot"')


def test_peers_are_seen_and_one_is_removed(peers):
    """Mutation: believe the 204 of a name that nobody has, and every removal `has been` done."""
    known = peers.modules["vault_raft_peer.list"]
    soon = {"name": "autopilot", "server_stabilization_time": "1s", "last_contact_threshold": "10s"}
    assert peers.state(AUTOPILOT, **soon)["result"] is True
    until(lambda: len(known()) == 2 and known()["v2"]["healthy"] and known()["v2"]["voter"])
    assert known()["v1"]["leader"] is True
    quiet(peers, HEALTHY, name="v2")
    assert "raft peer v9 is not there" in refused(peers, HEALTHY, name="v9")
    quiet(peers, ABSENT, name="v9")
    assert "raft peer v1 leads" in refused(peers, ABSENT, name="v1")
    changes = settles(peers, ABSENT, name="v2")
    assert changes["voter"] == {"old": True, "new": None}
    assert set(known()) == {"v1"}
    for wrong in ("a/b", "", "x" * 65_536, None):
        assert "name: expected the id of a raft peer" in refused(peers, ABSENT, name=wrong)


def test_the_samples_of_the_page_are_applied_as_they_stand(peers):
    """Mutation: write a sample that no state takes, and who copies it is the first to see."""
    (block,) = samples("vault_raft_peer")
    for function, arguments in block:
        assert peers.state(function, **arguments)["result"] is True


def test_who_is_needed_is_not_removed():
    """Mutation: count peers and not healthy voters, and the last one that could decide goes."""
    from saltext.eos.utils import raft as subject

    def peer(*, leader=False, voter=True, healthy=True):
        return {"address": "x", "leader": leader, "voter": voter, "healthy": healthy}

    known = {"a": peer(leader=True), "b": peer(), "c": peer(healthy=False)}
    subject.refuse_loss({"a": peer(leader=True), "b": peer()}, "b")
    subject.refuse_loss(known, "c")
    with pytest.raises(CommandExecutionError, match="of the 2 other voters 1 are known"):
        subject.refuse_loss(known, "b")
    known["b"]["healthy"] = None
    with pytest.raises(CommandExecutionError, match="of the 2 other voters 1 are known"):
        subject.refuse_loss(known, "c")


def test_the_seal_is_told_without_a_token(peers):
    """Mutation: ask for the health instead, which needs an open Vault."""
    chosen = peers.opts["eos"]["connections"]["vault"]
    place = chosen.pop("token_file")
    try:
        found = peers.modules["vault_seal.status"]()
    finally:
        chosen["token_file"] = place
    assert found["storage"] == "raft"
    assert (found["initialized"], found["sealed"], found["threshold"]) == (True, False, 1)
