"""A minion's folder and key, for tests of its beacons."""

from __future__ import annotations

import salt.config
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def new_key() -> rsa.RSAPrivateKey:
    """Make a key as Salt makes it for a minion."""
    return rsa.generate_private_key(65537, 2048)


def options(folder, key: rsa.RSAPrivateKey, beacon: str) -> dict:
    """Give options of a minion whose keys, and books of one beacon, are in a temporary folder."""
    pki = folder / "pki"
    pki.mkdir()
    (pki / "minion.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return {
        **salt.config.minion_config(None),
        "id": "n1",
        "root_dir": str(folder),
        "cachedir": str(folder / "cache"),
        "pki_dir": str(pki),
        "extension_modules": str(folder / "extmods"),
        f"{beacon}_dir": str(folder / "books"),
        "grains": {},
        "beacons": {},
    }
