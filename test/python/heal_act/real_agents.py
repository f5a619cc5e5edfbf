"""A server and a client of Consul with TLS and ACLs, and a Nomad that registers at the client."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import certificates
from programs import binary, clear, free_ports

from saltext.eos.utils import contract
from saltext.eos.utils.http import Client, HttpError


class Agents:
    """
    The agents ``server`` and ``client`` of one datacenter; what is registered, is at the client.

    :param home: a folder of their own.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ca = certificates.make(home)
        self.root = str(uuid.uuid4())
        self.where: dict[str, str] = {}
        self.running: dict[str, subprocess.Popen] = {}
        self._ports = {name: _lasting_ports(4) for name in ("server", "client")}

    def start(self) -> None:
        """Start both, give each the token of the product's agents, and wait for the client."""
        for name in ("server", "client"):
            self.agent(name)
        self.until(lambda: self.consul().get("/v1/status/leader"))
        token = self.token(_declared("consul_acl", "policy agent", "converge"))
        for name in ("server", "client"):
            self.until(lambda name=name: self._told(name, token))
        self.until(lambda: len(self.consul().get("/v1/catalog/nodes")) == 2)

    def agent(self, name: str) -> None:
        """Start one agent."""
        (self.home / name).mkdir(exist_ok=True)
        https, lan, rpc, dns = self._ports[name]
        self.where[name] = f"https://127.0.0.1:{https}"
        made = {
            "node_name": name, "datacenter": "dc1", "data_dir": str(self.home / name / "data"),
            "bind_addr": "127.0.0.1", "client_addr": "127.0.0.1", "disable_update_check": True,
            "ports": {"http": -1, "https": https, "dns": dns, "serf_lan": lan, "serf_wan": -1,
                      "server": rpc, "grpc": -1, "grpc_tls": -1},
            "tls": {"defaults": {"ca_file": self.ca, "cert_file": str(self.home / "own.pem"),
                                 "key_file": str(self.home / "own.key"), "verify_outgoing": True},
                    "internal_rpc": {"verify_incoming": True, "verify_server_hostname": True}},
            "acl": {"enabled": True, "default_policy": "deny", "down_policy": "extend-cache",
                    "enable_token_persistence": True},
        }  # fmt: skip
        if name == "server":
            made |= {"server": True, "bootstrap_expect": 1, "connect": {"enabled": False}}
            made["acl"]["tokens"] = {"initial_management": self.root}
        else:
            made["retry_join"] = [f"127.0.0.1:{self._ports['server'][1]}"]
        path = self.home / name / "consul.json"
        path.write_text(json.dumps(made))
        self._run(name, binary("consul"), "agent", f"-config-file={path}", "-log-level=debug")

    def nomad(self) -> None:
        """Start a Nomad that is server and client, and registers at the client of Consul."""
        http, rpc, serf = free_ports(3)
        home = self.home / "nomad"
        home.mkdir()
        token = self.token(_declared("consul_acl", "policy nomad", "converge"))
        made = {
            "name": "client", "bind_addr": "127.0.0.1", "data_dir": str(home / "data"),
            "advertise": dict.fromkeys(("http", "rpc", "serf"), "127.0.0.1"),
            "ports": {"http": http, "rpc": rpc, "serf": serf}, "disable_update_check": True,
            "server": {"enabled": True, "bootstrap_expect": 1},
            "client": {"enabled": True, "network_interface": "lo",
                       "cpu_total_compute": 4000, "memory_total_mb": 2000,
                       "options": {"driver.allowlist": "raw_exec",
                                   "fingerprint.denylist":
                                       "env_aws,env_gce,env_azure,env_digitalocean"}},
            "plugin": {"raw_exec": {"config": {"enabled": True}}},
            "consul": {"address": self.where["client"].removeprefix("https://"), "ssl": True,
                       "verify_ssl": True, "ca_file": self.ca, "token": token},
        }  # fmt: skip
        path = home / "nomad.json"
        path.write_text(json.dumps(made))
        self.where["nomad"] = f"http://127.0.0.1:{http}"
        self._run("nomad", binary("nomad"), "agent", f"-config={path}")
        self.until(lambda: any(
            one["Status"] == "ready" for one in Client(self.where["nomad"]).get("/v1/nodes")
        ))  # fmt: skip

    def job(self, name: str) -> str:
        """Run a job that listens and has a service with a check; give its allocation."""
        nomad = Client(self.where["nomad"])
        check = {"Type": "tcp", "Interval": 1_000_000_000, "Timeout": 1_000_000_000}
        service = {"Name": name, "Provider": "consul", "PortLabel": "own", "Checks": [check]}
        task = {"Name": name, "Driver": "raw_exec", "KillTimeout": 1_000_000_000,
                "Config": {"command": sys.executable, "args": ["-m", "http.server", "--bind",
                                                               "127.0.0.1", "${NOMAD_PORT_own}"]},
                "Resources": {"CPU": 20, "MemoryMB": 64}}  # fmt: skip
        group = {"Name": "g", "Count": 1, "Tasks": [task], "Services": [service],
                 "Networks": [{"DynamicPorts": [{"Label": "own"}]}]}  # fmt: skip
        made = {"ID": name, "Name": name, "Type": "service", "Datacenters": ["*"],
                "TaskGroups": [group]}  # fmt: skip
        nomad.post("/v1/jobs", {"Job": made})
        rows = self.until(lambda: [
            one for one in nomad.get(f"/v1/job/{name}/allocations")
            if one["ClientStatus"] == "running"
        ])  # fmt: skip
        return str(rows[0]["ID"])

    def end_job(self, name: str) -> None:
        """Stop a job, and wait until its tasks have ended."""
        nomad = Client(self.where["nomad"])
        nomad.delete(f"/v1/job/{name}")
        self.until(lambda: all(
            one["ClientStatus"] == "complete" for one in nomad.get(f"/v1/job/{name}/allocations")
        ))  # fmt: skip

    def stop(self) -> None:
        """End them, tasks first."""
        if "nomad" in self.running:
            nomad = Client(self.where["nomad"])
            with contextlib.suppress(HttpError):
                for one in nomad.get("/v1/jobs"):
                    nomad.delete(f"/v1/job/{one['ID']}?purge=true")
                self.until(lambda: all(
                    one["ClientStatus"] not in ("running", "pending")
                    for one in nomad.get("/v1/allocations")
                ))  # fmt: skip
        for name in reversed(list(self.running)):
            self.end(name)
        clear(self.home)

    def end(self, name: str, *, hard: bool = False) -> None:
        """End one program."""
        one = self.running.pop(name)
        if hard:
            one.kill()
        else:
            one.terminate()
        try:
            one.wait(15)
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait(10)

    def consul(self, agent: str = "server", token: str | None = None) -> Client:
        """Ask an agent; with all rights unless told otherwise."""
        headers = {"X-Consul-Token": token or self.root}
        return Client(self.where[agent], self.ca, headers, attempts=1)

    def token(self, rules: dict[str, Any]) -> str:
        """Make a token with just these rights."""
        name = f"p-{uuid.uuid4()}"
        self.consul().put("/v1/acl/policy", {"Name": name, "Rules": json.dumps(rules)})
        return str(self.consul().put("/v1/acl/token", {"Policies": [{"Name": name}]})["SecretID"])

    def instances(self, node: str = "client") -> list[str]:
        """List what the catalogue has of a node."""
        found = self.consul().get(f"/v1/catalog/node-services/{node}?consistent") or {}
        return [one["ID"] for one in found.get("Services") or ()]

    def checks(self, instance: str) -> dict[str, str]:
        """Give the checks that the catalogue has of an instance."""
        rows = self.consul().get("/v1/health/node/client?consistent")
        return {one["CheckID"]: one["Status"] for one in rows if one["ServiceID"] == instance}

    def lose(self, instance: str) -> None:
        """Take an instance out of the catalogue alone."""
        self.consul().put("/v1/catalog/deregister", {"Node": "client", "ServiceID": instance})
        assert instance not in self.instances()

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
            time.sleep(0.1)

    def _told(self, name: str, token: str) -> bool:
        self.consul(name).put("/v1/agent/token/agent", {"Token": token})
        return True

    def _run(self, name: str, *command: str) -> None:
        log = (self.home / f"{name}.log").open("a")
        # Nothing of the environment: settings for clouds that stand there end Nomad's start.
        known = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        self.running[name] = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=self.home, env=known
        )


def _lasting_ports(count: int) -> list[int]:
    """Give free ports that nobody is given for a connection while an agent is down."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found: list[int] = []
    while len(found) < count:
        one = random.randrange(lowest // 2, lowest)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", one)):
            found.append(one)
    return found


def _declared(component: str, state: str, part: str) -> dict[str, Any]:
    """Give the rights that a component of the product asks for."""
    states = contract.load().components[component]["spec"][part]
    (policy,) = [one["with"] for one in states if one["id"] == state]
    rules: dict[str, Any] = policy["rules"]
    return rules
