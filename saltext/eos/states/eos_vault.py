"""
Vault's own set-up, written by Eos's identity ``eos-admin``.

The first root token only makes that identity, and is revoked once the identity has written.
"""

from __future__ import annotations

from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import tls, vault, vault_identity, vault_init, vault_mount
from saltext.eos.utils.http import Forbidden
from saltext.eos.utils.settle import opened, settle
from saltext.eos.utils.state import changed, failed, unchanged

__virtualname__ = "eos_vault"

TYPE_CHECKING = False
if TYPE_CHECKING:
    __opts__: dict[str, Any]
    __pillar__: dict[str, Any]


def __virtual__() -> str:
    return __virtualname__


def initialised(
    name: str, directory: str = vault_init.DIRECTORY, shares: int = 5, threshold: int = 3
) -> dict[str, Any]:
    """
    Initialise Vault once and keep its unseal shares sealed on this host.

    :param name: address of Vault, such as ``https://127.0.0.1:8200``.
    :param directory: where the sealed shares go.
    :param shares: number of shares.
    :param threshold: number of shares that open Vault.

    .. code-block:: yaml

        vault initialised:
          eos_vault.initialised:
            - name: https://127.0.0.1:8200
    """
    client = vault.client(name)

    def read() -> dict[str, Any]:
        done = vault_init.is_initialised(client)
        vault_init.check_custody(directory, done)
        if done and not __opts__["test"]:
            vault_init.split(directory)
        return {"initialised": done}

    outcome = settle(
        name,
        test=__opts__["test"],
        wanted={"initialised": True},
        read=read,
        write=lambda: vault_init.initialise(client, directory, shares, threshold),
    )
    if outcome["result"] is True and outcome["changes"]:
        outcome["comment"] += "; " + vault_init.RISK.format(directory=directory)
    return outcome


def unsealed(name: str, directory: str = vault_init.DIRECTORY) -> dict[str, Any]:
    """
    Open Vault with the shares that are sealed on this host.

    :param name: address of Vault.
    :param directory: where the sealed shares are.
    """
    client = vault.client(name)
    return settle(
        name,
        test=__opts__["test"],
        wanted={"sealed": False},
        read=lambda: {"sealed": vault_init.is_sealed(client)},
        write=lambda: vault_init.open_vault(client, directory),
    )


def audit_present(
    name: str, address: str, secret_id: Any, options: dict[str, str], type: str = "file"
) -> dict[str, Any]:
    """
    Enable an audit device.

    :param name: path of the device.
    :param address: address of Vault.
    :param secret_id: secret id of ``eos-admin``.
    :param options: options of the device, all text.
    :param type: kind of device.
    """
    path = f"/v1/sys/audit/{name}"

    def read(client: Any) -> dict[str, Any] | None:
        device = client.get("/v1/sys/audit")["data"].get(f"{name}/")
        return device and {
            "type": device["type"],
            "options": {key: device["options"].get(key) for key in options},
        }

    return _settle(
        name,
        address,
        secret_id,
        {"type": type, "options": options},
        read,
        lambda client: client.put(path, {"type": type, "options": options}),
    )


def mount_present(
    name: str,
    address: str,
    secret_id: Any,
    type: str,
    description: str = "",
    options: dict[str, str] | None = None,
    config: dict[str, int] | None = None,
) -> dict[str, Any]:
    """
    Mount a secrets engine.

    :param name: path of the mount.
    :param address: address of Vault.
    :param secret_id: secret id of ``eos-admin``.
    :param type: kind of engine; cannot change.
    :param description: what it is for.
    :param options: options of the engine, such as ``version: '2'`` of ``kv``.
    :param config: ``default_lease_ttl`` and ``max_lease_ttl``, in seconds.
    """
    return _mount("mounts", name, address, secret_id, type, description, options, config)


