"""What the law needs: Salt, and servers with TLS and ACLs that start when first asked for."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

import pytest
import salt.config
import salt.loader
from law_nomad import nomad
from law_secrets import content
from law_servers import consul, vault
from law_tables import TABLES, keys_of
from programs import clear

STARTS = {"nomad": nomad, "consul": consul, "vault": vault}
READS = ("GET", "LIST")


class Salted:
    """States and modules that talk to the servers, and what they sent."""

    def __init__(self, home: Path, servers: contextlib.ExitStack) -> None:
        self._home, self._servers, self._connections = home, servers, {}
        self._loaded: dict = {}
        self.sent: list[tuple[str, str]] = []

    def serve(self, service: str) -> None:
        """Start a server, unless it runs already."""
        if service not in self._connections:
            server = self._servers.enter_context(STARTS[service](self._home / service))
            self._connections[service] = server.connection()
            self._loaded.clear()

    @property
    def opts(self) -> dict:
        """Options of a minion that may talk to what runs."""
        opts = dict(salt.config.minion_config(None))
        opts |= {"id": "n1", "cachedir": str(self._home / "cache"), "pillar": {}, "test": False}
        opts |= {"extension_modules": str(self._home / "x")}
        return opts | {"eos": {"connections": dict(self._connections)}}

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
