"""What the proofs of healing share: a loop with a real inbox and a real healer.db."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "heal_engine"))

from stage import Stage


@pytest.fixture
def stage(tmp_path):
    """A loop on an empty folder; its world is the test's."""
    one = Stage(tmp_path)
    yield one
    one.end()
