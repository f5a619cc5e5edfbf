"""The stack lock: one holder, named; a dead one gives way."""

import multiprocessing
import os
import subprocess
import sys
import threading

import pytest

TAKE = """
import sys, time
from saltext.eos.utils import lock
lock.take({"eos_state_dir": sys.argv[1]}, "bootstrap", "1", "somebody")
print("taken", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "taken\n"
    yield process
    process.kill()
    process.wait()


def test_a_running_holder_is_named_and_refuses_everyone_else(tmp_path, holder):
    from saltext.eos.utils import lock

    opts = {"eos_state_dir": str(tmp_path)}
    with pytest.raises(lock.Held, match=rf"bootstrap of somebody \(job 1, process {holder.pid}\)"):
        lock.take(opts, "apply", "2", "me")
    assert not lock.release(opts)
    assert lock.read(opts)["pid"] == holder.pid


def test_a_dead_holder_gives_way(tmp_path, holder):
    """Mutation of the test above: with the holder killed, the same call succeeds."""
    from saltext.eos.utils import lock

    holder.kill()
    holder.wait()
    opts = {"eos_state_dir": str(tmp_path)}
    assert lock.read(opts) is None
    stale = lock.take(opts, "apply", "2", "me")
    assert stale["jid"] == "1"
    assert lock.release(opts)


def test_a_reused_process_number_is_not_the_holder(tmp_path):
    from saltext.eos.utils import lock, store

    opts = {"eos_state_dir": str(tmp_path)}
    old = {"name": "x", "jid": "1", "owner": "o", "pid": os.getpid(), "started": "boot:1",
           "since": 0, "lease": 1}  # fmt: skip
    store.create(lock.path(opts), store.dump(old))
    assert lock.take(opts, "apply", "2", "me")["jid"] == "1"


def test_only_one_of_many_takes_it(tmp_path):
    context = multiprocessing.get_context("fork")
    results, start, done = context.Queue(), context.Event(), context.Event()

    def compete():
        from saltext.eos.utils import lock

        start.wait()
        try:
            lock.take({"eos_state_dir": str(tmp_path)}, "x", str(os.getpid()), "o")
        except lock.Held:
            results.put("refused")
        else:
            results.put("taken")
        done.wait(10)

    children = [context.Process(target=compete) for _ in range(6)]
    for child in children:
        child.start()
    start.set()
    outcomes = sorted(results.get(timeout=10) for _ in children)
    done.set()
    for child in children:
        child.join()
    assert outcomes == ["refused"] * 5 + ["taken"]


@pytest.fixture
def states(monkeypatch, tmp_path):
    """The states on a master's options."""
    from saltext.eos.states import eos_lock

    opts = {"eos_state_dir": str(tmp_path), "test": False}
    monkeypatch.setattr(eos_lock, "__opts__", opts, raising=False)
    return eos_lock


def test_the_states_take_and_let_go_without_changes(states):
    held, released = states.held("bootstrap"), states.released("bootstrap")
    assert (held["result"], held["changes"]) == (True, {})
    assert released["comment"] == "Let the stack lock go."


def test_the_states_refuse_a_held_lock_also_in_test_mode(states, holder):
    for test in (False, True):
        states.__opts__["test"] = test
        result = states.held("apply")
        assert result["result"] is False
        assert "somebody" in result["comment"]
    assert states.released("apply")["comment"] == "The stack lock is not held by this run."


def test_two_that_see_the_same_stale_lock_do_not_both_take_it(tmp_path, holder, monkeypatch):
    """The first is held up between its look and its removal; as threads of one process are."""
    from saltext.eos.utils import lock

    holder.kill()
    holder.wait()
    opts = {"eos_state_dir": str(tmp_path)}
    looked, go_on, got = threading.Event(), threading.Event(), []
    is_running = lock._is_running

    def slow(found):
        answer = is_running(found)
        if threading.current_thread().name == "first":
            looked.set()
            go_on.wait(1)
        return answer

    def take(jid):
        try:
            lock.take(opts, "heal", jid, "Reactor")
            got.append(jid)
        except lock.Held:
            pass

    monkeypatch.setattr(lock, "_is_running", slow)
    first = threading.Thread(target=take, args=("1",), name="first")
    second = threading.Thread(target=take, args=("2",))
    first.start()
    assert looked.wait(5)
    second.start()
    second.join(0.5)
    go_on.set()
    first.join(5)
    second.join(5)
    assert len(got) == 1
    assert lock.read(opts)["jid"] == got[0]
