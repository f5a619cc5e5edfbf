"""Consul's ACL objects, in the form in which Consul reports them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from saltext.eos.utils.consul_lists import as_list
from saltext.eos.utils.http import Client, Forbidden, NotFound

CA_FILE = "/etc/eos/tls/ca.pem"
MANAGEMENT = "global-management"
_EOS = uuid.UUID("6f7c1d3e-8a52-5b1c-9c0e-2f3f5d0b6a11")
_ABSENT = "token does not exist"
_KEYS = "/v1/kv/?keys=true"


class ObjectClient(Client):
    """A client for the objects that states keep in Consul: what is not there is ``NotFound``."""

    pooled = True
    strict = True
    refuses_by_500 = True

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """
        Send one request.

        Consul says 403 of an ACL token that is not there, and 404 of a store without a key; a list
        of keys is one of objects here, as every other list is.
        """
        try:
            found = as_list(path, super().request(method, path, body))
        except NotFound:
            if path != _KEYS:
                raise
            return []
        except Forbidden as err:
            if isinstance(err.body, str) and err.body.startswith(_ABSENT):
                raise NotFound(
                    str(err), method=err.method, path=err.path, status=err.status, body=err.body
                ) from err
            raise
        if path == _KEYS and isinstance(found, list) and all(isinstance(n, str) for n in found):
            return [{"Key": name} for name in found]
        return found

    def version(self) -> str:
        """Give the version that the agent says it has."""
        return str(self.get("/v1/agent/self")["Config"]["Version"])


def client(address: str, token: str | None = None) -> Client:
    """Give a client that verifies the agent, with a token or without."""
    return Client(address, CA_FILE, headers={"X-Consul-Token": token} if token else {})


def own_token(address: str, token: str) -> dict[str, Any] | None:
    """Use a token, and give what Consul says of it; ``None`` when Consul does not know it."""
    try:
        return client(address, token).get("/v1/acl/token/self")
    except Forbidden:
        return None


def policies_of(token: Mapping[str, Any]) -> list[str]:
    """List the names of a token's or role's policies."""
    return sorted(item["Name"] for item in token.get("Policies") or [])


def accessor(name: str) -> str:
    """Give the accessor of Eos's token of that name: always the same, and no secret."""
    return str(uuid.uuid5(_EOS, name))


def rules_text(rules: Mapping[str, Any]) -> str:
    """Write the rules of a policy as JSON, always the same for the same rules."""
    return json.dumps(rules, indent=2, sort_keys=True)


def policy(client: Client, name: str) -> dict[str, Any] | None:
    """Give a policy by its name, or ``None``."""
    return found(client, f"/v1/acl/policy/name/{name}")


def role(client: Client, name: str) -> dict[str, Any] | None:
    """Give a role by its name, or ``None``."""
    return found(client, f"/v1/acl/role/name/{name}")


def found(client: Client, path: str) -> dict[str, Any] | None:
    """Give the object at a path; Consul says 404, or 403 for a token that is not there."""
    try:
        return client.get(path)
    except NotFound:
        return None
