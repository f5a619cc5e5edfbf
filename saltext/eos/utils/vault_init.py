"""
Vault's initialisation, whose answer exists once.

The intent is on disk before the call; the whole answer is sealed to disk, create-only and synced,
before anything else happens; only then is it split into one sealed file per share and one for the
first root token. Killed between any two lines, a second run finishes what the first began, or
says exactly what was lost.
"""

from __future__ import annotations

import json
from pathlib import Path

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import sealed, store
from saltext.eos.utils.http import Client

KEY = "/etc/eos/host.key"
DIRECTORY = "/var/lib/eos/vault"
ROOT = "root"
RISK = (
    "custody sealed_file: whoever is root on this host, or holds its disk, can open Vault; keep "
    f"copies of {{directory}} and {KEY} in two other places, or Vault's data is lost with this disk"
)
_ANSWER = "answer"


def is_initialised(client: Client) -> bool:
    """Ask Vault whether it has been initialised."""
    return bool(client.get("/v1/sys/init")["initialized"])


def custody(directory: str) -> dict[str, str]:
    """Say where this host keeps what Vault told it, and the key it is sealed with."""
    return {"eos_state_dir": directory, "eos_custody_key": KEY}


def shares(directory: str) -> list[str]:
    """List the names of the sealed unseal shares of this host."""
    return [name for name in sealed.names(custody(directory)) if name.startswith("share-")]


def root_token(directory: str) -> str | None:
    """Give the first root token, or ``None`` once it has been revoked."""
    return sealed.read(custody(directory), ROOT)


def forget(directory: str, name: str) -> None:
    """Remove one sealed file, for good."""
    folder = store.home(custody(directory)) / "sealed"
    store.within(folder, name, ".json").unlink()


def check_custody(directory: str, initialised: bool) -> None:
    """
    Refuse a Vault whose shares are not here, and shares whose Vault is not here.

    :raises CommandExecutionError: one of the two is the case.
    """
    held = bool(shares(directory)) or sealed.exists(custody(directory), _ANSWER)
    if initialised and not held:
        lost = (
            "an intent lies there, so the answer of the initialisation was lost between Vault and "
            "disk, and nothing can open this Vault any more; it holds no data yet: stop Vault and "
            "empty its storage directory"
            if _intent(directory).exists()
            else "bring the sealed shares of this Vault, and the key of the host that sealed them"
        )
        raise CommandExecutionError(
            f"Vault is initialised, but {directory} has no sealed shares; expected both or "
            f"neither; {lost}"
        )
    if held and not initialised:
        raise CommandExecutionError(
            f"Vault is not initialised, but {directory} has sealed shares of an earlier one; "
            "expected both or neither; restore Vault's storage, or move that directory away if "
            "the earlier Vault is given up for good"
        )


def initialise(client: Client, directory: str, count: int, threshold: int) -> None:
    """
    Initialise Vault and seal what it answers.

    :param client: client without a token.
    :param directory: where intent and sealed files go.
    :param count: number of shares.
    :param threshold: number of shares that open Vault.
    :raises CommandExecutionError: a file cannot be written.
    """
    sealed.make_key(custody(directory))
    if not _intent(directory).exists():
        store.create(_intent(directory), store.dump({"shares": count, "threshold": threshold}))
    answer = client.put("/v1/sys/init", {"secret_shares": count, "secret_threshold": threshold})
    kept = {"shares": answer["keys_base64"], "root": answer["root_token"]}
    sealed.create(custody(directory), _ANSWER, json.dumps(kept))
    split(directory)


def split(directory: str) -> None:
    """Seal each share, and the root token, of a sealed answer in a file of its own."""
    held = sealed.read(custody(directory), _ANSWER)
    if held is None:
        return
    answer = json.loads(held)
    parts = {f"share-{number}": share for number, share in enumerate(answer["shares"], start=1)}
    for name, part in {**parts, ROOT: answer["root"]}.items():
        if not sealed.exists(custody(directory), name):
            sealed.create(custody(directory), name, part)
    forget(directory, _ANSWER)


def open_vault(client: Client, directory: str) -> None:
    """
    Give Vault as many shares as it asks for.

    :raises CommandExecutionError: there are too few, or they are of another Vault.
    """
    status = client.get("/v1/sys/seal-status")
    for name in shares(directory):
        if not status["sealed"]:
            return
        share = sealed.require(custody(directory), name)
        status = client.put("/v1/sys/unseal", {"key": share})
    if status["sealed"]:
        raise CommandExecutionError(
            f"Vault is still sealed after {len(shares(directory))} shares; expected "
            f"{status['t']} shares of this very Vault in {directory}; bring the missing ones"
        )


def is_sealed(client: Client) -> bool:
    """Ask Vault whether it is sealed."""
    return bool(client.get("/v1/sys/seal-status")["sealed"])


def _intent(directory: str) -> Path:
    return Path(directory) / "intent.json"
