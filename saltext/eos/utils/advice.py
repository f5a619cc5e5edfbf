"""What was expected, and what to do, where a server's words tell more than their status."""

from __future__ import annotations

SEALED = (
    "expected it to be unsealed; open it with `vault operator unseal` (vault_seal.status tells how "
    "many shares that takes), then apply again"
)


def of_answer(status: int, said: str) -> str | None:
    """Give what to do about an answer that is no success; ``None`` when its status tells it."""
    if status == 503 and "Vault is sealed" in said:
        return SEALED
    return None
