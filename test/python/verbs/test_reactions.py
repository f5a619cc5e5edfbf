"""The examples of docs/reactions.md on a real master: own steps run, and the claim still guards."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from wheel import ROOT

sys.path.insert(0, str(Path(__file__).parents[1] / "heal_act"))

from healing_master import HealingMaster
from waiting import until

PAGE = (ROOT / "docs/reactions.md").read_text("utf-8")
LOGS = ("site-apply.log", "site-notes.log")
FILES = dict(re.findall(r"^`(/\S+)`\n\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


class Site(HealingMaster):
    """A master whose SRE has followed the page."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        main = yaml.safe_load((self.config / "master").read_text("utf-8"))
        main.pop("reactor", None)
        for path, text in FILES.items():
            here = text.replace("/srv/salt", str(self.states)).replace("/var/log", str(home))
            if path == "/etc/salt/master":
                main |= yaml.safe_load(here)
                continue
            place = Path(path.replace("/srv/salt", str(self.states)))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(here)
        (self.config / "master").write_text(yaml.safe_dump(main))
        code = "from saltext.eos.command.main import main; import sys; sys.exit(main())"
        self.said = subprocess.run(
            [sys.executable, "-c", code, "configure-master", "--yes", "--config",
             str(self.config / "master")],
            env=self.environment, cwd=self.home, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        file = self.config / "master.d" / "eos.conf"
        config = yaml.safe_load(file.read_text("utf-8"))
        # The engine is the test.
        config["engines"] = [one for one in config["engines"] if "eos_healer" not in one]
        file.write_text(yaml.safe_dump({**config, "eos_heal_within": 6}))
        for name in LOGS:
            (home / name).touch()

    def told(self, name: str) -> list[str]:
        """Give the lines of a log that a reaction wrote."""
        return (self.home / name).read_text("utf-8").splitlines()

    def fire(self, tag: str, **data) -> None:
        """Fire an event on the master's bus."""
        done = self.run("salt-run", "event.send", tag, f"data={json.dumps(data)}")
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def site(live_home):
    """A running master and minion."""
    one = Site(live_home)
    try:
        one.start()
        yield one
    finally:
        one.stop()


def test_the_page_has_the_files_that_this_test_places():
    assert sorted(FILES) == [
        "/etc/salt/master", "/srv/salt/site/apply-reactor.sls", "/srv/salt/site/apply.sls",
        "/srv/salt/site/note-reactor.sls",
    ]  # fmt: skip


def test_configure_master_leaves_the_replaced_decision_to_its_reactor(site):
    assert "apply-reactor.sls is in the place of Eos's own" in site.said
    merged = yaml.safe_load((site.config / "master.d/eos.conf").read_text("utf-8"))["reactor"]
    ours = [tag for one in merged for tag, files in one.items() if "eos/heal/reactor" in files[0]]
    assert "eos/heal/decided/apply" not in ours
    assert "eos/heal/decided/resync" in ours


def test_own_steps_run_after_the_claim_and_before_the_act(site):
    before, name = site.acts(), site.decide()
    site.fire("eos/heal/decided/apply", decision=name)
    until(lambda: site.decision(name)[0] == "done", 60)
    assert site.told("site-apply.log") == [f"decision {name} is claimed"]
    assert site.acts() == before + 1
    kinds = [
        kind for (kind, body) in site.ask("SELECT kind, body FROM audit ORDER BY n")
        if json.loads(body)["body"].get("decision") == name
    ]  # fmt: skip
    assert kinds == ["claimed", "acting", "acted", "result"]


@pytest.mark.parametrize("forged", ["d-999", "", "x: {y: z}\n  - q"])
def test_an_invented_decision_is_refused_before_any_own_step(site, forged):
    before, told = site.acts(), site.told("site-apply.log")
    code, _ = site.orchestrate("site.apply", f"pillar={json.dumps({'eos_decision': forged})}")
    assert code != 0
    assert (site.acts(), site.told("site-apply.log")) == (before, told)


def test_a_decision_that_is_fired_twice_is_acted_on_once(site):
    before, name = site.acts(), site.decide()
    for _ in range(3):
        site.fire("eos/heal/decided/apply", decision=name)
    until(lambda: site.decision(name)[0] == "done", 60)
    until(lambda: len([one for one in site.audit("claim_refused") if one["decision"] == name]) == 2)
    assert site.acts() == before + 1
    assert site.told("site-apply.log").count(f"decision {name} is claimed") == 1


def test_what_is_frozen_is_not_acted_on_by_own_steps_either(site):
    from saltext.eos.utils import heal_claim

    before, name = site.acts(), site.decide()
    freeze = {"verb": "freeze", "what": "stack", "reason": "look"}
    heal_claim.tell(site.path, freeze, "me")
    try:
        code, _ = site.orchestrate("site.apply", f"pillar={json.dumps({'eos_decision': name})}")
        assert code != 0
        assert site.acts() == before
        assert f"decision {name} is claimed" not in site.told("site-apply.log")
    finally:
        heal_claim.tell(site.path, {"verb": "thaw", "what": "stack"}, "me")
        site.engine()


def test_an_own_step_that_fails_ends_the_decision(site):
    """The log cannot be written: nothing is acted on, and nothing hangs."""
    before, name, log = site.acts(), site.decide(), site.home / "site-apply.log"
    log.rename(site.home / "away")
    try:
        code, _ = site.orchestrate("site.apply", f"pillar={json.dumps({'eos_decision': name})}")
    finally:
        (site.home / "away").rename(log)
    assert code != 0
    state, result = site.decision(name)
    assert (state, site.acts()) == ("failed", before)
    assert "apply was given up" in result["says"]
    assert not (site.store / "lock.json").exists()


def test_a_note_reaches_an_added_reactor_whatever_it_is_called(site):
    site.fire(
        "eos/heal/note", do="hold", what="job:web@default", says="web; $(reboot)\n'\"{{ 7*7 }}"
    )
    said = until(lambda: site.told("site-notes.log"), 60)
    assert said == ["hold job:web@default: web; $(reboot) '\"{{ 7*7 }}"]
