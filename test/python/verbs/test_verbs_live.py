"""Verbs as people type them: a real master with its engine, salt-run, exit status and words."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest
import yaml
from live import Live

sys.path.insert(0, str(Path(__file__).parents[1] / "heal_act"))

from healing_master import stack_pillar
from waiting import until


class Typed(Live):
    """A master at which people type."""

    def type(self, *words: str, **environment: str) -> tuple[int, str]:
        """Give exit status and what is shown."""
        before = dict(self.environment)
        self.environment |= environment
        try:
            done = self.run("salt-run", "--log-level=quiet", *words)
        finally:
            self.environment = before
        return done.returncode, done.stdout

    def healing(self) -> dict:
        """What eos.status says of healing."""
        return self.runner("eos.status")[1]["healing"]


@pytest.fixture(scope="module")
def master(live_home):
    """A running master whose engine turns."""
    one = Typed(live_home, stack_pillar())
    main = yaml.safe_load((one.config / "master").read_text("utf-8"))
    main["external_auth"] = {"auto": {"bob": ["@runner"]}}
    (one.config / "master").write_text(yaml.safe_dump(main))
    try:
        one.start()
        until(lambda: one.healing()["state"] == "running", 60)
        yield one
    finally:
        one.stop()


def test_a_freeze_is_words_exit_0_and_is_in_force_in_the_engine(master):
    status, text = master.type("eos.freeze", "reason=disks are being changed", "for=4h")
    assert status == 0
    assert text.startswith("stack is frozen by root.\nIt ends by itself in 4h, at 20")
    found = until(lambda: (one := master.healing())["not_obeyed"] == 0 and one, 20)
    assert found["state"] == "frozen"
    assert found["frozen"][0]["reason"] == "disks are being changed"
    status, text = master.type("eos.thaw")
    assert status == 0
    assert "disks are being changed" in text
    until(lambda: master.healing()["state"] == "running", 20)


def test_status_shows_healing_and_what_needs_a_person(master):
    # A loaded 3006.28 does not always answer its own client at once; that is said, too.
    status, text = until(
        lambda: "consul on n1" in (found := master.type("eos.status"))[1] and found
    )
    assert status == 1  # no Consul runs here
    assert "\nhealing\nengine    running, heard " in text
    assert "\nneeds a person\n  - consul on n1 is failed: " in text
    status, text = master.type("--out=json", "eos.status")
    assert status == 1
    assert "outputter" not in json.loads(text)


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["eos.freeze"], 2, "reason is missing"),
        (["eos.suspend", "job:weeb", "for=2h", "reason=x"], 2, "(did you mean job:web?)"),
        (["eos.suspend", "job:web", "for=100h", "reason=x"], 2, "expected 72h at most"),
        (["eos.resume", "job:web"], 2, "there is nothing to resume for job:web"),
        (["eos.incidents", "opn=True"], 2, "opn is no option"),
        (["eos.explain", "nothing"], 2, "component nothing is unknown"),
        (["eos.incidents", "open=True"], 0, "no incident is open"),
        (["eos.audit", "verify=True"], 0, "The audit is whole: "),
        (["eos.heal", "test=True"], 0, "nothing is wrong that the healer knows of"),
        (["eos.heal"], 0, "looks at all open incidents now (0)"),
        (["eos.plan", "bootstrap"], 0, "bootstrap"),
    ],
)
def test_each_verb_ends_as_it_should(master, words, status, says):
    found = master.type(*words)
    assert found[0] == status, found[1]
    assert says in " ".join(found[1].split())
    assert "outputter" not in found[1]


def test_who_did_it_stands_in_the_audit(master):
    assert master.type("eos.hold", "node:n1", "reason=a", SUDO_USER="alice")[0] == 0
    _, text = master.type(
        "-a", "auto", "--username", "bob", "--password", "x", "eos.hold", "job:web", "reason=b"
    )
    assert "job:web is held by bob." in text, text
    rules = until(lambda: len(found := master.runner("eos.audit", "kind=rule")[1]["lines"]) > 2
                  and found, 20)  # fmt: skip
    assert [one["body"]["by"] for one in rules[-2:]] == ["root (alice by sudo)", "bob"]
    assert master.type("eos.release", "node:n1")[0] == 0
    assert master.type("eos.release", "job:web")[0] == 0


def test_help_is_there_for_every_verb(master):
    _, text = master.type("-d", "eos")
    for verb in ("freeze", "thaw", "suspend", "resume", "hold", "release", "incidents", "audit",
                 "heal", "explain", "status"):  # fmt: skip
        assert f"eos.{verb}:\n" in text


def test_a_master_that_is_down_is_frozen_all_the_same(master):
    """Last, because it stops the master."""
    master.stop()
    time.sleep(0.2)
    found = master.run("salt-run", "--log-level=quiet", "eos.freeze", "reason=at night")
    assert "stack is frozen by root." in found.stdout
    assert "does not turn now" not in found.stdout  # it was heard less than 30 s ago
    from saltext.eos.utils import heal_status

    (master.store / heal_status.NAME).unlink()
    found = master.run("salt-run", "--log-level=quiet", "eos.freeze", "reason=at night")
    said = " ".join(found.stdout.split())
    assert "does not turn now: this is recorded" in said
    assert "It takes the place of what root said: at night" in said
