"""What tests of the healer's engine share."""

from __future__ import annotations

import pytest
from stage import Stage


@pytest.fixture
def stage(tmp_path):
    """A loop on an empty folder."""
    one = Stage(tmp_path)
    yield one
    one.end()
