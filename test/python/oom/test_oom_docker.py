"""A real container with a limit, and a Docker that does not answer."""

import io
import socket
import subprocess
import tarfile
import threading
import uuid
from pathlib import Path

import pytest
from cage import PATIENCE, let_the_kernel_rest, wait_for
from run_beacon import Runner

from saltext.eos.utils.oom_docker import Containers

SOCKET = "/run/docker.sock"


def _docker(*arguments, given=None):
    done = subprocess.run(["docker", *arguments], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


@pytest.fixture(scope="module")
def image():
    """An image with nothing but links: its programs are the host's, mounted read-only."""
    asked = subprocess.run(["docker", "info"], capture_output=True, check=False)
    if asked.returncode or not Path(SOCKET).exists():
        pytest.skip("no Docker engine on this machine")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in ("bin", "lib", "lib64"):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, f"usr/{name}"
            archive.addfile(link)
    name = f"eos-oom-test:{uuid.uuid4().hex[:8]}"
    _docker("import", "-", name, given=packed.getvalue())
    yield name
    _docker("rmi", "--force", name)


@pytest.fixture
def eat(image, turn):
    """Run a container that outgrows its limit; it is removed at once, as Nomad does."""

    def run(*options, script="exec tail /dev/zero"):
        let_the_kernel_rest()
        return _docker(
            "run", "--detach", "--rm", "--network", "none", "--memory", "24m",
            "--memory-swap", "24m", "--volume", "/usr:/usr:ro",
            *options, image, "/bin/sh", "-c", script,
        )  # fmt: skip

    return run


@pytest.fixture
def runner(turn, beacons, minion_key):
    """The beacon once it knows the containers."""
    running = Runner(beacons, minion_key, [{"docker": SOCKET}])
    for _ in range(5):
        running.run()
    return running


def _of(running, container):
    return [one for one in running.records.values() if one["links"].get("container") == container]


def test_a_task_of_nomad_in_docker_is_told_with_job_and_allocation(runner, eat):
    alloc = str(uuid.uuid4())
    container = eat(
        "--name", f"srv-{alloc}", "--label", f"com.hashicorp.nomad.alloc_id={alloc}",
        "--env", "NOMAD_JOB_ID=web/api", "--env", "NOMAD_GROUP_NAME=api",
        "--env", "NOMAD_TASK_NAME=srv",
        "--env", "NOMAD_NAMESPACE=apps", "--env", "SECRET=do-not-tell",
        script="sleep 1; exec tail /dev/zero",
    )  # fmt: skip
    runner.until(lambda: _of(runner, container), "the record")
    (record,) = _of(runner, container)
    told = {name: record["subject"][name] for name in ("place", "alloc", "job", "group", "task")}
    assert told == {"place": alloc, "alloc": alloc, "job": "web/api", "group": "api", "task": "srv"}
    assert record["links"] == {
        "alloc": alloc,
        "namespace": "apps",
        "container": container,
        "boot": record["boot"],
    }
    assert (record["verdict"]["cause"], record["verdict"]["limit"]) == ("own_limit", str(24 << 20))
    assert "do-not-tell" not in str(record)


def test_a_greedy_child_in_a_container_is_told(runner, eat):
    name = f"eos-oom-{uuid.uuid4().hex[:8]}"
    container = eat("--name", name, script="tail /dev/zero; sleep 1; true")
    runner.until(lambda: _of(runner, container), "the record")
    (record,) = _of(runner, container)
    assert (record["subject"]["place"], record["subject"]["process"]) == (name, "tail")


def test_a_container_that_lived_and_died_unseen_is_named_afterwards(eat, beacons, minion_key):
    """Docker keeps its last events: after a pause of the minion they name what is gone."""
    running = Runner(beacons, minion_key, [{"docker": SOCKET}])
    running.run()
    beacons["eos_oom.close"]([])
    name = f"eos-oom-{uuid.uuid4().hex[:8]}"
    container = eat("--name", name)
    wait_for(lambda: container not in _docker("ps", "--all", "--quiet", "--no-trunc"), "its end")
    running.until(lambda: _of(running, container), "the record")
    (record,) = _of(running, container)
    assert (record["subject"]["container"], record["subject"]["process"]) == (name, "tail")


def test_a_docker_that_hangs_is_not_waited_for(tmp_path):
    """Nobody ever answers here: a step that waited would never end."""
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(1)
        containers = Containers(str(path), 0)
        steps = threading.Thread(target=lambda: [containers.step() for _ in range(100)])
        steps.daemon = True
        steps.start()
        steps.join(PATIENCE)
        assert not steps.is_alive()
        assert containers.can_learn
        assert not containers.is_settled("0" * 64)
        containers.close()


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.0 500 No\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n{{{\n", b"\xff" * 70000, b""]
)
def test_a_docker_that_talks_nonsense_is_left_alone(tmp_path, answer):
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(4)
        containers = Containers(str(path), 0)
        containers.step()
        for _ in range(2):
            accepted, _ = server.accept()
            accepted.recv(4096)
            accepted.sendall(answer)
            accepted.close()
        for _ in range(5):
            containers.step()
        assert not containers.complete
        containers.close()


def test_no_docker_is_no_reason_to_wait(tmp_path):
    containers = Containers(str(tmp_path / "none"), 0)
    containers.step()
    assert not containers.can_learn
