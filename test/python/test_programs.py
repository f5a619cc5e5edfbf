"""What the tests' own servers leave behind is ended, and nothing else."""

import os
import subprocess
from pathlib import Path

import pytest
from programs import clear


@pytest.fixture
def start():
    """Start processes that outlive whoever started them, as Nomad's tasks do."""
    running = []

    def started(*, cwd, **environment):
        known = {"PATH": os.environ["PATH"], **environment}
        running.append(
            subprocess.Popen(["sleep", "600"], cwd=cwd, env=known, start_new_session=True)
        )
        return running[-1]

    yield started
    for one in running:
        one.kill()
        one.wait()


def test_what_runs_in_a_folder_or_was_told_of_it_is_ended(start, tmp_path):
    """Fails when only the folder or only the environment is looked at, or its neighbour too."""
    home, beside = tmp_path / "w1", tmp_path / "w10"
    for folder in (home, beside):
        folder.mkdir()
    inside = start(cwd=home)
    task = start(cwd="/", NOMAD_ALLOC_DIR=f"{home}/data/alloc")
    other = start(cwd=beside, NOMAD_ALLOC_DIR=f"{beside}/data/alloc")
    clear(home)
    assert (inside.wait(5), task.wait(5), other.poll()) == (-9, -9, None)


def test_what_is_mounted_in_a_folder_is_unmounted(tmp_path):
    """Fails when a mount stays, or an outer one goes before an inner one."""
    outer = tmp_path / "secrets"
    inner = outer / "more"
    for place in (outer, inner):
        place.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(place)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("no right to mount")
    clear(tmp_path)
    assert f"{tmp_path}/" not in Path("/proc/self/mounts").read_text()
