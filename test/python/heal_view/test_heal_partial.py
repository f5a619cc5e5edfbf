"""
Scenario 12: Consul answers 500 while Nomad is fine: no action of any class, the reason is shown.

Real master, minion, Nomad and Consul. Nobody but the passages in front of Consul is a stand-in, and
systemd, whose units are not of this test.
"""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path

import certificates
import pytest
from facts import critical, deregistered
from healing_stack import HealingStack
from passage import FAILING, OPEN, Passage

from saltext.eos.hooks import healer

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def eyes(world):
    """What stands between the healer's eyes and Consul."""
    found = Passage(world.where["consul"])
    yield found
    found.close()


@pytest.fixture(scope="module")
def stack(world, eyes, live_home):
    """A running master and minion, and a healer that may act with just its declared rights."""
    config = Path(world.configuration(live_home, consul=eyes.address))
    held = json.loads(config.read_text())
    held["consul"][0]["ca"] = certificates.make(live_home)
    config.write_text(json.dumps(held))
    (live_home / "healer").mkdir()
    (live_home / "healer" / "consul.token").write_text(world.consul_token(healer.rules()))
    agent = Passage(world.where["consul"], live_home)
    found = HealingStack(live_home, str(config), agent.port)
    try:
        found.start()
        world.until(found.is_running, within=90)
        yield found
    finally:
        found.stop()
        agent.close()


def _lost(world, name):
    """Run a job and take its registration away; give its allocation and registration."""
    alloc = world.run(name)
    (row,) = world.until(lambda: world.registered(name))
    world.client("consul").put(f"/v1/agent/service/deregister/{row['ServiceID']}")
    assert not world.registered(name)
    return alloc["ID"], row


def test_nothing_is_done_while_consul_does_not_answer(world, stack, eyes):
    alloc, row = _lost(world, "partial")
    eyes.way = FAILING
    ended = {**row, "ServiceID": row["ServiceID"] + "-old"}
    stack.tell(
        partial(deregistered, row=row, alloc=alloc), partial(critical, row=ended, alloc=alloc)
    )
    words = "complete: blocked: consul:dc1 (GET /v1/catalog/nodes answered 500) did not answer"
    world.until(
        lambda: [one["why"][: len(words)] for one in stack.incidents()] == [words] * 2, within=60
    )
    begun = time.monotonic()
    while time.monotonic() - begun < 12:
        assert stack.ask("SELECT count(*) FROM decisions") == [(0,)]
        time.sleep(0.5)
    assert stack.lines("decided", "would", "claimed", "result") == []
    # A master at its limit sometimes refuses to be asked, and says so.
    world.until(lambda: "answered 500" in json.dumps(stack.runner("eos.status")[1]))
    eyes.way = OPEN
    # Seen again, the one was mended by Nomad itself, and the other never was there.
    world.until(lambda: not stack.incidents(), within=90)
    assert {one["why"] for one in stack.lines("closed")} == {"it is not wrong, or not any more"}
    assert stack.ask("SELECT count(*) FROM decisions") == [(0,)]


def test_what_is_seen_wholly_is_healed(world, stack, eyes):
    eyes.way = OPEN
    alloc = world.run("mended")
    (row,) = world.until(lambda: world.registered("mended"))
    # Lost twice: the agent has just compared what it has with the catalogue when it is back.
    _out_of_catalogue(world, row)
    world.until(lambda: world.registered("mended"), within=130)
    _out_of_catalogue(world, row)
    stack.tell(partial(deregistered, row=row, alloc=alloc["ID"]))
    (line,) = world.until(lambda: stack.lines("result"), within=50)
    assert line["ok"], line
    # Mutation: without the act it stays away for a minute, and is no act's when it is back.
    assert line["says"].startswith(f"the agent of n1 wrote {row['ServiceID']} into the catalogue")
    assert world.registered("mended")
    (decided,) = stack.lines("decided")
    passed = {one["name"]: one["result"] for one in decided["checks"]}
    assert passed["complete"] == passed["layer_below"] == passed["required"] == "passed"


def _out_of_catalogue(world, row):
    """Take a registration out of the catalogue alone: its agent still has it."""
    told = {"Node": row["Node"], "ServiceID": row["ServiceID"]}
    world.client("consul").put("/v1/catalog/deregister", told)
    assert not world.registered("mended")
