"""Nothing acknowledged is lost and nothing is there twice, however the engine ends."""

import os
import random
import signal
import subprocess
import threading

from feeder import compact, envelope
from waiting import until


def test_nothing_is_lost_or_doubled_when_the_engine_is_killed_at_any_moment(engine):
    """Killed 15 times while batches are on their way: often between commit and acknowledgement."""
    chance = random.Random(4)
    acknowledged = 0
    total = 3_000
    for _ in range(15):
        feeder = engine.feeder()
        last = feeder.greet()["last_seq"]
        assert last >= acknowledged
        timer = threading.Timer(chance.uniform(0.005, 0.12), engine.kill)
        timer.start()
        try:
            sent = last
            for _ in range(4):
                feeder.send(compact([envelope(sent + n) for n in range(1, 21)]))
                sent += 20
            while (said := feeder.hear()) is not None:
                acknowledged = said["seq"]
                feeder.send(compact([envelope(sent + n) for n in range(1, 21)]))
                sent += 20
        except (BrokenPipeError, ConnectionResetError):
            pass
        feeder.close()
        timer.join()
        engine.start()
    with engine.feeder() as feeder:
        last = feeder.greet()["last_seq"]
        assert last >= acknowledged > 0
        for start in range(last + 1, total, 500):
            feeder.send(compact([envelope(n) for n in range(start, min(start + 500, total + 1))]))
            feeder.hear()
    expected = max(last, total)
    assert engine.ids() == [f"b:test-00000001:{n}" for n in range(1, expected + 1)]


def test_a_killed_engine_leaves_no_process_behind(engine):
    engine.feeder().close()
    children = until(lambda: _children(engine.pid))
    engine.kill()
    until(lambda: not any(_runs(pid) for pid in children))


def test_a_stale_socket_is_taken_over_and_a_live_one_is_not(engines):
    first = engines().start()
    with first.feeder() as feeder:
        feeder.greet()
        feeder.take(envelope(1))
        second = engines().start()
        until(lambda: "another engine" in second.said())
        assert feeder.take(envelope(2))["seq"] == 2
        first.kill()
    with second.feeder() as feeder:
        assert until(feeder.greet)["last_seq"] == 2
        assert feeder.take(envelope(3))["seq"] == 3


def test_a_file_in_the_place_of_the_socket_is_left_alone(engines):
    engine = engines()
    engine.socket.write_text("a user's own")
    engine.start()
    until(lambda: engine.said().count(str(engine.socket)) >= 2)
    assert engine.socket.read_text() == "a user's own"


def test_an_engine_that_is_asked_to_end_ends_clean(engine):
    with engine.feeder() as feeder:
        feeder.greet()
        feeder.take(envelope(1))
        children = _children(engine.pid)
        assert engine.stop() == 0
    assert not engine.socket.exists()
    until(lambda: not any(_runs(pid) for pid in children))
    engine.start()
    with engine.feeder() as feeder:
        assert feeder.greet()["last_seq"] == 1


def test_an_engine_that_lost_a_part_ends_so_that_salt_starts_it_again(engine):
    engine.feeder().close()
    parts = until(lambda: _children(engine.pid))
    assert len(parts) == 2
    os.kill(parts[0], signal.SIGKILL)
    until(lambda: not _runs(engine.pid))
    engine.start()
    with engine.feeder() as feeder:
        feeder.greet()
        assert feeder.take(envelope(1))["seq"] == 1


def test_a_damaged_inbox_is_put_aside_and_a_new_one_begins(engine):
    with engine.feeder() as feeder:
        feeder.greet()
        feeder.take(envelope(1))
    engine.stop()
    engine.inbox.write_bytes(b"no database" * 1000)
    engine.start()
    with engine.feeder() as feeder:
        assert feeder.greet()["last_seq"] == 0
        assert feeder.take(envelope(1))["seq"] == 1
    aside = [path for path in engine.inbox.parent.iterdir() if "damaged" in path.name]
    assert aside
    assert "CRITICAL" in engine.said()
    assert str(aside[0].name) in engine.said()
    told = until(lambda: engine.ask("SELECT body FROM events WHERE verb = 'alarm'"))
    assert aside[0].name in told[0][0]


def test_no_process_carries_the_inbox_over_a_fork(engine):
    """SQLite's locks belong to a process: one that came over a fork would let go of the other's."""
    with engine.feeder() as feeder:
        feeder.greet()
        feeder.take(envelope(1))
        children = until(lambda: _children(engine.pid))
    for child in children:
        files = [os.readlink(f"/proc/{child}/fd/{one}") for one in os.listdir(f"/proc/{child}/fd")]  # noqa: PTH115, PTH208 - no paths
        assert not any(file.endswith("inbox.lock") for file in files)
        assert files.count(str(engine.inbox)) <= 1, "more than the child's own"


def _children(pid: int) -> list[int]:
    done = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(one) for one in done.stdout.split()]


def _runs(pid: int) -> bool:
    done = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")
