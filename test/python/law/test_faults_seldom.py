"""What is harmed elsewhere than in a state of one server: functions, peers, joined clusters."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from fault_proxy import FAULTS
from law_faults import Case, harmed_at
from law_raft import raft
from law_servers import consul
from law_states import Elsewhere
from salt.exceptions import CommandExecutionError
from test_faults import tried

pytestmark = pytest.mark.server

LONG = pytest.mark.skipif(
    os.environ.get("EOS_FAULT") != "all", reason="servers of its own: npm run test:all"
)
READ = [fault for fault in FAULTS if not fault.endswith(" and done")]


@pytest.mark.parametrize("fault", READ)
def test_the_seal_is_told_truly_or_not_at_all(bench, fault):
    """Mutation: index into whatever answers, and a person reads a traceback."""
    here = bench("vault")
    known = here.through.call("vault_seal.status")
    here.proxy.begin(fault, harmed_at("first read"))
    try:
        assert here.through.call("vault_seal.status") == known
    except CommandExecutionError as err:
        assert "expected" in str(err)
    assert here.proxy.seen[0].is_harmed and len(here.proxy.seen) <= 3


@pytest.mark.parametrize("fault", [one for one in READ if one != "drip"])
def test_a_snapshot_is_saved_whole_or_not_at_all(bench, tmp_path, fault):
    """Mutation: write to the place itself, and half a snapshot lies where a whole one did."""
    here, place = bench("consul"), tmp_path / "consul.snap"
    here.proxy.begin(fault, harmed_at("first read"))
    with pytest.raises(CommandExecutionError) as raised:
        here.through.call("consul_snapshot.save", str(place))
    assert str(raised.value)
    assert list(tmp_path.iterdir()) == []
    assert [one.is_harmed for one in here.proxy.seen] == [True]
    assert here.through.call("consul_snapshot.save", str(place))["bytes"] == place.stat().st_size


@LONG
def test_a_peer_is_removed_or_said_to_stay(salted, bench):
    """Mutation: say nothing of a removal without an answer, and a peer goes unnoticed."""
    from saltext.eos.utils import raft as peers

    home = Path(tempfile.mkdtemp(prefix="law-raft", dir="/tmp"))
    salted.serve("vault")
    before, absent = salted.connections["vault"], "vault_raft_peer.absent"
    try:
        with raft(home / "v1") as (first, key), raft(home / "v2", first, key):
            salted.connect("vault", first.connection())
            here, client = bench("vault"), salted.client("vault")
            while not all(one["healthy"] for one in peers.peers(client).values()):
                pass
            for fault in [*(one for one in READ if one != "404"), "reset and done"]:
                here.proxy.begin(fault, harmed_at("write"))
                result = here.through.state(absent, name="v2")
                is_there = "v2" in peers.peers(client)
                assert (result["result"], is_there) == (False, not fault.endswith("done")), result
                assert bool(result["changes"]) is not is_there, result
                assert "expected" in result["comment"]
                assert sum(here.wrote().values()) == 1
    finally:
        salted.connect("vault", before)
        shutil.rmtree(home, ignore_errors=True)


@LONG
def test_a_peering_is_joined_or_said_not_to_be(salted, bench):
    """Mutation: send a token twice, and the second answer says that it is worthless."""
    home = Path(tempfile.mkdtemp(prefix="law-west", dir="/tmp"))
    token = {"file": str(home / "token")}
    with consul(home / "consul") as server:
        other = Elsewhere("consul", server)

        def begun():
            for one, name in ((salted, "east"), (other, "west")):
                assert one.state("consul_peering.absent", name=name)["result"] is True
            (home / "token").unlink(missing_ok=True)
            made = other.state("consul_peering.token_written", name="west", place=token)
            assert made["result"] is True, made

        salted.serve("consul")
        wanted = {"name": "east", "token": token, "within": 20}
        case = Case("a peering joined", "consul_peering.established", wanted, begun, [], False)
        try:
            tried(bench("consul"), case)
        finally:
            salted.state("consul_peering.absent", name="east")
    shutil.rmtree(home)
