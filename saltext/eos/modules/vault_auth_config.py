"""Read what auth methods of Vault are configured with; Vault shows no secret of it."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import auth_config, settings
from saltext.eos.utils.arguments import SLASHED, refuse_wrong

__virtualname__ = "vault_auth_config"

__opts__: dict[str, Any]


def __virtual__():
    return __virtualname__


def get(name):
    """
    Give the settings of an auth method, or ``None`` when it is not configured yet.

    name
        Path of the auth method, such as ``jwt/nomad``.

    Raises ``CommandExecutionError`` when Vault is out of reach, sealed or refuses, and when there
    is no such method.

    CLI Example:

    .. code-block:: bash

        salt n1 vault_auth_config.get jwt/nomad
    """
    refuse_wrong({"name": SLASHED}, {"name": name})
    return auth_config.read(settings.connect("vault", __opts__), name)
