"""Nomad, Consul and a sealed Vault on the loopback, with ACLs, for what acts ask of them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from programs import binary, clear, free_ports

from saltext.eos.utils.http import Client, HttpError

ROOT = "8c1e4f5a-6f0e-4a53-9d3b-2f6f1b0c7d11"


class Servers:
    """
    The servers, and a sidecar's configuration that names them.

    :param home: a folder of their own.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._running: list[subprocess.Popen] = []
        nomad, rpc, serf, http, dns, lan, server, vault, cluster = free_ports(9)
        self.consul_address = f"http://127.0.0.1:{http}"
        self.nomad_address = f"http://127.0.0.1:{nomad}"
        self.vault_address = f"http://127.0.0.1:{vault}"
        self._write("vault.json", {
            "storage": {"file": {"path": str(home / "vault")}}, "disable_mlock": True,
            "listener": {"tcp": {"address": f"127.0.0.1:{vault}", "tls_disable": True,
                                 "cluster_address": f"127.0.0.1:{cluster}"}},
        })  # fmt: skip
        self._write("consul.json", {
            "server": True, "bootstrap_expect": 1, "data_dir": str(home / "consul"),
            "bind_addr": "127.0.0.1", "client_addr": "127.0.0.1", "node_name": "n1",
            "datacenter": "dc1", "disable_update_check": True,
            "ports": {"http": http, "dns": dns, "serf_lan": lan, "serf_wan": -1, "server": server,
                      "grpc": -1, "grpc_tls": -1},
            "acl": {"enabled": True, "default_policy": "deny",
                    "tokens": {"initial_management": ROOT, "agent": ROOT}},
        })  # fmt: skip
        self._write("nomad.json", {
            "data_dir": str(home / "nomad"), "bind_addr": "127.0.0.1", "name": "n1",
            "ports": {"http": nomad, "rpc": rpc, "serf": serf}, "disable_update_check": True,
            "advertise": dict.fromkeys(("http", "rpc", "serf"), "127.0.0.1"),
            "server": {"enabled": True, "bootstrap_expect": 1}, "acl": {"enabled": True},
            "client": {"enabled": True, "cpu_total_compute": 4000, "memory_total_mb": 2000},
            "plugin": [{"raw_exec": [{"config": [{"enabled": True}]}]}],
            "consul": [{"address": "127.0.0.1:1", "auto_advertise": False,
                        "client_auto_join": False, "server_auto_join": False}],
            "vault": [{"enabled": True, "address": self.vault_address,
                       "default_identity": {"aud": ["vault.io"], "ttl": "1h"}}],
        })  # fmt: skip

    def start(self) -> None:
        """Start them all, and wait until they answer."""
        self._run("vault", "server", f"-config={self.home / 'vault.json'}")
        self._run("consul", "agent", f"-config-file={self.home / 'consul.json'}")
        self._run("nomad", "agent", f"-config={self.home / 'nomad.json'}")
        self.until(lambda: self.consul().get("/v1/catalog/nodes"))
        self.until(lambda: Client(self.nomad_address).get("/v1/status/leader"))
        self.until(lambda: Client(self.nomad_address).post(
            "/v1/acl/bootstrap", {"BootstrapSecret": ROOT}))  # fmt: skip
        self.until(lambda: [
            one for one in self.nomad().get("/v1/nodes") if one["Status"] == "ready"])  # fmt: skip

    def stop(self) -> None:
        """End them, Nomad's tasks too."""
        with contextlib.suppress(HttpError):
            for one in self.nomad().get("/v1/jobs?namespace=*"):
                self.nomad().delete(f"/v1/job/{one['ID']}?purge=true")
        for daemon in reversed(self._running):
            daemon.terminate()
        for daemon in reversed(self._running):
            try:
                daemon.wait(15)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait(10)
        clear(self.home)

    def nomad(self, token: str = ROOT) -> Client:
        """Ask Nomad."""
        return Client(self.nomad_address, headers={"X-Nomad-Token": token}, attempts=1)

    def consul(self, token: str = ROOT) -> Client:
        """Ask Consul."""
        return Client(self.consul_address, headers={"X-Consul-Token": token}, attempts=1)

    def nomad_token(self, *capabilities: str) -> str:
        """Make a token that may just this in every namespace."""
        name = "p-" + "-".join(capabilities)
        rules = {"namespace": {"*": {"capabilities": capabilities}}, "node": {"policy": "read"}}
        self.nomad().post(f"/v1/acl/policy/{name}", {"Name": name, "Rules": json.dumps(rules)})
        made = {"Name": name, "Type": "client", "Policies": [name]}
        return str(self.nomad().post("/v1/acl/token", made)["SecretID"])

    def consul_token(self, rules: dict[str, Any]) -> str:
        """Make a token with just these rights."""
        name = f"p-{time.monotonic_ns()}"
        self.consul().put("/v1/acl/policy", {"Name": name, "Rules": json.dumps(rules)})
        return str(self.consul().put("/v1/acl/token", {"Policies": [{"Name": name}]})["SecretID"])

    def configure(self, nomad: str, consul: str = ROOT) -> None:
        """Write the healer's tokens, and a sidecar's configuration with tokens of its own."""
        (self.home / "healer").mkdir(exist_ok=True)
        reads = self.nomad_token("list-jobs", "read-job")
        for name, token in (("nomad", reads), ("consul", ROOT), ("healer/nomad", nomad),
                            ("healer/consul", consul)):  # fmt: skip
            (self.home / f"{name}.token").write_text(token)
        self._write("config.json", {
            "nomad": [{"region": "global", "addresses": [self.nomad_address],
                       "token_file": str(self.home / "nomad.token")}],
            "consul": [{"datacenter": "dc1", "addresses": [self.consul_address],
                        "token_file": str(self.home / "consul.token")}],
        })  # fmt: skip

    def job(self, name: str, command: str, *arguments: str, **more: Any) -> str:
        """Register a job of one task; give the id of its allocation."""
        task = {
            "Name": "t",
            "Driver": "raw_exec",
            "Resources": {"CPU": 20, "MemoryMB": 20},
            "Config": {"command": command, "args": list(arguments)},
            **more.pop("task", {}),
        }
        group = {"Name": "g", "Tasks": [task], "RestartPolicy": {"Attempts": 0, "Mode": "fail"},
                 "ReschedulePolicy": {"Attempts": 0, "Unlimited": True, "DelayFunction": "constant",
                                      "Delay": 3_600_000_000_000},
                 **more.pop("group", {})}  # fmt: skip
        made = {"ID": name, "Name": name, "Datacenters": ["*"], "Type": "service",
                "TaskGroups": [group], **more}  # fmt: skip
        if made["Type"] == "service":
            # Without a deployment, which would keep an evaluation from starting what failed in it.
            made["Update"] = {"MaxParallel": 0}
        self.nomad().post("/v1/jobs", {"Job": made})
        return str(self.until(lambda: self.allocations(name))[0]["ID"])

    def allocations(self, job: str) -> list[dict[str, Any]]:
        """List the allocations of a job, newest first."""
        found = self.nomad().get(f"/v1/job/{job}/allocations") or []
        return sorted(found, key=lambda one: -one["CreateIndex"])

    def is_now(self, allocation: str, status: str, within: float = 60.0) -> None:
        """Wait until an allocation has a status."""
        self.until(
            lambda: self.nomad().get(f"/v1/allocation/{allocation}")["ClientStatus"] == status,
            within,
        )

    def register(self, instance: str) -> None:
        """Register a service with the agent, as Nomad does."""
        made = {"ID": instance, "Name": "web", "Address": "127.0.0.1", "Port": 1}
        self.consul().put("/v1/agent/service/register", made)
        self.until(lambda: instance in self.instances("n1"))

    def instances(self, node: str) -> list[str]:
        """List what the catalogue has of a node."""
        found = self.consul().get(f"/v1/catalog/node-services/{node}") or {}
        return [one["ID"] for one in found.get("Services") or ()]

    def _write(self, name: str, content: dict[str, Any]) -> None:
        (self.home / name).write_text(json.dumps(content))

    def _run(self, name: str, *arguments: str) -> None:
        log = (self.home / f"{name}.log").open("w")
        # Nothing of the environment: settings for clouds that stand there end Nomad's start.
        known = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        command = [binary(name), *arguments]
        self._running.append(
            subprocess.Popen(command, stdout=log, stderr=log, cwd=self.home, env=known)
        )

    def until(self, found: Callable[[], Any], within: float = 60.0) -> Any:
        """Wait for something to be there, and give it."""
        end = time.monotonic() + within
        while True:
            try:
                value = found()
            except HttpError:
                value = None
            if value:
                return value
            assert time.monotonic() < end, f"not there within {within} s"
            time.sleep(0.2)
