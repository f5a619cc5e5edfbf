"""Real servers for the eyes of the healer: Consul with ACLs, Nomad that registers there, Vault."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from programs import binary, free_ports

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "terraform"))
CONSUL_RULES = 'node_prefix "" { policy = "read" }\nservice_prefix "" { policy = "read" }\n'
NOMAD_RULES = (
    'namespace "*" { capabilities = ["list-jobs", "read-job"] }\nnode { policy = "read" }\n'
)


class World:
    """
    The servers, their management clients, and a sidecar's configuration with tokens that read.

    :param home: where everything is kept.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.keys = {"nomad": str(uuid.uuid4()), "consul": str(uuid.uuid4())}
        self.where: dict[str, str] = {}
        self._stack = contextlib.ExitStack()

    def client(self, kind: str):
        """Give a client with all rights."""
        from saltext.eos.utils.http import Client

        header = {"nomad": "X-Nomad-Token", "consul": "X-Consul-Token", "vault": "X-Vault-Token"}
        key = self.keys.get(kind, "root")
        return Client(self.where[kind], headers={header[kind]: key}, timeout=10)

    def start(self) -> None:
        """Start Consul, then Nomad as server and client, then Vault."""
        import servers

        self._stack.enter_context(self._consul())
        self._stack.enter_context(self._nomad())
        self.where["vault"], _ = self._stack.enter_context(servers.vault(self.home / "vault"))

    def stop(self) -> None:
        """End everything, tasks first: what outlives its agent is nobody's."""
        if "nomad" in self.where:
            for job in self.client("nomad").get("/v1/jobs?namespace=*"):
                self.purge(job["ID"], job["Namespace"])
        self._stack.close()
        # Nomad keeps the volatile folders of allocations until it collects them.
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in mounts:
            if mount.startswith(f"{self.home}/"):
                subprocess.run(["umount", mount], check=True)

    def purge(self, job: str, namespace: str = "default") -> None:
        """Stop a job for good, and wait until its tasks have ended."""
        nomad = self.client("nomad")
        nomad.delete(f"/v1/job/{job}?namespace={namespace}&purge=true")
        path = f"/v1/job/{job}/allocations?namespace={namespace}"
        left = ("running", "pending", "unknown")
        self.until(lambda: all(one["ClientStatus"] not in left for one in nomad.get(path)))

    def configuration(
        self, home: Path, rules: str = NOMAD_RULES, services: str = CONSUL_RULES, consul: str = ""
    ) -> str:
        """
        Write what a sidecar with tokens of such rights would read; give its path.

        :param consul: where it finds Consul; where Consul is when left out.
        """
        where = consul or self.where["consul"]
        name = f"reader-{uuid.uuid4()}"
        nomad = self.client("nomad")
        nomad.post(f"/v1/acl/policy/{name}", {"Name": name, "Rules": rules})
        told = nomad.post("/v1/acl/token", {"Name": name, "Type": "client", "Policies": [name]})
        (home / "nomad.token").write_text(told["SecretID"] + "\n")
        (home / "consul.token").write_text(self.consul_token(services) + "\n")
        held = {
            "nomad": [{"region": "global", "addresses": [self.where["nomad"]], "ca": None,
                       "token_file": str(home / "nomad.token")}],
            "consul": [{"datacenter": "dc1", "addresses": [where], "ca": None,
                        "token_file": str(home / "consul.token")}],
        }  # fmt: skip
        (home / "config.json").write_text(json.dumps(held))
        return str(home / "config.json")

    def consul_token(self, rules: str | dict) -> str:
        """Make a token of Consul with just these rights."""
        consul, name = self.client("consul"), f"p-{uuid.uuid4()}"
        text = rules if isinstance(rules, str) else json.dumps(rules)
        consul.put("/v1/acl/policy", {"Name": name, "Rules": text})
        made = consul.put("/v1/acl/token", {"Policies": [{"Name": name}]})
        return str(made["SecretID"])

    def run(self, name: str, namespace: str = "default", **group) -> dict:
        """Run a job of one copy with a service of Consul; give its allocation once it runs."""
        nomad = self.client("nomad")
        task = {
            "Name": name, "Driver": "raw_exec", "KillTimeout": 1_000_000_000,
            "Config": {"command": "/bin/sleep", "args": ["3600"]},
            "Resources": {"CPU": 20, "MemoryMB": 16},
        }  # fmt: skip
        service = {"Name": name, "Provider": "consul"}
        one = {"Name": name, "Count": 1, "Tasks": [task], "Services": [service], **group}
        made = {"ID": name, "Name": name, "Namespace": namespace, "Type": "service",
                "Datacenters": ["dc1"], "TaskGroups": [one]}  # fmt: skip
        nomad.post(f"/v1/jobs?namespace={namespace}", {"Job": made})
        path = f"/v1/job/{name}/allocations?namespace={namespace}"
        return self.until(
            lambda: next((one for one in nomad.get(path) if one["ClientStatus"] == "running"), None)
        )

    def registered(self, service: str):
        """Give the instances of a service in the catalogue."""
        return self.client("consul").get(f"/v1/catalog/service/{service}")

    @staticmethod
    def until(seen, within: float = 40):
        """Wait until something is seen, and give it."""
        deadline = time.monotonic() + within
        while not (found := seen()):
            assert time.monotonic() < deadline, "it was never seen"
            time.sleep(0.1)
        return found

    @contextlib.contextmanager
    def _consul(self):
        import servers

        from saltext.eos.utils.http import Client

        home = self.home / "consul"
        home.mkdir()
        names = ("http", "server", "serf_lan", "serf_wan", "grpc", "grpc_tls", "dns")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        settings = {
            "server": True, "bootstrap_expect": 1, "bind_addr": "127.0.0.1", "node_name": "n1",
            "data_dir": str(home / "data"),
            "ports": {**ports, "dns": -1, "grpc": -1, "grpc_tls": -1},
            "acl": {
                "enabled": True, "default_policy": "deny",
                "tokens": {"initial_management": self.keys["consul"],
                           "agent": self.keys["consul"], "default": ""},
            },
            "performance": {"raft_multiplier": 1}, "disable_update_check": True,
        }  # fmt: skip
        (home / "consul.json").write_text(json.dumps(settings))
        self.where["consul"] = f"http://127.0.0.1:{ports['http']}"
        open_ = Client(self.where["consul"], timeout=3, attempts=1)
        command = [binary("consul"), "agent", f"-config-file={home}/consul.json"]

        def ready():
            known = self.client("consul").get("/v1/catalog/nodes")
            return open_.get("/v1/status/leader") and known

        with servers.running(command, home, ready):
            yield

    @contextlib.contextmanager
    def _nomad(self):
        import servers

        from saltext.eos.utils.http import Client

        http, rpc, serf = free_ports(3)
        settings = {
            "server": {
                "enabled": True, "bootstrap_expect": 1, "heartbeat_grace": "1s",
                "min_heartbeat_ttl": "1s", "max_heartbeats_per_second": 100.0,
            },
            "acl": {"enabled": True},
            **self._agent("nomad", http, rpc, serf),
        }  # fmt: skip
        self.rpc = rpc
        self.where["nomad"] = f"http://127.0.0.1:{http}"
        open_ = Client(self.where["nomad"], timeout=3, attempts=1)
        command = self._command("nomad", settings)
        with servers.running(command, self.home / "nomad", lambda: open_.get("/v1/status/leader")):
            body = {"BootstrapSecret": self.keys["nomad"]}
            self.until(lambda: _tried(lambda: open_.put("/v1/acl/bootstrap", body)))
            self.until(self._has_node)
            yield

    @contextlib.contextmanager
    def another(self, name: str):
        """A second client of Nomad; gives its process."""
        import servers

        settings = self._agent(name, *free_ports(3))
        settings["client"]["servers"] = [f"127.0.0.1:{self.rpc}"]
        settings["client"]["meta"] = {"which": name}
        settings["server"] = {"enabled": False}
        settings["acl"] = {"enabled": True}
        command = self._command(name, settings)
        with servers.running(command, self.home / name, lambda: self._has_node(name)) as child:
            yield child

    def _has_node(self, name: str = "nomad"):
        nodes = self.client("nomad").get("/v1/nodes")
        return any(one["Name"] == name and one["Status"] == "ready" for one in nodes)

    def _command(self, name: str, settings: dict) -> list[str]:
        (self.home / name).mkdir()
        (self.home / name / "nomad.json").write_text(json.dumps(settings))
        return [binary("nomad"), "agent", f"-config={self.home}/{name}/nomad.json"]

    def _agent(self, name: str, http: int, rpc: int, serf: int) -> dict:
        return {
            "name": name, "bind_addr": "127.0.0.1", "data_dir": str(self.home / name / "data"),
            "advertise": dict.fromkeys(("http", "rpc", "serf"), "127.0.0.1"),
            "ports": {"http": http, "rpc": rpc, "serf": serf},
            "client": {
                "enabled": True,
                "options": {
                    "driver.allowlist": "raw_exec",
                    "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean",
                },
            },
            "plugin": {"raw_exec": {"config": {"enabled": True}}},
            "consul": {"address": self.where["consul"].removeprefix("http://"),
                       "token": self.keys["consul"]},
            "limits": {"http_max_conns_per_client": 1000}, "disable_update_check": True,
        }  # fmt: skip


def _tried(call):
    from salt.exceptions import CommandExecutionError

    try:
        return call()
    except CommandExecutionError:
        return None


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Real servers, for the whole run of a module."""
    found = World(tmp_path_factory.mktemp("w"))
    try:
        found.start()
        yield found
    finally:
        found.stop()
