"""Consul and Vault on the loopback as a stack runs them: TLS is verified, ACLs deny."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import certificates
from programs import binary, free_ports, running, under_law, until_ready


@dataclass(frozen=True)
class Server:
    """
    Where a server answers, and with which token.

    :param token: its management token; a client of a test is told the file only.
    """

    address: str
    ca_file: str
    token_file: str
    token: str

    def connection(self) -> dict[str, str]:
        """Give the minion's option ``eos:connections:<service>``."""
        return {"address": self.address, "ca_file": self.ca_file, "token_file": self.token_file}


@contextlib.contextmanager
def consul(home: Path) -> Iterator[Server]:
    """Run a Consul server whose ACLs deny, with a management token, until the block ends."""
    from saltext.eos.utils.http import Client

    home.mkdir(parents=True, exist_ok=True)
    authority = certificates.make(home)
    token = str(uuid.uuid4())
    https, serf, server, grpc = free_ports(4)
    settings = {
        "server": True,
        "bootstrap_expect": 1,
        "node_name": "n1",
        "datacenter": "dc1",
        "data_dir": str(home / "data"),
        "bind_addr": "127.0.0.1",
        "client_addr": "127.0.0.1",
        "disable_update_check": True,
        "ports": {
            **dict.fromkeys(("http", "dns", "serf_wan", "grpc"), -1),
            "https": https,
            "serf_lan": serf,
            "server": server,
            "grpc_tls": grpc,
        },
        "tls": {"defaults": _tls(home, authority), "internal_rpc": {"verify_incoming": False}},
        "connect": {"enabled": True},
        "acl": {
            "enabled": True,
            "default_policy": "deny",
            "tokens": {"initial_management": token, "agent": token},
        },
    }
    (home / "consul.json").write_text(json.dumps(settings))
    found = served(home, f"https://127.0.0.1:{https}", authority, token)
    client = Client(found.address, authority, {"X-Consul-Token": token}, 5, attempts=1)
    command = [binary(under_law("consul")), "agent", f"-config-file={home / 'consul.json'}"]
    with running(command, home, lambda: client.get("/v1/acl/token/self")):
        yield found


@contextlib.contextmanager
def vault(home: Path) -> Iterator[Server]:
    """Run an unsealed Vault with storage in memory until the block ends."""
    from saltext.eos.utils.http import Client, HttpError

    home.mkdir(parents=True, exist_ok=True)
    authority = certificates.make(home)
    (port,) = free_ports(1)
    settings = {
        "storage": {"inmem": {}},
        "disable_mlock": True,
        "listener": {
            "tcp": {
                "address": f"127.0.0.1:{port}",
                "tls_cert_file": str(home / "own.pem"),
                "tls_key_file": str(home / "own.key"),
            }
        },
        "api_addr": f"https://127.0.0.1:{port}",
    }
    (home / "vault.json").write_text(json.dumps(settings))
    address = f"https://127.0.0.1:{port}"
    client = Client(address, authority, None, 5, attempts=1)

    def answers() -> bool:
        try:
            return bool(client.get("/v1/sys/init"))
        except HttpError as err:
            return err.status is not None

    command = [binary("vault"), "server", f"-config={home / 'vault.json'}"]
    with running(command, home, answers):
        made = client.put("/v1/sys/init", {"secret_shares": 1, "secret_threshold": 1})
        client.put("/v1/sys/unseal", {"key": made["keys"][0]})
        until_ready(lambda: client.get("/v1/sys/health"), home / "log")
        yield served(home, address, authority, made["root_token"])


def _tls(home: Path, authority: str) -> dict[str, object]:
    return {
        "ca_file": authority,
        "cert_file": str(home / "own.pem"),
        "key_file": str(home / "own.key"),
        "verify_incoming": False,
        "verify_outgoing": True,
    }


def served(home: Path, address: str, authority: str, token: str) -> Server:
    place = home / "token"
    place.touch(0o600)
    place.write_text(token)
    return Server(address, authority, str(place), token)
