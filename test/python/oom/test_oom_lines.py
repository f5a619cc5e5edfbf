"""Lines of real kernels, and lines that somebody wants to forge."""

import pytest
import recorded_kernel

from saltext.eos.utils import oom_kmsg

ALLOC = "5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11"
TAIL = "total-vm:9kB, anon-rss:8kB, file-rss:1kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0"


def _line(text, number=7):
    return oom_kmsg.Line(number, 1_000_000, text)


def _told(*texts):
    return recorded_kernel.kills([_line(text, 7 + index) for index, text in enumerate(texts)])


def test_a_real_kernel_counts_exactly_its_lines():
    assert len(recorded_kernel.kills(recorded_kernel.lines())) == recorded_kernel.counter("storm")


def test_an_own_limit_tells_cgroup_process_and_bytes():
    kill = recorded_kernel.kills(recorded_kernel.lines())[0]
    assert kill["cgroup"] == f"/nomad.slice/share.slice/{ALLOC}.srv.scope"
    assert (kill["cause"], kill["process"], kill["missing"]) == ("own_limit", "hog", "complete")
    assert (kill["limit"], kill["peak"]) == (str(20 << 20), str(20 << 20))
    assert 10 << 20 < int(kill["anon"]) < 20 << 20


def test_the_limit_of_a_slice_is_a_parents():
    (kill,) = [
        k for k in recorded_kernel.kills(recorded_kernel.lines()) if k["cause"] == "parent_limit"
    ]
    assert (kill["cgroup"], kill["limit"]) == ("/system.slice/batch.service", str(16 << 20))


def test_host_pressure_names_the_largest_not_only_the_victim():
    first, second = [
        k for k in recorded_kernel.kills(recorded_kernel.lines()) if k["cause"] == "host_pressure"
    ]
    assert first["process"] == "cache-leaker"
    assert [one.split()[0] for one in first["consumers"]] == ["cache-leaker", "hog"]
    assert int(first["consumers"][0].split()[2]) > int(first["consumers"][1].split()[2]) > 50 << 20
    assert (second["process"], second["limit"], second["peak"]) == ("hog", None, None)


def test_a_group_is_known_by_its_own_line():
    grouped = [k for k in recorded_kernel.kills(recorded_kernel.lines()) if k["grouped"]]
    assert {kill["cgroup"] for kill in grouped} == {"/system.slice/caddy.service"}
    assert len(grouped) == 3


def test_a_storm_leaves_summaries_out_and_never_borrows_one():
    storm = recorded_kernel.kills(recorded_kernel.lines())[-40:]
    without = [kill for kill in storm if kill["missing"] == "no_summary"]
    assert len(without) >= 30
    assert all(kill["cgroup"] is None and kill["cause"] == "unknown" for kill in without)


@pytest.mark.parametrize(
    "name",
    [
        r"x\x0aoom-kill:co",
        "a) total-vm:1kB",
        ",task=b,pid=1",
        "a,pid=1,uid=0",
        "(evil) (",
        "Killed process ",
        "",
        "naïve",
    ],
)
def test_no_name_of_a_process_can_forge_a_field(name):
    summary = (
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
        f"oom_memcg=/a,task_memcg=/a,task={name},pid=77,uid=0"
    )
    (kill,) = _told(summary, f"Memory cgroup out of memory: Killed process 77 ({name}) {TAIL}")
    assert (kill["process"], kill["pid"], kill["cgroup"], kill["anon"]) == (name, 77, "/a", "8192")


@pytest.mark.parametrize(
    "path", ["/user.slice/x,task_memcg=/nomad/y", "/user.slice/x,oom_memcg=/a,task_memcg=/b"]
)
def test_a_cgroup_that_plays_a_key_is_not_believed(path):
    summary = (
        f"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
        f"oom_memcg={path},task_memcg={path},task=x,pid=77,uid=1000"
    )
    (kill,) = _told(summary, f"Memory cgroup out of memory: Killed process 77 (x) {TAIL}")
    assert (kill["cgroup"], kill["missing"]) == (None, "ambiguous")


def test_the_summary_of_another_process_is_not_used():
    summary = (
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
        "oom_memcg=/a,task_memcg=/a,task=x,pid=76,uid=0"
    )
    (kill,) = _told(summary, f"Memory cgroup out of memory: Killed process 77 (x) {TAIL}")
    assert (kill["cgroup"], kill["missing"]) == (None, "no_summary")


@pytest.mark.parametrize(
    ("text", "anon"),
    [
        (f"Memory cgroup out of memory: Killed process 5 (a) {TAIL}", "8192"),
        ("Out of memory: Killed process 5 (a) total-vm:9kB, anon-rss:3kB, file-rss:0kB", "3072"),
        (
            "Memory cgroup out of memory: Killed process 5 (a), "
            "total-vm:9kB, anon-rss:3kB, file-rss:0kB, shmem-rss:0kB",
            "3072",
        ),
        (f"Out of memory (oom_kill_allocating_task): Killed process 5 (a) {TAIL}", "8192"),
    ],
)
def test_older_kernels_are_understood(text, anon):
    (kill,) = _told(text)
    assert (kill["pid"], kill["anon"]) == (5, anon)


@pytest.mark.parametrize(
    ("record", "kernel"),
    [
        (b"3,506,4921589,-;Out of memory: Killed process 1 (a)\n SUBSYSTEM=x\n", True),
        (b"11,507,4921590,-;Out of memory: Killed process 1 (a)\n", False),
        (b"12,508,4921591,-,caller=T1;x\n", False),
    ],
)
def test_what_a_program_writes_into_the_log_is_not_the_kernels(record, kernel):
    assert oom_kmsg.parse(record)[1] is kernel
