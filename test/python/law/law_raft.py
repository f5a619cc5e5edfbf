"""Two Vaults on the loopback that keep their data themselves."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import certificates
from law_servers import Server, running, served
from programs import binary, free_ports


@contextlib.contextmanager
def raft(home: Path, peer: Server | None = None, key: str = "") -> Iterator[tuple[Server, str]]:
    """
    Run an unsealed Vault, the first of a cluster or one more, until the block ends.

    :param peer: whose cluster it joins.
    :param key: what opens that cluster.
    """
    from saltext.eos.utils.http import Client, HttpError

    (home / "data").mkdir(parents=True)
    authority = certificates.make(home) if peer is None else peer.ca_file
    own = Path(authority).parent
    port, inner = free_ports(2)
    address = f"https://127.0.0.1:{port}"
    joins = {"leader_api_addr": peer.address, "leader_ca_cert_file": authority} if peer else None
    pair = {"tls_cert_file": str(own / "own.pem"), "tls_key_file": str(own / "own.key")}
    settings = {
        "storage": {
            "raft": {
                "path": str(home / "data"),
                "node_id": home.name,
                "performance_multiplier": "1",
                **({"retry_join": [joins]} if joins else {}),
            }
        },
        "disable_mlock": True,
        "listener": {"tcp": {"address": f"127.0.0.1:{port}", **pair}},
        "api_addr": address,
        "cluster_addr": f"https://127.0.0.1:{inner}",
    }
    settings["listener"]["tcp"]["cluster_address"] = f"127.0.0.1:{inner}"
    (home / "vault.json").write_text(json.dumps(settings))
    client = Client(address, authority, None, 60, attempts=1)

    def answers() -> bool:
        try:
            return client.get("/v1/sys/seal-status") is not None
        except HttpError as err:
            return err.status is not None

    def is_open() -> bool:
        if peer is not None and client.get("/v1/sys/seal-status")["sealed"]:
            client.put("/v1/sys/unseal", {"key": key})
        return bool(client.get("/v1/sys/health?standbyok=true"))

    command = [binary("vault"), "server", f"-config={home / 'vault.json'}"]
    with running(command, home, answers):
        token = "" if peer is None else peer.token
        if peer is None:
            made = client.put("/v1/sys/init", {"secret_shares": 1, "secret_threshold": 1})
            token, key = made["root_token"], made["keys"][0]
            client.put("/v1/sys/unseal", {"key": key})
        _await(is_open)
        yield served(home, address, authority, token), key


def _await(ready: Callable[[], bool]) -> None:
    """Ask until it is so: a new peer is told its data first."""
    from saltext.eos.utils.http import HttpError

    ends = time.monotonic() + 60
    while True:
        with contextlib.suppress(HttpError):
            if ready():
                return
        assert time.monotonic() < ends
        time.sleep(0.2)
