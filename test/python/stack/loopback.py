"""
The servers of a stack on the loopback, configured by nothing but their declarations.

A pillar for one node is compiled as in production; the files of each component are rendered as on
a host, with its absolute paths moved below a temporary folder, and the servers run as plain
processes with TLS and ACLs on from their first start.
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import salt.config
import salt.loader
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from programs import binary, clear, free_ports

ADDRESS = "127.0.0.2"
ELSEWHERE = ("service.enabled", "eos_program.installed")
WITH_CUSTODY = tuple(
    f"eos_vault.{name}" for name in ("initialised", "unsealed", "admin_present", "root_revoked")
)
MOVED = (
    "/etc/eos",
    "/var/lib/consul",
    "/var/lib/vault",
    "/var/lib/nomad",
    "/var/log/vault",
    "/var/lib/eos",
)


class Loopback:
    """One compiled node, its secrets and certificates, and the processes that run."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        from saltext.eos.utils import (
            authority,
            consul,
            contract,
            nomad,
            sealed,
            tls,
            vault,
            vault_init,
        )
        from saltext.eos.utils.compile import Stack

        self.home = home
        self.running: dict[str, subprocess.Popen] = {}
        for path in MOVED:
            (home / path[1:]).mkdir(parents=True, exist_ok=True)
        authority_file = str(self.moved("/etc/eos/tls/ca.pem"))
        patch.setattr(tls, "HOME", Path(self.moved("/etc/eos/tls")))
        patch.setattr(tls.ca_text, "__defaults__", (Path(authority_file),))
        for module in (consul, nomad, vault):
            patch.setattr(module, "CA_FILE", authority_file)
        patch.setattr(vault_init, "KEY", str(self.moved("/etc/eos/host.key")))
        self.directory = str(self.moved(vault_init.DIRECTORY))

        self.contract = contract.load()
        stack = Stack(self.contract, _pillar())
        self.form = stack.node("n1")
        self.master = {
            "id": "n1_master",
            "eos_state_dir": str(home / "store"),
            "eos_custody_key": str(home / "custody.key"),
        }
        sealed.make_key(self.master)
        authority.make(self.master, "test")
        self.secrets = {name: sealed.generate(self._kind(name)) for name in stack.secrets("n1")}
        self.form |= {
            "secrets": self._envelopes(),
            "ca": (home / "store/ca/ca.pem").read_text(),
            "certificates": {},
        }
        self._certify()
        self.state("eos_tls.authority", name=authority_file)

    def moved(self, path: str) -> str:
        """Give the place of an absolute path of the declarations below the test's folder."""
        return str(self.home / path.lstrip("/"))

    def opened(self, data):
        """Resolve secrets and move paths, as the files of a host would show them."""
        from saltext.eos.utils.secret import resolve

        text = json.dumps(resolve(data, self.pillar, self.options))
        for path in MOVED:
            text = text.replace(f'"{path}', f'"{self.moved(path)}')
        return json.loads(text)

    @property
    def pillar(self):
        return {"eos": {"_compiled": self.form}}

    @property
    def options(self):
        return {"id": "n1", "pki_dir": str(self.home / "pki"), "test": False}

    def state(self, function, test=False, **arguments):
        """Run one state function as a minion would."""
        opts = dict(salt.config.minion_config(None))
        opts |= {"cachedir": str(self.home / "cache"), "extension_modules": str(self.home / "x")}
        opts |= {**self.options, "pillar": self.pillar, "test": test}
        mods = salt.loader.minion_mods(opts)
        return salt.loader.states(opts, mods, salt.loader.utils(opts), None)[function](**arguments)

    def states(self, component):
        """List the API states of a component: function and arguments, in their order."""
        spec = self.contract.components[component]["spec"]
        compiled = self.form["components"][component]["states"]
        found = []
        for state in (*spec.get("prepare", ()), *spec.get("converge", ())):
            if state["run"] in ELSEWHERE:
                continue
            arguments = dict(compiled[state["id"]])
            if state["run"] in WITH_CUSTODY:
                arguments["directory"] = self.directory
            if state["run"] == "eos_nomad.token_file":
                arguments |= {"name": self.moved(arguments["name"]), "user": getpass.getuser()}
            found.append((state["id"], state["run"], arguments))
        return found

    def gate(self, component):
        """Observe the gate of a component once."""
        from saltext.eos.utils import observe, secret

        part = self.form["components"][component]
        context = {
            "compiled": self.form,
            "values": part["values"],
            "resolve": lambda data: secret.resolve(data, self.pillar, self.options),
        }
        return observe.observe(part["gate"], context)

    def start(self, component, arguments, ready, within=60):
        """Start a server with the configuration that its declaration makes, and wait for it."""
        for path, file in self.form["components"][component]["files"].items():
            if file["format"] == "json":
                place = Path(self.moved(path))
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(json.dumps(self.opened(file["data"])))
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        environment["STATE_DIRECTORY"] = str(self.home / "state")
        (self.home / "state").mkdir(exist_ok=True)
        log = (self.home / f"{component}.log").open("a")
        child = subprocess.Popen(arguments, stdout=log, stderr=log, env=environment)
        self.running[component] = child
        deadline = time.monotonic() + within
        while not _holds(ready):
            said = (self.home / f"{component}.log").read_text()[-2000:]
            assert child.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.25)

    def stop(self, component):
        """End one server and wait for it."""
        child = self.running.pop(component)
        child.terminate()
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def stop_all(self):
        """End every job and server, the last one first, and leave nothing mounted."""
        if "nomad" in self.running:
            self._end_jobs()
        for component in reversed(list(self.running)):
            self.stop(component)
        clear(self.home)
        shutil.rmtree(self.home, ignore_errors=True)

    def _end_jobs(self):
        from saltext.eos.utils import nomad

        token = self.secrets["nomad_acl.management_token"]
        client = nomad.client(f"https://127.0.0.1:{self.port('nomad', 'https')}", token)
        for job in client.get("/v1/jobs"):
            client.delete(f"/v1/job/{job['ID']}?purge=true")
        for _ in range(40):
            if not [
                one for one in client.get("/v1/allocations") if one["ClientStatus"] == "running"
            ]:
                return
            time.sleep(0.5)

    def port(self, component, field):
        return self.form["components"][component]["values"][field]

    def start_vault(self):
        from saltext.eos.utils import vault

        client = vault.client(f"https://127.0.0.1:{self.port('vault', 'api')}")
        config = self.moved("/etc/vault.d")
        command = [binary("vault"), "server", f"-config={config}"]
        self.start("vault", command, lambda: client.get("/v1/sys/init"))

    def start_consul(self):
        from saltext.eos.utils import consul

        client = consul.client(f"https://127.0.0.1:{self.port('consul', 'https')}")
        config = self.moved("/etc/consul.d")
        command = [binary("consul"), "agent", f"-config-dir={config}"]
        self.start("consul", command, lambda: client.get("/v1/status/leader"))

    def start_nomad(self):
        from saltext.eos.utils import nomad

        client = nomad.client(f"https://127.0.0.1:{self.port('nomad', 'https')}")
        config = self.moved("/etc/nomad.d")
        command = [binary("nomad"), "agent", f"-config={config}"]
        self.start("nomad", command, lambda: client.get("/v1/status/leader"))

    def _kind(self, name):
        component, field = name.split(".")
        return self.contract.components[component]["fields"][field]["secret"]

    def _envelopes(self):
        from saltext.eos.utils import envelope

        key = rsa.generate_private_key(65537, 2048)
        pem = serialization.Encoding.PEM
        folder = self.home / "pki"
        folder.mkdir()
        private = key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "minion.pem").write_bytes(private)
        public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
        return {
            name: envelope.pack(value, public, minion="n1", purpose=name)
            for name, value in self.secrets.items()
        }

    def _certify(self):
        from saltext.eos.utils import authority, tls

        for component, part in self.form["components"].items():
            if "identity" not in part:
                continue
            tls.make_key(component)
            sans = authority.names(self.form["node"], part["identity"]["sans"])
            made = authority.sign(self.master, tls.request(component), component, sans)
            self.form["certificates"][component] = made
            outcome = self.state("eos_tls.installed", name=component, sans=part["identity"]["sans"])
            assert outcome["result"] is True, outcome


def _pillar():
    names = [
        *(f"consul.{name}" for name in ("https", "serf_lan", "server", "dns")),
        *("vault.api", "vault.cluster"),
        *(f"nomad.{name}" for name in ("https", "rpc", "serf")),
    ]
    eos: dict = {
        "stack": {"name": "test", "domain": "eos.test"},
        "topology": {
            "n1": {
                "address": ADDRESS,
                "memory": "8GiB",
                "cpus": 2,
                "roles": {
                    "consul": ["server"],
                    "vault": ["server"],
                    "nomad": ["server", "client"],
                    "sidecar": ["runner"],
                },
            }
        },
    }
    for name, port in zip(names, free_ports(len(names)), strict=True):
        component, field = name.split(".")
        eos.setdefault(component, {})[field] = port
    return eos


def _holds(ready) -> bool:
    from salt.exceptions import CommandExecutionError

    try:
        return bool(ready())
    except CommandExecutionError:
        return False
