"""What the law needs: Salt, and servers with TLS and ACLs that start when first asked for."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

import pytest
import salt.config
import salt.loader
from fault_fixtures import bench, proxies  # noqa: F401 - fixtures
from law_nomad import csi_plugin, nomad
from law_secrets import content
from law_servers import consul, vault
from law_tables import TABLES, keys_of
from programs import clear

STARTS = {"nomad": nomad, "consul": consul, "vault": vault}
READS = ("GET", "LIST")


class Salted:
    """States and modules that talk to the servers, and what they sent."""

    def __init__(self, home: Path, servers: contextlib.ExitStack) -> None:
        self.home, self._servers = home, servers
        self.connections: dict = {}
        self._loaded: dict = {}
        self.files = home / "srv"
        self.sent: list[tuple[str, str]] = []

    def serve(self, service: str) -> None:
        """Start a server, unless it runs already."""
        if service not in self.connections:
            server = self._servers.enter_context(STARTS[service](self.home / service))
            self.connect(service, server.connection())

    def connect(self, service: str, connection: dict) -> None:
        """Let states reach a service in this way from now on."""
        self.connections[service] = connection
        self._loaded.clear()

    def client(self, service: str):
        """Give a client with the server's management token, for what happens behind Salt's back."""
        from saltext.eos.utils.settings import connect

        return connect(service, self.opts)

    @property
    def opts(self) -> dict:
        """Options of a minion that may talk to what runs."""
        opts = dict(salt.config.minion_config(None))
        opts |= {"id": "n1", "cachedir": str(self.home / "cache"), "pillar": {}, "test": False}
        opts |= {"extension_modules": str(self.home / "x"), "file_client": "local"}
        opts |= {"file_roots": {"base": [str(self.files)]}}
        return opts | {"eos": {"connections": dict(self.connections)}}

    @property
    def modules(self):
        """Execution modules."""
        return self._load("modules", test=False)

    def state(self, function: str, test: bool = False, **arguments) -> dict:
        """Run a state; what it sent stands in ``sent`` alone."""
        self.sent.clear()
        return self._load("states", test=test)[function](**arguments)

    @property
    def wrote(self) -> list[tuple[str, str]]:
        """What was sent that may change something."""
        return [one for one in self.sent if one[0] not in READS]

    def _load(self, kind: str, *, test: bool):
        if (kind, test) not in self._loaded:
            opts = self.opts | {"test": test}
            modules = salt.loader.minion_mods(opts)
            utils = salt.loader.utils(opts)
            states = salt.loader.states(opts, modules, utils, None)
            self._loaded["modules", test] = modules
            self._loaded["states", test] = states
        return self._loaded[kind, test]


@pytest.fixture(scope="session")
def salted_once():
    """One home and one of each server for the whole run."""
    home = Path(tempfile.mkdtemp(prefix="law", dir="/tmp"))
    with contextlib.ExitStack() as servers:
        yield Salted(home, servers)
    clear(home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def salted(salted_once, monkeypatch, tmp_path):
    """Salt with its servers; a secret's file is looked for below a folder of this test."""
    from saltext.eos.utils import http, placed

    once, from_file = http.Client._once, placed.from_file

    def recorded(client, method, path, body):
        salted_once.sent.append((method, path))
        return once(client, method, path, body)

    def below(name):
        if name.startswith("/tmp/law"):
            return from_file(name)
        place = tmp_path / name.lstrip("/")
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch(0o600)
            place.write_text(content(name))
        return from_file(str(place))

    monkeypatch.setattr(http.Client, "_once", recorded)
    monkeypatch.setattr(placed, "from_file", below)
    return salted_once


@pytest.fixture
def ready(salted):
    """Give Salt with what the examples of a resource need before; it is taken away afterwards."""
    applied = []

    def make(table):
        salted.serve(table["service"])
        if table["resource"] == "nomad_csi_volume":
            csi_plugin(salted.client("nomad"), salted.home / "nomad")
        for one in table.get("given", ()):
            result = salted.state(one["run"], **one["with"])
            assert result["result"] is True, result
            applied.append(one)
        return salted

    yield make
    keys = {f"{table['resource']}.present": table for table in TABLES}
    for one in reversed(applied):
        absent = one["run"].replace(".present", ".absent")
        salted.state(absent, **keys_of(keys[one["run"]], one["with"]))


@pytest.fixture
def meanwhile(salted, monkeypatch):
    """Let another do something just before a request of ours arrives."""
    from saltext.eos.utils import http

    def before(method, start, deed, times=1):
        once, left, other = http.Client._once, [times], salted.client("nomad")

        def late(client, its_method, path, body):
            if (
                client is not other
                and left[0]
                and (its_method, path[: len(start)]) == (method, start)
            ):
                left[0] -= 1
                deed(other)
            return once(client, its_method, path, body)

        monkeypatch.setattr(http.Client, "_once", late)

    return before


@pytest.fixture
def weak(salted):
    """Let Salt talk to Nomad with a token that has some rules only."""
    salted.serve("nomad")
    client, known = salted.client("nomad"), dict(salted.connections)
    made = []

    def use(rules):
        name = f"weak-{len(made)}"
        client.put(f"/v1/acl/policy/{name}", {"Name": name, "Rules": rules})
        token = client.put("/v1/acl/token", {"Type": "client", "Policies": [name], "Name": name})
        made.append((name, token["AccessorID"]))
        place = Path(known["nomad"]["token_file"]).with_name(name)
        place.touch(0o600)
        place.write_text(token["SecretID"])
        salted.connect("nomad", {**known["nomad"], "token_file": str(place)})

    yield use
    salted.connect("nomad", known["nomad"])
    for name, accessor in made:
        client.delete(f"/v1/acl/token/{accessor}")
        client.delete(f"/v1/acl/policy/{name}")
