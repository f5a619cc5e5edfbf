"""What tests of the beacon share: a minion's folder and key, cages, and the beacon in real Salt."""

from __future__ import annotations

import itertools
import logging
import os

import pytest
import salt.loader
from cage import HOME, Cage, turn_at_the_kernel
from minion import new_key, options

from saltext.eos.utils import record_books

_COUNT = itertools.count()


@pytest.fixture
def turn():
    """Nobody else kills while this test does, from before its beacon is started."""
    with turn_at_the_kernel():
        yield


@pytest.fixture(scope="session")
def minion_key():
    """A minion's key."""
    return new_key()


@pytest.fixture
def minion_opts(tmp_path, minion_key):
    """A minion's options, its books in ``books`` of a temporary folder."""
    return options(tmp_path, minion_key, "eos_oom")


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


@pytest.fixture(scope="session")
def killing():
    """A machine on which tests may let the kernel kill."""
    if os.getuid() != 0 or not os.access(HOME, os.W_OK):
        pytest.skip("needs root and a writable cgroup file system to let the kernel kill")


@pytest.fixture
def make_cage(killing, turn):
    """Make memory cgroups of this test; they are removed at its end."""
    made: list[Cage] = []

    def make(name: str = "", limit: int = 20) -> Cage:
        made.append(Cage(name or f"eos-oom-{os.getpid()}-{next(_COUNT)}", limit))
        return made[-1]

    yield make
    for cage in reversed(made):
        cage.remove()
