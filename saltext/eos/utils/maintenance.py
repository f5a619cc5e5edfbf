"""Maintenance mode of Consul's agent: of its node, or of one service."""

from __future__ import annotations

from urllib.parse import quote

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers
from saltext.eos.utils.http import Client, NotFound

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


def missing(client: Client, service: str | None, *, test: bool) -> str:
    """
    Refuse a service that the agent does not have.

    :return: in test mode, where a state before may register it, a note; else nothing.
    :raises CommandExecutionError: it is not there.
    """
    if service is None or is_known(client, service):
        return ""
    said = f"service {service} is not registered with this agent"
    if test:
        return f" Until then: {said}."
    raise CommandExecutionError(
        f"service: {said}; expected the id of one that is; register it first, with "
        "consul_service.present"
    )


def is_known(client: Client, service: str) -> bool:
    """
    Tell whether the agent has a service.

    :raises CommandExecutionError: the token may not see it.
    """
    path = f"/v1/agent/service/{quote(service, safe='')}"
    try:
        return bool(answers.mapping(client.get(path), f"GET {path}", "ID")["ID"] == service)
    except NotFound:
        return False
