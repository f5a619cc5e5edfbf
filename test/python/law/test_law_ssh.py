"""Over salt-ssh: a machine without a minion runs a resource against a real server."""

import shutil
import tempfile
from pathlib import Path

import pytest
import salt.version
import yaml
from law_ssh import target
from wheel import ROOT, SITE

pytestmark = pytest.mark.server

LINE = salt.version.__saltstack_version__.major
PILLAR = {"consul_kv": {"ssh/pillar": {"value": "here"}}}
INIT = "from pkgutil import extend_path\n\n__path__ = extend_path(__path__, __name__)\n"
KEY = "key:\n  consul_kv.present:\n    - name: ssh/key\n    - value: far\n"


@pytest.fixture(scope="module")
def edge():
    """A machine that only SSH reaches; its folder has a short name, as sockets need."""
    home = Path(tempfile.mkdtemp(prefix="law-ssh", dir="/tmp"))
    with target(home) as there:
        (there.states / "key.sls").write_text(KEY)
        (there.pillars / "eos.sls").write_text(yaml.safe_dump({"eos": {"objects": PILLAR}}))
        yield there
    shutil.rmtree(home)


@pytest.fixture
def connections(salted):
    """How that machine reaches Consul; what it writes there is taken away."""
    salted.serve("consul")
    yield {"consul": salted.connections["consul"]}
    for name in ("ssh/key", "ssh/pillar"):
        salted.state("consul_kv.absent", name=name)


def applied(edge, salted, connections, **more):
    """Apply a state and the pillar's objects, twice: the second time nothing changes."""
    for sls, name in (("key", "ssh/key"), ("eos.objects", "ssh/pillar")):
        first = edge.run(connections, "state.apply", sls, **more)
        assert isinstance(first, dict), first
        (done,) = [one for one in first.values() if one["name"] == name]
        assert (done["result"], set(done["changes"])) == (True, {"name", "value", "flags"}), done
        assert salted.modules["consul_kv.get"](name) is not None
    again = edge.run(connections, "state.apply", "eos.objects", **more)
    assert [(one["result"], one["changes"]) for one in again.values()] == [(True, {})] * 2, again


@pytest.mark.skipif(LINE < 3008, reason="3006 carries no packages: see the two tests below")
def test_salt_3008_carries_what_a_resource_needs(edge, salted, connections):
    """Mutation: import something that Salt does not carry, and the target cannot load it."""
    applied(edge, salted, connections)


@pytest.mark.skipif(LINE >= 3008, reason="3008 carries packages")
def test_salt_3006_is_refused_with_what_to_do(edge, connections):
    """Mutation: compile the pillar all the same, and each state is said not to be there."""
    said = "\n".join(edge.run(connections, "state.apply", "eos.objects"))
    assert "salt-ssh of Salt 3006 does not carry saltext-eos to its targets" in said
    assert "thin_extra_mods: saltext" in said
    assert "docs/salt-ssh.md" in said
    assert (ROOT / "docs/salt-ssh.md").exists()


@pytest.mark.skipif(LINE >= 3008, reason="3008 needs no bundle")
def test_salt_3006_carries_a_bundle_that_is_made_as_its_page_says(edge, salted, connections):
    """Mutation: leave the package without its file, and nothing of it goes along."""
    page = (ROOT / "docs/salt-ssh.md").read_text("utf-8")
    assert f"printf '{INIT}'".replace("\n", "\\n") in page
    bundle = edge.home / "bundle"
    # What `pip install --no-deps --target` does with a wheel.
    shutil.copytree(SITE, bundle)
    (bundle / "saltext/__init__.py").write_text(INIT)
    applied(edge, salted, connections, site=bundle, thin_extra_mods="saltext")
