"""Requests of the healer's acts to Nomad and Consul: each is sent once, to one that answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.heal_snapshot_ask import CONFIG, Blocked, Source, sources
from saltext.eos.utils.http import Client, HttpError, NotFound

TOKENS = "/etc/eos-healer"
TIMEOUT = 5.0


class Server:
    """
    One server of a source that answers now; what changes something is sent to it once.

    :param source: as the sidecar of this node reaches it.
    :param token: file of the token to use instead of the sidecar's.
    :raises CommandExecutionError: none answers, or there is no token.
    """

    def __init__(self, source: Source, token: str | None = None) -> None:
        headers = {source.header: secret_of(token or source.token)}
        self.name, why = source.name, "it has no address"
        for address in source.addresses:
            client = Client(address, source.ca, headers, TIMEOUT, attempts=1, within=TIMEOUT)
            try:
                if client.get("/v1/status/leader"):
                    self._client = client
                    return
                why = f"{address} knows no leader"
            except HttpError as err:
                why = str(err)
        raise CommandExecutionError(f"{source.name} cannot be asked: {why}; nothing was done")

    def get(self, path: str) -> Any:
        """
        Read; None for what there is not.

        :raises CommandExecutionError: it does not answer.
        """
        try:
            return self._client.get(path)
        except NotFound:
            return None
        except HttpError as err:
            raise CommandExecutionError(str(err)) from err

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """
        Write, once.

        :raises CommandExecutionError: it was refused, or whether it was done is not known.
        """
        try:
            return self._client.request(method, path, body)
        except HttpError as err:
            raise CommandExecutionError(str(err)) from err


def known(config: str | None, kind: str) -> list[Source]:
    """
    Give the sources of one kind that the sidecar of this node reads.

    :param config: its configuration; the usual one when left out.
    :raises CommandExecutionError: there is none.
    """
    try:
        return sources(config or CONFIG, kind)
    except Blocked as err:
        raise CommandExecutionError(f"{err}; expected the sidecar of Eos on this node") from err


def source(config: str | None, kind: str, name: str) -> Source:
    """
    Give one region or datacenter.

    :raises CommandExecutionError: the sidecar of this node does not read it.
    """
    found = known(config, kind)
    for one in found:
        if one.name == f"{kind}:{name}":
            return one
    names = ", ".join(one.name for one in found) or "nothing"
    raise CommandExecutionError(f"the sidecar does not read {kind}:{name}; it reads {names}")


def secret_of(path: str) -> str:
    """
    Read a token.

    :raises CommandExecutionError: there is none.
    """
    try:
        token = Path(path).read_text("ascii").strip()
    except (OSError, ValueError):
        raise CommandExecutionError(
            f"{path} cannot be read; expected the token that the component of Eos puts there"
        ) from None
    if not token or not token.isprintable() or " " in token:
        raise CommandExecutionError(f"{path} holds no token")
    return token
