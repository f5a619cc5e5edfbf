"""
Consul's ACLs: bootstrapped with a token that was made before, then policies, tokens, roles, auth
methods and binding rules.

Every state takes the address of an agent and the management token; both stay on the servers.
"""

from __future__ import annotations

from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import consul, tls
from saltext.eos.utils.http import Forbidden
from saltext.eos.utils.settle import opened, settle

__virtualname__ = "eos_consul"

TYPE_CHECKING = False
if TYPE_CHECKING:
    __opts__: dict[str, Any]
    __pillar__: dict[str, Any]


def __virtual__() -> str:
    return __virtualname__


def bootstrapped(name: str, token: Any) -> dict[str, Any]:
    """
    Make ``token`` the management token of a Consul that has none, and prove it by using it.

    :param name: address of the agent, such as ``https://127.0.0.1:8501``.
    :param token: the management token, a UUID made beforehand.

    .. code-block:: yaml

        acl bootstrapped:
          eos_consul.bootstrapped:
            - name: https://127.0.0.1:8501
            - token: {$secret: consul_acl.management_token}
    """

    def read() -> dict[str, Any]:
        own = consul.own_token(name, _open(token))
        return {"management": own is not None and consul.MANAGEMENT in consul.policies_of(own)}

    def write() -> None:
        try:
            consul.client(name).put("/v1/acl/bootstrap", {"BootstrapSecret": _open(token)})
        except Forbidden as err:
            raise CommandExecutionError(
                "Consul's ACLs were bootstrapped with another token than the one sealed on the "
                f"master ({err}); expected this stack's; restore the master's store, or let Consul "
                "bootstrap again by writing the reset index into acl-bootstrap-reset on its leader"
            ) from err

    return settle(name, test=__opts__["test"], wanted={"management": True}, read=read, write=write)


def policy_present(
    name: str, address: str, token: Any, rules: dict[str, Any], description: str = ""
) -> dict[str, Any]:
    """
    Write a policy.

    :param name: name of the policy.
    :param address: address of the agent.
    :param token: the management token.
    :param rules: its rules, as data.
    :param description: what it is for.
    """
    wanted = {"Description": description, "Rules": consul.rules_text(rules)}

    def write(client: Any) -> None:
        known = consul.policy(client, name)
        path = f"/v1/acl/policy/{known['ID']}" if known else "/v1/acl/policy"
        client.put(path, {"Name": name, **wanted})

    return _settle(name, address, token, wanted, lambda client: consul.policy(client, name), write)


def token_present(
    name: str, address: str, token: Any, secret: Any, policies: list[str]
) -> dict[str, Any]:
    """
    Keep a token whose secret was made beforehand, and prove it by using it.

    :param name: what the token is for; its accessor follows from it.
    :param address: address of the agent.
    :param token: the management token.
    :param secret: the token's own secret, a UUID.
    :param policies: names of its policies.
    """
    wanted = {"Description": name, "Policies": sorted(policies), "Works": True}
    accessor = consul.accessor(name)

    def read(client: Any) -> dict[str, Any] | None:
        own = consul.own_token(address, _open(secret))
        if own is None:
            return None
        return {**own, "Policies": consul.policies_of(own), "Works": True}

    def write(client: Any) -> None:
        value = _open(secret)
        body = {
            "AccessorID": accessor,
            "SecretID": value,
            "Description": name,
            "Policies": [{"Name": policy} for policy in policies],
        }
        own = consul.own_token(address, value)
        if own:
            client.put(
                f"/v1/acl/token/{own['AccessorID']}", {**body, "AccessorID": own["AccessorID"]}
            )
            return
        stale = [item for item in client.get("/v1/acl/tokens") if item["AccessorID"] == accessor]
        for item in stale:
            client.delete(f"/v1/acl/token/{item['AccessorID']}")
        client.put("/v1/acl/token", body)

    return _settle(name, address, token, wanted, read, write)


def role_present(
    name: str, address: str, token: Any, policies: list[str], description: str = ""
) -> dict[str, Any]:
    """
    Keep a role.

    :param name: name of the role.
    :param address: address of the agent.
    :param token: the management token.
    :param policies: names of its policies.
    :param description: what it is for.
    """
    wanted = {"Description": description, "Policies": sorted(policies)}

    def read(client: Any) -> dict[str, Any] | None:
        known = consul.role(client, name)
        return known and {**known, "Policies": consul.policies_of(known)}

    def write(client: Any) -> None:
        known = consul.role(client, name)
        path = f"/v1/acl/role/{known['ID']}" if known else "/v1/acl/role"
        linked = [{"Name": policy} for policy in policies]
        client.put(path, {"Name": name, "Description": description, "Policies": linked})

    return _settle(name, address, token, wanted, read, write)


def auth_method_present(
    name: str,
    address: str,
    token: Any,
    config: dict[str, Any],
    type: str = "jwt",
    description: str = "",
) -> dict[str, Any]:
    """
    Keep an auth method.

    :param name: name of the method.
    :param address: address of the agent.
    :param token: the management token.
    :param config: its configuration, as Consul reports it; the site's CA is added as
        ``JWKSCACert``.
    :param type: kind of method; cannot change.
    :param description: what it is for.
    """

    path = f"/v1/acl/auth-method/{name}"

    def read(client: Any) -> dict[str, Any] | None:
        known = consul.found(client, path)
        if known is None:
            return None
        had = known.get("Config") or {}
        return {**known, "Config": {key: had.get(key) for key in (*config, "JWKSCACert")}}

    def write(client: Any) -> None:
        exists = consul.found(client, path) is not None
        client.put(path if exists else "/v1/acl/auth-method", {"Name": name, **wanted()})

    def wanted() -> dict[str, Any]:
        full = {**config, "JWKSCACert": tls.ca_text()}
        return {"Type": type, "Description": description, "Config": full}

    return _settle(name, address, token, wanted, read, write)


def binding_rule_present(
    name: str,
    address: str,
    token: Any,
    auth_method: str,
    bind_type: str,
    bind_name: str,
    selector: str = "",
) -> dict[str, Any]:
    """
    Keep a binding rule; it is known by its description.

    :param name: description of the rule, once per auth method.
    :param address: address of the agent.
    :param token: the management token.
    :param auth_method: the auth method whose logins it concerns.
    :param bind_type: ``service``, ``node``, ``role`` or ``policy``.
    :param bind_name: what a login is bound to; ``${value.…}`` stands for a claim.
    :param selector: which logins it concerns; all when empty.
    """
    wanted = {"BindType": bind_type, "BindName": bind_name, "Selector": selector}

    def read(client: Any) -> dict[str, Any] | None:
        rules = client.get(f"/v1/acl/binding-rules?authmethod={auth_method}") or []
        return next((rule for rule in rules if rule["Description"] == name), None)

    def write(client: Any) -> None:
        known = read(client)
        path = f"/v1/acl/binding-rule/{known['ID']}" if known else "/v1/acl/binding-rule"
        client.put(path, {"Description": name, "AuthMethod": auth_method, **wanted})

    return _settle(name, address, token, wanted, read, write)


def _open(secret: Any) -> str:
    return str(opened(secret, __pillar__, __opts__))


def _settle(
    name: str, address: str, token: Any, wanted: Any, read: Any, write: Any
) -> dict[str, Any]:
    """Bring one object of Consul to ``wanted`` with the management token."""
    return settle(
        name,
        test=__opts__["test"],
        wanted=wanted,
        read=lambda: read(consul.client(address, _open(token))),
        write=lambda: write(consul.client(address, _open(token))),
    )
