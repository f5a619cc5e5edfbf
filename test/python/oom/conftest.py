"""What tests of the beacon share: a minion's folder and key, cages, and the beacon in real Salt."""

from __future__ import annotations

import fcntl
import itertools
import logging
import os
import time
from pathlib import Path

import pytest
import salt.config
import salt.loader
from cage import HOME, SECONDS, Cage, kills_started, wait_for
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from saltext.eos.utils import record_books

_COUNT = itertools.count()


@pytest.fixture(scope="module", autouse=True)
def turn_at_the_kernel():
    """
    Let one run at a time kill: the kernel prints ten summaries in five seconds, for all.

    The file's own time is when the last run ended its turn, so that its kills are waited out.
    """
    lock = Path("/run/lock/eos-test-kernel.lock")
    with lock.open("a", encoding="ascii") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        wait_for(lambda: not 0 <= time.time() - lock.stat().st_mtime <= SECONDS, "a rest")
        before = kills_started()
        yield
        if kills_started() > before:
            os.utime(lock)


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
        "eos_oom_dir": str(tmp_path / "books"),
        "grains": {},
    }


@pytest.fixture
def beacons(minion_opts):
    """Salt's own loader with our beacon; closed at the end."""
    loaded = salt.loader.beacons(minion_opts, {})
    yield loaded
    loaded["eos_oom.close"]([])


@pytest.fixture
def said(monkeypatch):
    """Levels of what is logged about the books."""
    heard = logging.Handler()
    levels: list[str] = []
    heard.emit = lambda record: levels.append(record.levelname)
    logger = logging.getLogger(record_books.__name__)
    monkeypatch.setattr(logger, "propagate", False)
    monkeypatch.setattr(logger, "handlers", [heard])
    before = logger.level
    logger.setLevel(logging.INFO)
    yield levels
    logger.setLevel(before)


@pytest.fixture
def make_cage():
    """Make memory cgroups of this test; they are removed at its end."""
    if os.getuid() != 0 or not os.access(HOME, os.W_OK):
        pytest.skip("needs root and a writable cgroup file system to let the kernel kill")
    made: list[Cage] = []

    def make(name: str = "", limit: int = 20) -> Cage:
        made.append(Cage(name or f"eos-oom-{os.getpid()}-{next(_COUNT)}", limit))
        return made[-1]

    yield make
    for cage in reversed(made):
        cage.remove()
