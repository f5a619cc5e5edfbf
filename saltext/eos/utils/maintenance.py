"""Maintenance mode of Consul's agent: of its node, or of one service."""

from __future__ import annotations

from urllib.parse import quote

from saltext.eos.utils import answers
from saltext.eos.utils.http import Client

_NODE = "_node_maintenance"
_SERVICE = "_service_maintenance:"


def reason(client: Client, service: str | None) -> str | None:
    """
    Give why a service, or the node, is in maintenance mode; ``None`` when it is not.

    :raises CommandExecutionError: the token may not see it.
    """
    return of_all(client).get(service or "")


def of_all(client: Client) -> dict[str, str]:
    """
    Give why, by service; the node has no name.

    :raises CommandExecutionError: the token may not see all of them.
    """
    path = "/v1/agent/checks"
    checks = answers.listing(client.get(path), f"GET {path}", "CheckID")
    answers.refuse_unseen(client, "the checks of this agent", path)
    known = {one["CheckID"]: str(one.get("Notes") or "") for one in checks}
    modes = {name: text for name, text in known.items() if name.startswith((_NODE, _SERVICE))}
    return {
        "" if name == _NODE else name.removeprefix(_SERVICE): text for name, text in modes.items()
    }


def switch(client: Client, service: str | None, why: str | None) -> None:
    """Begin maintenance, or end it when there is no reason."""
    wanted = "enable=false" if why is None else f"enable=true&reason={quote(why, safe='')}"
    if service is None:
        client.put(f"/v1/agent/maintenance?{wanted}")
    else:
        client.put(f"/v1/agent/service/maintenance/{quote(service, safe='')}?{wanted}")


def is_known(client: Client, service: str) -> bool:
    """Tell whether the agent has a service."""
    path = "/v1/agent/services"
    known = answers.listing(client.get(path), f"GET {path}", "ID")
    answers.refuse_unseen(client, "the services of this agent", path)
    return any(one["ID"] == service for one in known)