def auth_present(
    name: str,
    address: str,
    secret_id: Any,
    type: str,
    description: str = "",
    config: dict[str, int] | None = None,
) -> dict[str, Any]:
    """
    Enable an auth method.

    :param name: path of the method.
    :param address: address of Vault.
    :param secret_id: secret id of ``eos-admin``.
    :param type: kind of method; cannot change.
    :param description: what it is for.
    :param config: ``default_lease_ttl`` and ``max_lease_ttl``, in seconds.
    """
    return _mount("auth", name, address, secret_id, type, description, None, config)


def policy_present(
    name: str,
    address: str,
    secret_id: Any,
    rules: dict[str, list[str]],
    accessor_of: str | None = None,
) -> dict[str, Any]:
    """
    Write a policy.

    :param name: name of the policy.
    :param address: address of Vault.
    :param secret_id: secret id of ``eos-admin``.
    :param rules: capabilities by path.
    :param accessor_of: an auth method; ``ACCESSOR`` in a path stands for its accessor.
    """

    def text(client: Any) -> str:
        filled = vault_identity.policy_text(rules)
        if accessor_of is None:
            return filled
        method = client.get("/v1/sys/auth")["data"].get(f"{accessor_of}/")
        if method is None:
            raise CommandExecutionError(
                f"there is no auth method {accessor_of}; expected it before the policy {name}, "
                "whose paths carry its accessor; put eos_vault.auth_present before this state"
            )
        return filled.replace("ACCESSOR", method["accessor"])

    def read(client: Any) -> dict[str, Any] | None:
        same = vault_identity.policy(client, name) == text(client)
        return {"rules": rules} if same else None

    return _settle(
        name,
        address,
        secret_id,
        {"rules": rules},
        read,
        lambda client: client.put(f"/v1/sys/policies/acl/{name}", {"policy": text(client)}),
    )


def written(
    name: str,
    address: str,
    secret_id: Any,
    data: dict[str, Any],
    authority: str | None = None,
) -> dict[str, Any]:
    """
    Keep data at a path of Vault that gives back what was written.

    :param name: path below ``/v1/``, such as ``auth/jwt-nomad/role/nomad-workloads``.
    :param address: address of Vault.
    :param secret_id: secret id of ``eos-admin``.
    :param data: fields, in the form in which Vault reports them: lists, and durations in seconds.
    :param authority: a field that gets the site's CA.
    """

    def wanted() -> dict[str, Any]:
        return {**data, authority: tls.ca_text()} if authority else data

    return _settle(
        name,
        address,
        secret_id,
        wanted,
        lambda client: vault_identity.data_at(client, name),
        lambda client: client.put(f"/v1/{name}", wanted()),
    )


def approle_present(
    name: str,
    address: str,
    secret_id: Any,
    role_secret_id: Any,
    policies: list[str],
    token_ttl: int = 600,
    token_max_ttl: int = 3600,
) -> dict[str, Any]:
    """
    Keep an AppRole whose role id is its name and whose secret id is known beforehand.

    :param name: name of the role, and its role id.
    :param address: address of Vault.
    :param secret_id: secret id of ``eos-admin``.
    :param role_secret_id: secret id of this role.
    :param policies: policies of its tokens.
    :param token_ttl: lifetime of a token, in seconds.
    :param token_max_ttl: most a token can be renewed to, in seconds.
    """

    def role_secret() -> str:
        return str(opened(role_secret_id, __pillar__, __opts__))

    wanted = vault_identity.approle(policies, token_ttl, token_max_ttl)
    return _settle(
        name,
        address,
        secret_id,
        wanted,
        lambda client: vault_identity.read_approle(client, address, name, role_secret(), wanted),
        lambda client: vault_identity.write_approle(client, name, role_secret(), wanted),
        hidden=("secret_id",),
    )


