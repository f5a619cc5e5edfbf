"""The edge, seen from outside: which nodes it is, and what it answers for a host name."""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

CA_FILE = "/etc/eos/tls/ca.pem"


def addresses(nodes: Mapping[str, Any]) -> list[str]:
    """List the addresses of the nodes with the role ``caddy: [edge]``."""
    return sorted(
        node["address"] for node in nodes.values() if "edge" in node["roles"].get("caddy", ())
    )


def ask(address: str, port: int, host: str, path: str, ca_file: str = CA_FILE) -> int:
    """
    Give the status of ``https://host/path`` at one address; the certificate must be for ``host``.

    :raises OSError: no connection, or a certificate that is not the site's for this host.
    """
    context = ssl.create_default_context(cafile=ca_file)
    plain = socket.create_connection((address, port), 5.0)
    try:
        with context.wrap_socket(plain, server_hostname=host) as secure:
            connection = http.client.HTTPConnection(host, port)
            connection.sock = secure
            connection.request("GET", path, headers={"Host": host, "User-Agent": "eos-gate"})
            answer = connection.getresponse()
            answer.read(65536)
            return answer.status
    except http.client.HTTPException as err:
        raise OSError(f"{address}:{port} does not speak HTTP: {err}") from err
    finally:
        plain.close()
