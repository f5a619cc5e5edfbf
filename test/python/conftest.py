"""What every test of the Python side may ask for."""

from __future__ import annotations

import copy
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from shelf import place, present, shelves  # noqa: F401 - fixtures of the kernel's tests
from wheel import CONTRACT, FIXTURES, SITE

# What takes long and does not ask Salt, or asks what other tests hold on each line.
# `npm test` runs it on one of its two lines, 0 is the newest; the long form runs all on both.
SHARES = {
    "bridge/test_silence.py": 0,
    "heal/test_heal_crash.py": 1,
    "heal/test_heal_property.py": 1,
    "heal_act/test_heal_resync.py": 0,
    "heal_act/test_heal_servers.py": 0,
    "heal_backtest/test_backtest.py": 0,
    "heal_engine/test_heal_kill.py": 1,
    "heal_engine/test_heal_lease.py": 1,
    "heal_proof/test_scenarios.py": 0,
    "heal_proof/test_storm.py": 0,
    "heal_view/test_heal_partial.py": 1,
    "heal_view/test_heal_real.py": 0,
    "host/test_host_servers.py": 0,
    "host/test_host_units.py": 0,
    "law/test_bad_input_states.py": 0,
    "law/test_faults.py": 0,
    "law/test_faults_seldom.py": 1,
    "law/test_law_auth_config.py": 0,
    "law/test_law_drift.py": 1,
    "law/test_law_garbage.py": 0,
    "law/test_law_garbage_states.py": 1,
    "law/test_law_generated.py": 0,
    "law/test_law_half_right.py": 1,
    "law/test_law_peering.py": 0,
    "law/test_law_pillar.py": 0,
    "law/test_law_raft.py": 1,
    "law/test_law_snapshot.py": 1,
    "law/test_law_swaps.py": 1,
    "law/test_nomad_blind.py": 0,
    "law/test_nomad_cluster.py": 1,
    "law/test_nomad_garbage.py": 1,
    "law/test_nomad_job.py": 1,
    "law/test_nomad_job_acts.py": 1,
    "law/test_nomad_job_ends.py": 1,
    "law/test_property.py": 1,
    "law/test_property_states.py": 0,
    "oom/test_oom_crash.py": 1,
    "stack/test_servers.py": 1,
    "terraform/test_roots.py": 0,
    "test_check.py": 0,
}


def pytest_collection_modifyitems(config, items):
    """Leave to the run on another line what is its share, when ``EOS_SHARE`` names this one's."""
    share = os.environ.get("EOS_SHARE")
    if share is None:
        return
    home = Path(__file__).parent
    for name, line in SHARES.items():
        assert (home / name).exists() and line in (0, 1), f"nobody would run {name} of SHARES"
    kept, left = [], []
    for item in items:
        other = SHARES.get(item.path.relative_to(home).as_posix(), int(share)) != int(share)
        (left if other else kept).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left)


def pytest_unconfigure():
    """Remove the unpacked wheel that this run made."""
    if "EOS_WHEEL" not in os.environ:
        shutil.rmtree(SITE.parent, ignore_errors=True)


@pytest.fixture
def pillar():
    """A small pillar that the fixture contract accepts; each test gets its own copy."""
    return copy.deepcopy(json.loads((FIXTURES / "pillar.json").read_text("utf-8")))


@pytest.fixture
def contract():
    """The fixture contract."""
    from saltext.eos.utils.contract import load

    return load(CONTRACT)


@pytest.fixture
def stack(contract, pillar):
    """The fixture stack, ready to compile nodes."""
    from saltext.eos.utils.compile import Stack

    return Stack(contract, pillar)


@pytest.fixture(scope="module")
def live_home():
    """A folder for real daemons; its path is short, as the names of their sockets have to be."""
    home = Path(tempfile.mkdtemp(prefix="eos", dir="/tmp"))
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def master_opts(tmp_path):
    """Options of a master whose store, keys and custody are in a temporary folder."""
    opts = {
        "id": "m_master",
        "__role": "master",
        "eos_state_dir": str(tmp_path / "store"),
        "eos_custody_key": str(tmp_path / "custody.key"),
        "pki_dir": str(tmp_path / "pki"),
        "extension_modules": str(tmp_path / "extmods"),
        "test": False,
    }
    (tmp_path / "pki" / "minions").mkdir(parents=True)
    return opts
