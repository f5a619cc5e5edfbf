"""What a wait says: nothing of a short one, a line now and then of a long one."""

import logging
from types import SimpleNamespace


def test_a_long_wait_says_how_far_it_is_and_a_short_one_nothing(monkeypatch, caplog):
    """Mutation: say nothing, or say it at every turn."""
    from saltext.eos.utils import progress

    now = [100.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    caplog.set_level(logging.INFO, progress.__name__)
    wait = progress.Progress("Nomad job web")
    for second in range(40):
        now[0] = 100.0 + second
        wait.tell(f"{40 - second} allocations still run")
    assert [one.getMessage() for one in caplog.records] == [
        f"Nomad job web: waiting; {left} allocations still run" for left in (38, 23, 8)
    ]
