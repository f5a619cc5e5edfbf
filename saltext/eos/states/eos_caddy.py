"""Caddy's configuration: validated before it is swapped in, loaded only when it differs."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import atomic, state
from saltext.eos.utils.edge_config import ADMIN_SOCKET
from saltext.eos.utils.http import Client, HttpError, Unavailable

if TYPE_CHECKING:
    __opts__: dict[str, Any]

__virtualname__ = "eos_caddy"

LIMIT = 60


def __virtual__() -> str:
    return __virtualname__


def configured(
    name: str, config: dict[str, Any], user: str = "caddy", program: str = "/usr/bin/caddy"
) -> dict[str, Any]:
    """
    Ensure that the configuration file holds this configuration, which Caddy accepts.

    name
        Path of the file.

    config
        Configuration as data.

    user
        User that runs Caddy; it reads the file, and checks it.

    program
        Path of Caddy.

    A configuration that Caddy refuses never reaches the file.
    """
    path = Path(name)
    text = (json.dumps(config, indent=2, sort_keys=True) + "\n").encode()
    try:
        old = path.read_bytes() if path.exists() else None
        if old == text:
            return state.unchanged(name, f"File {name}")
        changes = _difference(old, config)
        if __opts__["test"]:
            return state.changed(name, f"File {name} {{0}} written.", changes, test=True)
        _validate(text, path, user, program)
        uid, gid = atomic.owner("root", user)
        atomic.write(path, text, mode=0o640, uid=uid, gid=gid)
    except (CommandExecutionError, OSError) as err:
        return state.failed(name, err)
    return state.changed(name, f"File {name} {{0}} written.", changes, test=False)


def loaded(name: str, socket: str = ADMIN_SOCKET) -> dict[str, Any]:
    """
    Ensure that Caddy runs the configuration of a file; a running one that is equal is not reloaded.

    name
        Path of the file.

    socket
        Caddy's admin socket.
    """
    admin = Client("http://localhost", unix_socket=socket, timeout=30.0)
    try:
        wanted = json.loads(Path(name).read_text("utf-8"))
        changes = _difference_of(admin.get("/config/"), wanted)
        if not changes:
            return state.unchanged(name, "The running configuration")
        if __opts__["test"]:
            return _said(name, changes, test=True)
        admin.post("/load", wanted)
        if admin.get("/config/") != wanted:
            return state.failed(
                name,
                "Caddy runs another configuration than it was given; expected it to keep what it "
                "accepted; look for a second writer at its admin socket",
                changes,
            )
    except (Unavailable, OSError) as err:
        if __opts__["test"]:
            return _said(name, {"configuration": {"old": None, "new": "loaded"}}, test=True)
        return state.failed(name, err)
    except (HttpError, ValueError) as err:
        return state.failed(name, err)
    return _said(name, changes, test=False)


def _said(name: str, changes: dict[str, Any], *, test: bool) -> dict[str, Any]:
    return state.changed(name, "The configuration {0} loaded.", changes, test=test)


def _validate(text: bytes, path: Path, user: str, program: str) -> None:
    """Ask Caddy itself, as the user that will run it: the certificates are loaded too."""
    uid, gid = atomic.owner(user, user)
    with tempfile.TemporaryDirectory(prefix="eos-caddy-", dir="/run") as folder:
        candidate = Path(folder) / path.name
        atomic.write(candidate, text, mode=0o400, uid=uid, gid=gid)
        Path(folder).chmod(0o711)
        try:
            done = subprocess.run(
                [program, "validate", "--config", str(candidate)],
                capture_output=True,
                check=False,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "HOME": folder},
                group=gid,
                extra_groups=[],
                text=True,
                timeout=LIMIT,
                user=uid,
            )
        except (OSError, subprocess.TimeoutExpired) as err:
            raise CommandExecutionError(
                f"{program} could not check the configuration: {err}; expected the package caddy"
            ) from err
    if done.returncode != 0:
        lines = [line for line in done.stderr.strip().splitlines() if line]
        raise CommandExecutionError(
            f"Caddy refuses the configuration, and the one in {path} stays: "
            f"{lines[-1][:600] if lines else 'no reason given'}; expected it to accept what the "
            "routes of eos:apps compile to"
        )


def _difference(old: bytes | None, config: dict[str, Any]) -> dict[str, Any]:
    try:
        before = json.loads(old) if old else None
    except ValueError:
        before = None
    found = _difference_of(before, config)
    return found or {"layout": {"old": "another", "new": "canonical"}}


def _difference_of(before: Any, after: dict[str, Any]) -> dict[str, Any]:
    """Say what differs in the words of people: host names, else that it does."""
    if before == after:
        return {}
    old, new = _hosts(before), _hosts(after)
    if old != new:
        return {"routes": {"old": old, "new": new}}
    return {"configuration": {"old": "another" if before else None, "new": "as compiled"}}


def _hosts(config: Any) -> list[str]:
    try:
        routes = config["apps"]["http"]["servers"]["edge"]["routes"]
    except (TypeError, KeyError):
        return []
    return sorted(
        host
        for route in routes
        for match in route.get("match", ())
        for host in match.get("host", ())
    )
