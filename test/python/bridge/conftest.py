"""What tests of the bridge share: an engine, or a whole master, in a short folder of its own."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from engine_process import Engine
from master_process import Master
from waiting import until


@pytest.fixture
def short_home():
    """A folder with a short path, for sockets."""
    home = Path(tempfile.mkdtemp(prefix="eb-"))
    home.chmod(0o755)
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def engines(short_home):
    """Make engines in this test's folder; all end with it."""
    made = []

    def make(wrapper=(), **settings):
        made.append(Engine(short_home, wrapper, **settings))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture
def engine(engines):
    """A running engine."""
    return engines().start()


@pytest.fixture(scope="module")
def master(live_home):
    """A running master whose engine serves."""
    one = Master(live_home)
    one.start()
    try:
        until(one.socket.exists, 120)
        yield one
    finally:
        one.stop()
