"""Look at secrets of this minion without seeing them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from saltext.eos.utils import compiled, secret

if TYPE_CHECKING:
    __grains__: dict[str, Any]
    __opts__: dict[str, Any]

__virtualname__ = "eos_secret"


def __virtual__():
    return __virtualname__


def names():
    """
    List the secrets that were delivered to this minion.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_secret.names
    """
    pillar = compiled.fresh(__opts__, __grains__)
    return sorted(compiled.compiled(pillar).get("secrets") or {})


def fingerprint(name):
    """
    Prove that a secret opens here: give the first half of its SHA-256, salted with its name.

    name
        The secret's name, such as ``consul.gossip_key``.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_secret.fingerprint consul.gossip_key
    """
    value = secret.open_one(name, compiled.fresh(__opts__, __grains__), __opts__)
    return hashlib.sha256(f"{name}\0{value}".encode()).hexdigest()[:32]
