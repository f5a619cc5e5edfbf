"""Whom a memory cgroup belongs to."""

import os
from uuid import uuid4

import pytest
from counting import calls

from saltext.eos.utils import oom_cgroup, oom_counter
from saltext.eos.utils.oom_docker import Containers
from saltext.eos.utils.oom_nomad import Tasks
from saltext.eos.utils.oom_place import Judge

ALLOC = "5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11"
ID = "0f3c" * 16
NODE = "ca76" * 16
SETTINGS = {"attribute_within": 10, "ignore": [], "allocations": [], "docker": ""}


@pytest.mark.parametrize(
    ("path", "want"),
    [
        (f"/nomad.slice/share.slice/{ALLOC}.srv.scope", (ALLOC, "srv", None, None)),
        (f"/nomad.slice/reserve.slice/{ALLOC}.a.b.scope/inner", (ALLOC, "a.b", None, None)),
        (f"/nomad/{ALLOC}.web-db", (ALLOC, "web-db", None, None)),
        (f"/docker/{ID}", (None, None, ID, None)),
        (f"/system.slice/docker-{ID}.scope", (None, None, ID, None)),
        (f"/docker/{ID}/system.slice/vault.service", (None, None, ID, None)),
        (f"/system.slice/docker.service/docker/{ID}", (None, None, ID, "docker.service")),
        (f"/nomad/{ALLOC}.srv/system.slice/vault.service", (ALLOC, "srv", None, None)),
        ("/system.slice/caddy.service", (None, None, None, "caddy.service")),
        ("/system.slice/caddy.service/child", (None, None, None, "caddy.service")),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope",
            (None, None, None, "app-x.scope"),
        ),
        ("/user.slice/user-1000.slice", (None, None, None, "user-1000.slice")),
        ("/kubepods/burstable/pod1", (None, None, None, None)),
        ("/", (None, None, None, None)),
    ],
)
def test_a_path_tells_its_holder(path, want):
    assert tuple(oom_cgroup.holder(path)) == want


@pytest.mark.parametrize(
    ("path", "root", "container", "want"),
    [
        ("/a/b", "/", None, "/a/b"),
        (
            f"/docker/{NODE}/system.slice/x.service",
            f"/docker/{NODE}",
            None,
            "/system.slice/x.service",
        ),
        (f"/docker/{NODE}", f"/docker/{NODE}", None, "/"),
        (f"/docker/{NODE}5/x", f"/docker/{NODE}", None, None),
        (f"/docker/{ID}", f"/docker/{NODE}", None, None),
        (f"/docker/{NODE}/init.scope", None, NODE, "/init.scope"),
        (f"/system.slice/docker-{NODE}.scope/a", None, NODE, "/a"),
        ("/system.slice/a", None, None, None),
    ],
)
def test_a_node_knows_what_is_inside_it(path, root, container, want):
    assert oom_cgroup.inside(path, root, container) == want


def _kill(cgroup):
    return {"cgroup": cgroup}


def _judge(root, *, shared, allocations=()):
    view = oom_counter.View(root, None, unified=False, counter=None, is_shared=shared)
    settings = {**SETTINGS, "allocations": list(allocations), "ignore": ["batch*", ALLOC]}
    return Judge(view, settings, Containers("", 0), Tasks())


@pytest.mark.parametrize(
    ("path", "own"),
    [
        (f"/docker/{NODE}/system.slice/vault.service", True),
        (f"/docker/{ID}", False),
        (f"/nomad/{ALLOC}.srv", True),
        ("/nomad/00000000-0000-0000-0000-000000000000.srv", False),
        ("/system.slice/vault.service", False),
    ],
)
def test_on_a_shared_kernel_foreign_kills_are_told_apart(tmp_path, path, own):
    (tmp_path / ALLOC).mkdir()
    judge = _judge(f"/docker/{NODE}", shared=True, allocations=[str(tmp_path)])
    assert judge.judge(_kill(path), 0).is_own is own


def test_on_its_own_kernel_everything_is_own():
    assert _judge("/", shared=False).judge(_kill(f"/docker/{ID}"), 0).is_own is True


def test_places_may_be_ignored_by_pattern():
    judge = _judge("/", shared=False)
    asked = ("/system.slice/batch-7.service", f"/nomad/{ALLOC}.srv", "/system.slice/vault.service")
    places = [judge.judge(_kill(path), 0).place for path in asked]
    assert [judge.is_ignored(place) for place in places] == [True, True, False]


