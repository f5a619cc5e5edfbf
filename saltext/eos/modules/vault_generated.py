"""What fields a secret of Vault's KV engine has, and never what is in them."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import kv_secret, settings
from saltext.eos.utils.arguments import refuse_wrong

__virtualname__ = "vault_generated"

__opts__: dict[str, Any]


def __virtual__():
    return __virtualname__


def fields(name):
    """
    Name the fields of a secret that hold something; no value is given.

    name
        Path of the secret from the mount of its KV engine on.

    Raises ``CommandExecutionError`` when Vault is out of reach, sealed or refuses, and when the
    newest version of the secret was deleted.

    CLI Example:

    .. code-block:: bash

        salt '*' vault_generated.fields kv/app/database
    """
    refuse_wrong({"name": kv_secret.PATH}, {"name": name})
    held = kv_secret.read(settings.connect("vault", __opts__), name)
    return sorted(field for field, value in held.fields.items() if value not in (None, ""))
