"""
Save, inspect and restore snapshots of Consul.

A snapshot holds everything that the servers have, the secrets of ACL tokens among it: its file is
for its owner alone.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers, settings, snapshot
from saltext.eos.utils.arguments import FILE, refuse_wrong
from saltext.eos.utils.http import HttpError
from saltext.eos.utils.progress import Progress

__virtualname__ = "consul_snapshot"

__opts__: dict[str, Any]

LEADER_WITHIN = 60.0
_SCHEMAS = {
    "path": FILE,
    "overwrite": {"type": "boolean"},
    "cluster": {"type": "string", "x-says": "the name of the datacenter that is overwritten"},
}


def __virtual__():
    return __virtualname__


def save(path, overwrite=False):
    """
    Save what the servers of Consul have to a file, and say what is in it.

    path
        The file on the minion, from ``/`` on, in a folder that is there; it gets mode 0600 and is
        complete and checked before it stands at its place.

    overwrite
        Whether a file that is there may be replaced.

    Raises ``CommandExecutionError`` when the server is out of reach or refuses, and when the file
    cannot be written: nothing lies at its place then that did not lie there before.

    CLI Example:

    .. code-block:: bash

        salt n1 consul_snapshot.save /var/lib/eos/consul.snap
    """
    refuse_wrong(_SCHEMAS, {"path": path, "overwrite": overwrite}, ("path", "overwrite"))
    place = Path(path)
    if place.exists() and not overwrite:
        raise CommandExecutionError(
            f"{path} is there already; expected another name, or overwrite=True"
        )
    client = snapshot.connected(__opts__)
    with snapshot.staged(place, overwrite=overwrite) as stream:
        client.save(stream)
    return snapshot.inspect(place)


def inspect(path):
    """
    Say what is in a snapshot, after reading it to its end; no server is asked.

    path
        The file on the minion, from ``/`` on.

    Raises ``CommandExecutionError`` when it is no snapshot, or not whole.

    CLI Example:

    .. code-block:: bash

        salt n1 consul_snapshot.inspect /var/lib/eos/consul.snap
    """
    refuse_wrong(_SCHEMAS, {"path": path}, ("path",))
    return snapshot.inspect(Path(path))


def restore(path, cluster):
    """
    Put a snapshot in the place of everything that the servers of Consul have.

    What was written since is lost, and ACL tokens are those of the snapshot afterwards.

    path
        The file on the minion, from ``/`` on.

    cluster
        The name of the datacenter that is overwritten, such as ``dc1``: a confirmation. When the
        agent belongs to another one, nothing is sent.

    Raises ``CommandExecutionError`` when the file is no whole snapshot, the agent belongs to
    another datacenter, the server refuses, or there is no leader 60 seconds afterwards.

    CLI Example:

    .. code-block:: bash

        salt n1 consul_snapshot.restore /var/lib/eos/consul.snap dc1
    """
    refuse_wrong(_SCHEMAS, {"path": path, "cluster": cluster}, ("path", "cluster"))
    place = Path(path)
    found = snapshot.inspect(place)
    client = settings.connect("consul", __opts__)
    where, who = "/v1/agent/self", "/v1/status/peers"
    about = answers.part(answers.mapping(client.get(where), where, "Config"), "Config", where)
    own = answers.mapping(about, f"GET {where}", "Datacenter")["Datacenter"]
    peers = client.get(who)
    if not isinstance(peers, list) or not all(isinstance(one, str) for one in peers):
        raise CommandExecutionError(
            f"GET {who} is no answer of this server's API: expected a list of addresses; nothing "
            "was restored"
        )
    if cluster != own:
        raise CommandExecutionError(
            f"cluster: expected the datacenter that is overwritten, and this agent is in {own!r} "
            f"with servers {', '.join(peers)}; found {cluster!r}; the snapshot was saved by "
            f"{_named(found['servers'])}; nothing was restored"
        )
    with place.open("rb") as source:
        snapshot.connected(__opts__).restore(source, found["bytes"])
    _await_leader(client)
    said = {"restored": True, "cluster": own, **found}
    if set(peers) != set(found["servers"]):
        said["warning"] = (
            f"The snapshot was saved by {_named(found['servers'])} and restored to "
            f"{', '.join(peers)}: expected the same servers, or new ones in their place."
        )
    return said


def _named(servers: list[Any]) -> str:
    return ", ".join(map(str, servers)) or "servers that it does not name"


def _await_leader(client: Any) -> None:
    deadline, progress = time.monotonic() + LEADER_WITHIN, Progress("Consul, restored")
    while True:
        try:
            if client.get("/v1/status/leader"):
                return
        except HttpError as err:
            said = str(err)
        else:
            said = "there is none"
        if time.monotonic() > deadline:
            raise CommandExecutionError(
                f"the snapshot was restored, but no leader answers after {LEADER_WITHIN:.0f} s: "
                f"{said}; look at the journals of the servers"
            )
        progress.tell(f"no leader answers: {said}")
        time.sleep(0.5)