@pytest.mark.parametrize(
    ("cgroup", "environ", "files", "want"),
    [
        ("4:memory:/\n0::/\n", b"", [], ("/", None, False, "proc/vmstat", False)),
        (
            f"4:memory:/docker/{NODE}/init.scope\n0::/\n",
            b"container=docker\0",
            [],
            (f"/docker/{NODE}", None, False, "proc/vmstat", True),
        ),
        ("4:memory:/\n", b"A=1\0container=docker\0", [], (None, NODE, False, "proc/vmstat", True)),
        ("0::/init.scope\n", b"", [], ("/", None, True, "proc/vmstat", False)),
        (
            "0::/init.scope\n",
            b"",
            ["memory.events"],
            (None, NODE, True, "cgroup/memory.events", False),
        ),
        (
            "0::/lxc/n1/init.scope\n",
            b"",
            ["lxc/n1/memory.events"],
            ("/lxc/n1", None, True, "cgroup/lxc/n1/memory.events", False),
        ),
    ],
)
def test_the_counter_is_the_nodes_own_where_there_is_one(tmp_path, cgroup, environ, files, want):
    proc, mounted = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "1").mkdir(parents=True)
    (proc / "1/cgroup").write_text(cgroup)
    (proc / "1/environ").write_bytes(environ)
    (proc / "1/mountinfo").write_text(
        f"1 2 8:1 /var/lib/docker/containers/{NODE}/hostname /etc/hostname\n"
    )
    for name in files:
        (mounted / name).parent.mkdir(parents=True, exist_ok=True)
        (mounted / name).write_text("oom_kill 0\n")
    root, container, unified, counter, shared = want
    found = oom_counter.view(proc, mounted)
    assert found == oom_counter.View(root, container, unified, tmp_path / counter, shared)


@pytest.mark.parametrize(
    ("path", "root", "container"),
    [("0::/machine/n1\n", "/machine/n1", None), ("0::/\n", None, NODE)],
)
def test_a_counter_of_one_level_only_is_not_the_nodes(tmp_path, path, root, container):
    """Mounted with ``memory_localevents``, ``memory.events`` leaves out all that is below."""
    proc, mounted = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "1").mkdir(parents=True)
    (proc / "1/cgroup").write_text(path)
    (proc / "1/environ").write_bytes(b"container=docker\0")
    mounts = proc / "1/mountinfo"
    docker = f"1 2 8:1 /var/lib/docker/containers/{NODE}/hostname /etc/hostname\n"
    unified = f"3 2 0:2 / {mounted} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
    own = mounted / (root or "").lstrip("/")
    own.mkdir(parents=True)
    (own / "memory.events").write_text("oom_kill 0\n")
    mounts.write_text(f"{docker}{unified}\n")
    exact = oom_counter.view(proc, mounted)
    assert (exact.counter, exact.is_shared) == (own / "memory.events", False)
    mounts.write_text(f"{docker}{unified},memory_localevents\n")
    assert oom_counter.view(proc, mounted) == oom_counter.View(
        root, container, unified=True, counter=proc / "vmstat", is_shared=True
    )


def test_of_many_empty_cgroups_each_is_looked_at_in_turn_and_four_at_once(tmp_path):
    """
    What Nomad left behind costs a pass little, and hides no task.

    Mutation: forget which were empty, and the last one is never reached; list them with
    ``Path.iterdir``, or match also those that were empty, and a pass makes 400 calls and more.
    """
    folder = tmp_path / "memory" / "nomad"
    for _ in range(400):
        (folder / f"{uuid4()}.web").mkdir(parents=True)
    *_, last = (entry.name for entry in os.scandir(folder))
    (folder / last / "cgroup.procs").write_text("77\n")
    (tmp_path / "77").mkdir()
    (tmp_path / "77" / "environ").write_bytes(b"NOMAD_JOB_ID=shop\0SECRET=x\0")
    tasks = Tasks(cgroup=tmp_path, proc=tmp_path)
    alloc = last.removesuffix(".web")
    costs = []
    while not tasks.find(alloc):
        costs.append(calls(tasks.step))
        assert len(costs) <= 5 * 400 / 4
    assert tasks.find(alloc) == {"job": "shop"}
    assert len(costs) > 5 * 99
    assert max(costs) < 400
