"""
Carry a secret to one minion: AES-256-GCM under a key that only its Salt key opens.

The name of the minion and the purpose are authenticated, so that an envelope can neither be given
to another minion nor used for something else.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from salt.exceptions import CommandExecutionError

VERSION = 1
_OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def pack(secret: str, public_key: bytes, *, minion: str, purpose: str) -> dict[str, Any]:
    """
    Put a secret into an envelope.

    :param public_key: PEM of the minion's Salt public key.
    :raises CommandExecutionError: it is no RSA key.
    """
    key, nonce = AESGCM.generate_key(256), os.urandom(12)
    try:
        receiver = serialization.load_pem_public_key(public_key)
    except ValueError as err:
        raise CommandExecutionError(f"the Salt key of {minion} is no PEM public key") from err
    if not isinstance(receiver, rsa.RSAPublicKey):
        raise CommandExecutionError(f"the Salt key of {minion} is no RSA key")
    sealed = AESGCM(key).encrypt(nonce, secret.encode(), _bound(minion, purpose))
    return {
        "v": VERSION,
        "minion": minion,
        "purpose": purpose,
        "key": _text(receiver.encrypt(key, _OAEP)),
        "nonce": _text(nonce),
        "data": _text(sealed),
    }


def unpack(envelope: dict[str, Any], private_key: Path, *, minion: str, purpose: str) -> str:
    """
    Open an envelope with this minion's private key.

    :param private_key: path of the minion's ``minion.pem``.
    :raises CommandExecutionError: it was made for another key, minion or purpose.
    """
    if envelope.get("v") != VERSION:
        raise CommandExecutionError(
            f"the envelope of {purpose} has version {envelope.get('v')!r}; expected {VERSION}; "
            "install the same saltext-eos on master and minion"
        )
    if (envelope["minion"], envelope["purpose"]) != (minion, purpose):
        raise CommandExecutionError(
            f"an envelope for {envelope['minion']} and {envelope['purpose']} was given to {minion} "
            f"as {purpose}; it is not opened"
        )
    try:
        key = serialization.load_pem_private_key(private_key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as err:
        raise CommandExecutionError(f"{private_key} cannot be read as a private key") from err
    if not isinstance(key, rsa.RSAPrivateKey):
        raise CommandExecutionError(f"{private_key} is no RSA key")
    try:
        opened = key.decrypt(base64.b64decode(envelope["key"]), _OAEP)
        data = base64.b64decode(envelope["data"])
        plain = AESGCM(opened).decrypt(
            base64.b64decode(envelope["nonce"]), data, _bound(minion, purpose)
        )
    except (ValueError, InvalidTag) as err:
        raise CommandExecutionError(
            f"the envelope of {purpose} does not open with this minion's key; it was made for an "
            "older key or changed on the way; run `salt-run eos.secrets` on the master"
        ) from err
    return plain.decode()


def fingerprint(public_key: bytes) -> str:
    """Give a short name for a public key: SHA-256 over its PEM without white space."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(b"".join(public_key.split()))
    return digest.finalize().hex()[:32]


def _bound(minion: str, purpose: str) -> bytes:
    return f"{minion}\0{purpose}".encode()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
