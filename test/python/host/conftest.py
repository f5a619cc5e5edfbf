"""What tests of the beacon share: a real systemd in a container, and a minion's folder."""

from __future__ import annotations

import os
import subprocess

import pytest
from host_systemd import Systemd
from minion import new_key, options

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
    """A minion's key."""
    return new_key()


@pytest.fixture
def minion_opts(tmp_path, minion_key):
    """A minion's options, its books in ``books`` of a temporary folder."""
    return options(tmp_path, minion_key, "eos_host")
