"""What the tests' own servers leave behind is ended, and nothing else."""

import os
import subprocess
from pathlib import Path

import pytest
from programs import binary, clear, under_law, version


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


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache with servers in it, each built later than the one before."""

    def built(*folders):
        for age, folder in enumerate(folders):
            place = tmp_path / "servers" / folder / folder.split("-1.")[0]
            place.parent.mkdir(parents=True)
            place.touch()
            os.utime(place, (age, age))
        return tmp_path / "servers"

    monkeypatch.setattr("programs.CACHE", tmp_path)
    return built


def test_a_server_is_the_version_that_this_tree_names(cache):
    """Fails when the newest file is taken: a build for another tree would be everybody's."""
    own = version("nomad")
    others = ["nomad-1.9.0-a", f"nomad-{own}0-a", "nomad-1.99.0-a"]
    home = cache(f"nomad-{own}-a", f"nomad-{own}-b", *others)
    assert binary("nomad") == str(home / f"nomad-{own}-b/nomad")


def test_the_oldest_servers_are_asked_for_and_never_met(cache, monkeypatch):
    """Fails when they stand where other tests look, or the law asks the newest all the same."""
    names = [f"{name}-{version(name)}-a" for name in ("nomad", "oldest-nomad")]
    home = cache(*names)
    assert binary("nomad") == str(home / names[0] / "nomad")
    for chosen, name in (("", names[0]), ("oldest", names[1])):
        monkeypatch.setenv("EOS_SERVERS", chosen)
        assert binary(under_law("nomad")) == str(home / name / name.split("-1.")[0])
        assert under_law("vault") == "vault"
