"""Fixtures of the servers: one stack on the loopback for the whole run of a module."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="module")
def loopback(tmp_path_factory):
    """A compiled node whose servers can be started."""
    from loopback import Loopback

    patch = pytest.MonkeyPatch()
    made = Loopback(tmp_path_factory.mktemp("s"), patch)
    try:
        yield made
    finally:
        made.stop_all()
        patch.undo()