def admin_present(
    name: str, address: str, secret_id: Any, directory: str = vault_init.DIRECTORY
) -> dict[str, Any]:
    """
    Make Eos's own identity in Vault: its policy, and an AppRole with a known secret id.

    :param name: name of the identity, its role id and its policy.
    :param address: address of Vault.
    :param secret_id: its secret id.
    :param directory: where the first root token lies sealed.
    """
    rules = vault_identity.ADMIN_RULES
    wanted = {**vault_identity.approle([name], 600, 3600), "rules": rules}

    def read(client: Any) -> dict[str, Any] | None:
        secret = opened(secret_id, __pillar__, __opts__)
        role = vault_identity.read_approle(client, address, name, secret, wanted)
        same = vault_identity.policy(client, name) == vault_identity.policy_text(rules)
        return role and {**role, "rules": rules if same else None}

    def write(client: Any) -> None:
        secret = opened(secret_id, __pillar__, __opts__)
        text = vault_identity.policy_text(rules)
        client.put(f"/v1/sys/policies/acl/{name}", {"policy": text})
        role = {key: item for key, item in wanted.items() if key != "rules"}
        vault_identity.write_approle(client, name, secret, role)

    return _settle(
        name, address, secret_id, wanted, read, write, hidden=("secret_id",), directory=directory
    )


def canary(name: str, address: str, secret_id: Any) -> dict[str, Any]:
    """
    Write a value as ``eos-admin`` and read it back.

    :param name: path of the value below the mount ``kv``, such as ``eos/canary``.
    :param address: address of Vault.
    :param secret_id: secret id of ``eos-admin``.
    """
    path, wanted = f"/v1/kv/data/{name}", {"written_by": vault.ADMIN}

    def read(client: Any) -> dict[str, Any] | None:
        found = vault_identity.data_at(client, f"kv/data/{name}")
        return found and found["data"]

    return _settle(
        name, address, secret_id, wanted, read, lambda client: client.post(path, {"data": wanted})
    )


def root_revoked(
    name: str, secret_id: Any, directory: str = vault_init.DIRECTORY
) -> dict[str, Any]:
    """
    Revoke the first root token, once ``eos-admin`` works without it.

    :param name: address of Vault.
    :param secret_id: secret id of ``eos-admin``.
    :param directory: where the token lies sealed.
    """
    token = vault_init.root_token(directory)
    if token is None:
        return unchanged(name, "The first root token")
    changes = {"root_token": {"old": "sealed on this host", "new": None}}
    if __opts__["test"]:
        return changed(name, "The first root token {0} revoked.", changes, test=True)
    try:
        with vault.session(name, opened(secret_id, __pillar__, __opts__)) as client:
            client.get("/v1/kv/data/eos/canary")
        root = vault.client(name, token)
        try:
            root.post("/v1/auth/token/revoke-self")
            root.get("/v1/auth/token/lookup-self")
        except Forbidden:
            vault_init.forget(directory, vault_init.ROOT)
            return changed(name, "The first root token {0} revoked.", changes, test=False)
    except CommandExecutionError as err:
        return failed(name, err)
    return failed(
        name,
        "the first root token still works after it was revoked; expected Vault to refuse it; "
        "look at Vault's journal, and revoke it by hand",
    )


def _mount(
    kind: str,
    name: str,
    address: str,
    secret_id: Any,
    type: str,
    description: str,
    options: dict[str, str] | None,
    config: dict[str, int] | None,
) -> dict[str, Any]:
    wanted: dict[str, Any] = {"type": type, "description": description}
    wanted |= {"options": options} if options else {}
    wanted |= {"config": config} if config else {}

    return _settle(
        name,
        address,
        secret_id,
        wanted,
        lambda client: vault_mount.read(client, kind, name, wanted),
        lambda client: vault_mount.write(client, kind, name, wanted),
    )


def _settle(
    name: str, address: str, secret_id: Any, wanted: Any, read: Any, write: Any,
    hidden: tuple[str, ...] = (), directory: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Bring one object of Vault to ``wanted`` within one session of ``eos-admin``."""

    def inside(act: Any) -> Any:
        own = opened(secret_id, __pillar__, __opts__)
        with vault.session(address, own, directory) as client:
            return act(client)

    return settle(
        name,
        test=__opts__["test"],
        wanted=wanted,
        read=lambda: inside(read),
        write=lambda: inside(write),
        hidden=hidden,
    )
