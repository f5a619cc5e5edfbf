"""
The law of seven steps, for every example of every generated resource, on a real server.

1 test mode predicts, 2 applying does exactly that, 3 again nothing, 4 test mode agrees, 5 drift
behind Salt's back is repaired and nothing else, 6 test mode of absent, 7 absent, and again.
"""

import json
import subprocess
import time

import pytest
import salt.config
import salt.loader
from programs import binary, free_ports
from wheel import ROOT

CASES = [
    (table["resource"], table["keys"], name, example)
    for path in sorted((ROOT / "generated/test").glob("*.json"))
    for table in [json.loads(path.read_text("utf-8"))]
    for name, example in table["examples"].items()
]


@pytest.fixture(scope="session")
def nomad(tmp_path_factory):
    """The address of a Nomad server in development mode, on the loopback, without a client."""
    nomad_program = binary("nomad")
    http, rpc, serf = free_ports(3)
    home = tmp_path_factory.mktemp("nomad")
    settings = {
        "bind_addr": "127.0.0.1",
        "data_dir": str(home),
        "advertise": dict.fromkeys(("http", "rpc", "serf"), "127.0.0.1"),
        "ports": {"http": http, "rpc": rpc, "serf": serf},
        "server": {"enabled": True, "bootstrap_expect": 1},
        "client": {"enabled": False},
        "disable_update_check": True,
    }
    (home / "nomad.json").write_text(json.dumps(settings))
    log = (home / "log").open("w")
    agent = subprocess.Popen(
        [nomad_program, "agent", f"-config={home}/nomad.json"], stdout=log, stderr=log
    )
    address = f"http://127.0.0.1:{http}"
    try:
        _wait_for_leader(address, home)
        yield address
    finally:
        agent.terminate()
        agent.wait(20)
        log.close()


def _wait_for_leader(address, home):
    from saltext.eos.utils.http import Client, HttpError

    client = Client(address, timeout=2, attempts=1)
    for _ in range(80):
        try:
            if client.get("/v1/status/leader"):
                client.get("/v1/namespaces")
                return
        except HttpError:
            pass
        time.sleep(0.25)
    raise AssertionError((home / "log").read_text()[-2000:])


@pytest.fixture
def salted(nomad, tmp_path):
    """Functions that run states and modules against the server."""
    opts = dict(salt.config.minion_config(None))
    opts |= {"id": "n1", "cachedir": str(tmp_path), "extension_modules": str(tmp_path / "x")}
    opts |= {"eos": {"connections": {"nomad": {"address": nomad}}}, "test": False, "pillar": {}}
    mods = salt.loader.minion_mods(opts)
    states = salt.loader.states(opts, mods, salt.loader.utils(opts), None)

    class Salted:
        modules = mods

        @staticmethod
        def state(function, test=False, **arguments):
            opts["test"] = test
            states.opts["test"] = test
            loaded = salt.loader.states(dict(opts), mods, salt.loader.utils(opts), None)
            return loaded[function](**arguments)

    return Salted


@pytest.mark.server
@pytest.mark.parametrize(
    ("resource", "keys", "example"),
    [(resource, keys, example) for resource, keys, _, example in CASES],
    ids=[f"{resource}-{name}" for resource, _, name, _ in CASES],
)
def test_the_law(salted, resource, keys, example):
    desired, drift = example["desired"], example["drift"]
    names = {key: desired[key] for key in keys}
    present, absent = f"{resource}.present", f"{resource}.absent"

    predicted = salted.state(present, test=True, **desired)
    assert predicted["result"] is None, predicted
    assert predicted["changes"]
    assert salted.modules[f"{resource}.get"](**names) is None

    applied = salted.state(present, **desired)
    assert applied["result"] is True, applied
    assert applied["changes"] == predicted["changes"]

    for test in (False, True):
        again = salted.state(present, test=test, **desired)
        assert again["result"] is True, again
        assert again["changes"] == {}

    for field, value in drift.items():
        before = salted.modules[f"{resource}.get"](**names)
        salted.modules[f"{resource}.update"](**names, **{field: value})
        assert salted.modules[f"{resource}.get"](**names) != before, "the drift must be real"
        repaired = salted.state(present, **desired)
        assert set(repaired["changes"]) == {field}, repaired
        assert salted.modules[f"{resource}.get"](**names) == before

    gone = salted.state(absent, test=True, **names)
    assert gone["result"] is None
    assert salted.modules[f"{resource}.get"](**names) is not None
    gone_for_good = salted.state(absent, **names)
    assert gone_for_good["result"] is True
    assert gone_for_good["changes"] == gone["changes"]
    assert salted.state(absent, **names)["changes"] == {}


@pytest.mark.server
def test_the_law_fails_when_a_write_is_swallowed(salted, monkeypatch):
    """Mutation: a state that believes its own request, not the server, would pass here."""
    from saltext.eos.utils import converge

    monkeypatch.setattr(converge, "_create", lambda *_: None)
    result = salted.state("nomad_namespace.present", name="swallowed")
    assert result["result"] is False
    assert "is not there after it was written" in result["comment"]


NEGATIVE = [
    ({"name": "a/b"}, "name: expected a name without `/` and control characters; found 'a/b'"),
    ({"name": "a\0b"}, r"name: expected a name without `/` and control characters; found 'a\x00b'"),
    ({"name": ""}, "name: expected a name without `/`"),
    ({"name": "web", "description": 7}, "description: expected string; found 7"),
    ({"name": "web", "meta": {"a": 1}}, "meta:a: expected string; found 1"),
    ({"name": "web", "meta": ["a"]}, 'meta: expected object; found ["a"]'),
]


@pytest.mark.server
@pytest.mark.parametrize(("arguments", "message"), NEGATIVE)
def test_refuses_wrong_values_before_anything_is_sent(salted, arguments, message):
    before = salted.modules["nomad_namespace.list"]()
    result = salted.state("nomad_namespace.present", **arguments)
    assert result["result"] is False
    assert message in result["comment"]
    assert result["changes"] == {}
    assert salted.modules["nomad_namespace.list"]() == before


def test_a_server_out_of_reach_is_said_without_a_traceback(tmp_path):
    from saltext.eos.specs.nomad_namespace import SPEC
    from saltext.eos.utils import converge

    opts = {"eos": {"connections": {"nomad": {"address": "http://127.0.0.1:1"}}}, "test": False}
    result = converge.present(SPEC, {"name": "web"}, {}, opts)
    assert result["result"] is False
    assert "got no answer: Connection refused" in result["comment"]
