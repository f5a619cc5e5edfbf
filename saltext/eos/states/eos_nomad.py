"""Nomad's ACLs: bootstrapped with a token that was made before, then policies and tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import canary, held, nomad, tls, vault, vault_identity
from saltext.eos.utils.http import BadRequest
from saltext.eos.utils.settle import opened, settle

__virtualname__ = "eos_nomad"

TYPE_CHECKING = False
if TYPE_CHECKING:
    __opts__: dict[str, Any]
    __pillar__: dict[str, Any]


def __virtual__() -> str:
    return __virtualname__


def bootstrapped(name: str, token: Any) -> dict[str, Any]:
    """
    Make ``token`` the management token of a Nomad that has none, and prove it by using it.

    :param name: address of the agent, such as ``https://127.0.0.1:4646``.
    :param token: the management token, a UUID made beforehand.

    .. code-block:: yaml

        acl bootstrapped:
          eos_nomad.bootstrapped:
            - name: https://127.0.0.1:4646
            - token: {$secret: nomad_acl.management_token}
    """

    def read() -> dict[str, Any]:
        own = nomad.own_token(name, _open(token))
        return {"management": own is not None and own["Type"] == "management"}

    def write() -> None:
        try:
            nomad.client(name).put("/v1/acl/bootstrap", {"BootstrapSecret": _open(token)})
        except BadRequest as err:
            raise CommandExecutionError(
                "Nomad's ACLs were bootstrapped with another token than the one sealed on the "
                f"master ({err}); expected this stack's; restore the master's store, or let Nomad "
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
    wanted = {"Description": description, "Rules": nomad.rules_text(rules)}
    path = f"/v1/acl/policy/{name}"
    return settle(
        name,
        test=__opts__["test"],
        wanted=wanted,
        read=lambda: nomad.policy(nomad.client(address, _open(token)), name),
        write=lambda: nomad.client(address, _open(token)).put(path, {"Name": name, **wanted}),
    )


def vault_engine(
    name: str, address: str, token: Any, vault_address: str, secret_id: Any
) -> dict[str, Any]:
    """
    Give Vault's Nomad engine a management token of its own, so that it can make short-lived ones.

    Nomad invents that token; it goes from Nomad's answer to Vault and is kept nowhere else. Older
    tokens of that name are deleted.

    :param name: path of the engine in Vault, and the name of its token in Nomad.
    :param address: address of Nomad, as Vault reaches it.
    :param token: Nomad's management token.
    :param vault_address: address of Vault.
    :param secret_id: secret id of Vault's ``eos-admin``.
    """

    def read() -> dict[str, Any]:
        known = nomad.tokens_named(nomad.client(address, _open(token)), _label(name))
        with vault.session(vault_address, _open(secret_id)) as client:
            config = vault_identity.data_at(client, f"{name}/config/access") or {}
        return {
            "address": config.get("address"),
            "ca_cert": config.get("ca_cert"),
            "tokens": len(known),
        }

    def write() -> None:
        ours = nomad.client(address, _open(token))
        older = nomad.tokens_named(ours, _label(name))
        made = ours.put("/v1/acl/token", {"Name": _label(name), "Type": "management"})
        with vault.session(vault_address, _open(secret_id)) as client:
            fields = {"address": address, "ca_cert": tls.ca_text(), "token": made["SecretID"]}
            client.put(f"/v1/{name}/config/access", fields)
        for item in older:
            ours.delete(f"/v1/acl/token/{item['AccessorID']}")

    return settle(
        name,
        test=__opts__["test"],
        wanted=lambda: {"address": address, "ca_cert": tls.ca_text(), "tokens": 1},
        read=read,
        write=write,
    )


def token_file(
    name: str, address: str, token: Any, label: str, policies: list[str], user: str
) -> dict[str, Any]:
    """
    Keep a client token in a file that only one user may read, and prove it by using it.

    Nomad invents the token: it goes from Nomad's answer into the file and is kept nowhere else.
    Where the file is lost or its token no longer works, another is made; others of the label are
    deleted.

    :param name: path of the file.
    :param address: address of Nomad.
    :param token: Nomad's management token.
    :param label: name of the token in Nomad; belongs to this file alone.
    :param policies: names of its policies.
    :param user: owner of the file, which has mode 0400.
    """
    path = Path(name)

    def read() -> dict[str, Any]:
        own = nomad.own_token(address, held.read(path)) if held.read(path) else None
        known = nomad.tokens_named(nomad.client(address, _open(token)), label)
        accessors = [item["AccessorID"] for item in known]
        return {
            "works": own is not None and [own["AccessorID"]] == accessors,
            "policies": sorted((own or {}).get("Policies") or []),
            **held.access(path),
        }

    def write() -> None:
        ours = nomad.client(address, _open(token))
        older = nomad.tokens_named(ours, label)
        fields = {"Name": label, "Type": "client", "Policies": sorted(policies)}
        made = ours.put("/v1/acl/token", fields)
        held.write(path, made["SecretID"], user)
        for item in older:
            ours.delete(f"/v1/acl/token/{item['AccessorID']}")

    wanted = {"works": True, "policies": sorted(policies), "user": user, "mode": "0400"}
    return settle(name, test=__opts__["test"], wanted=wanted, read=read, write=write)


def canary_job(name: str, address: str, token: Any, datacenter: str) -> dict[str, Any]:
    """
    Keep the job that runs only while jobs get their identities of Vault and Consul.

    :param name: id of the job.
    :param address: address of Nomad.
    :param token: Nomad's management token.
    :param datacenter: where it runs.
    """
    job = canary.job(name, datacenter)

    def read() -> dict[str, Any]:
        client = nomad.client(address, _open(token))
        return {"difference": nomad.difference_of(client, job)}

    return settle(
        name,
        test=__opts__["test"],
        wanted={"difference": "None"},
        read=read,
        write=lambda: nomad.client(address, _open(token)).put("/v1/jobs", {"Job": job}),
    )


def _label(mount: str) -> str:
    return f"vault engine {mount}"


def _open(secret: Any) -> str:
    return str(opened(secret, __pillar__, __opts__))
