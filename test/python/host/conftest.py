"""What tests of the beacon share: a real systemd in a container, and a minion's folder."""

from __future__ import annotations

import os
import subprocess

import pytest
import salt.config
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from host_systemd import Systemd

from saltext.eos.utils import host_bus


@pytest.fixture(scope="session")
def systemd():
    """A real systemd, for the whole run."""
    found = subprocess.run(
        ["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "eos-node"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    images = found.stdout.split()
    if not images or os.getuid() != 0:
        pytest.skip("no image of a node here, which `npm run lab` builds, or no root")
    made = Systemd(images[0])
    yield made
    made.close()


@pytest.fixture
def at_systemd(systemd, monkeypatch):
    """The same, asked by what is tested as if it were this host's own."""
    monkeypatch.setattr(host_bus, "PRIVATE", "/run/nobody-is-there")
    monkeypatch.setattr(host_bus, "SYSTEM", systemd.socket)
    return systemd


@pytest.fixture(scope="session")
def minion_key():
    """A key as Salt makes it for a minion."""
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def minion_opts(tmp_path, minion_key):
    """Options of a minion whose books and keys are in a temporary folder."""
    pki = tmp_path / "pki"
    pki.mkdir()
    (pki / "minion.pem").write_bytes(
        minion_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    opts = dict(salt.config.minion_config(None))
    return opts | {
        "id": "n1",
        "root_dir": str(tmp_path),
        "cachedir": str(tmp_path / "cache"),
        "pki_dir": str(pki),
        "extension_modules": str(tmp_path / "extmods"),
        "eos_host_dir": str(tmp_path / "books"),
        "grains": {},
        "beacons": {},
    }
