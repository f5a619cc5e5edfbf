"""Vault on this host, for the unit that opens it after a start."""

from __future__ import annotations

import time

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import vault, vault_init
from saltext.eos.utils.http import Unavailable

__virtualname__ = "eos_vault"


def __virtual__():
    return __virtualname__


def unseal(address, directory=vault_init.DIRECTORY, within=60):
    """
    Open Vault with the shares that are sealed on this host.

    Says nothing but whether Vault had to be opened; a Vault that was never initialised is left
    alone.

    address
        Address of Vault.

    directory
        Where the sealed shares are.

    within
        How long to wait for Vault to answer, in seconds.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_vault.unseal https://127.0.0.1:8200
    """
    client = vault.client(address)
    deadline = time.monotonic() + within
    while True:
        try:
            if not vault_init.is_initialised(client) or not vault_init.is_sealed(client):
                return False
            vault_init.open_vault(client, directory)
            return True
        except Unavailable as err:
            if time.monotonic() > deadline:
                raise CommandExecutionError(
                    f"Vault does not answer within {within} s: {err}; look at its journal"
                ) from err
            time.sleep(1)
