"""Short-lived credentials for one Terraform run: from Vault, and taken back afterwards."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.http import (
    BadRequest,
    Client,
    Forbidden,
    HttpError,
    NotFound,
    Sealed,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

CA_FILE = "/etc/eos/tls/ca.pem"
IDENTITY = "eos-terraform"


class Blocked(CommandExecutionError):
    """Vault is sealed or does not answer, so nothing can be applied."""


@contextmanager
def session(
    address: str, secret_id: str, identity: str = IDENTITY, ca_file: str | None = CA_FILE
) -> Iterator[Client]:
    """
    Log in at Vault through AppRole; with its token, everything it leased ends on leaving.

    :param address: address of Vault.
    :param secret_id: secret id of ``identity``.
    :raises Blocked: Vault is sealed or does not answer.
    :raises CommandExecutionError: Vault refuses the identity.
    """
    client = Client(address, ca_file)
    try:
        found = client.post("/v1/auth/approle/login", {"role_id": identity, "secret_id": secret_id})
    except (Sealed, Unavailable) as err:
        raise Blocked(
            f"blocked: vault: {err}; nothing is applied while Vault is sealed or away; unseal it, "
            "then apply again"
        ) from err
    except (BadRequest, Forbidden, NotFound) as err:
        raise CommandExecutionError(
            f"Vault refuses the identity {identity}: {err}; expected the secret id that "
            "`salt-run eos.secrets` delivers; apply eos.workload_identity, then this again"
        ) from err
    mine = Client(address, ca_file, headers={"X-Vault-Token": found["auth"]["client_token"]})
    try:
        yield mine
    finally:
        with suppress(HttpError):
            mine.post("/v1/auth/token/revoke-self")


def nomad_token(vault: Client, role: str) -> str:
    """
    Lease a Nomad token of ``role``; Vault revokes it when the session ends.

    :raises Blocked: Vault was sealed meanwhile.
    :raises CommandExecutionError: Vault has no such role, or the identity may not use it.
    """
    try:
        lease = vault.get(f"/v1/nomad/creds/{role}")
    except (Sealed, Unavailable) as err:
        raise Blocked(f"blocked: vault: {err}; unseal it, then apply again") from err
    except HttpError as err:
        raise CommandExecutionError(
            f"Vault gives no Nomad token of role {role}: {err}; expected the Nomad engine with "
            "that role, readable by eos-terraform; apply eos.workload_identity"
        ) from err
    return str(lease["data"]["secret_id"])
