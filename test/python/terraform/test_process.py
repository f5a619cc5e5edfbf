"""A program that takes too long is ended with everything it started."""

import os
from pathlib import Path

import pytest
from waiting import ended, until


def _is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def test_group_is_ended_after_the_limit_even_when_it_ignores_the_signal(tmp_path):
    """Mutation: send the first signal alone, or only to the program itself."""
    from salt.exceptions import CommandExecutionError

    from saltext.eos.utils import process

    os.mkfifo(tmp_path / "never")
    # Nobody ever writes: it ends by being killed, or not at all.
    script = f"trap '' INT; cat {tmp_path}/never & echo $! > {tmp_path}/child; wait"
    try:
        with pytest.raises(CommandExecutionError, match="not done within"):
            ended(lambda: process.run(
                ["/bin/sh", "-c", script], cwd=tmp_path, environment=dict(os.environ),
                within=1.0, grace=1.0,
            ))  # fmt: skip
        child = int((tmp_path / "child").read_text())
        until(lambda: not _is_alive(child))
    finally:
        # Whatever was left reads its end now.
        os.close(os.open(tmp_path / "never", os.O_RDWR))


def test_environment_is_what_is_given(tmp_path, monkeypatch):
    from saltext.eos.utils import process

    monkeypatch.setenv("NOMAD_TOKEN", "of the caller")
    done = process.run(["/usr/bin/env"], cwd=tmp_path, environment={"ONLY": "this"}, within=10)
    assert done.output == "ONLY=this\n"


def test_missing_program_is_named(tmp_path):
    from salt.exceptions import CommandExecutionError

    from saltext.eos.utils import process

    with pytest.raises(CommandExecutionError, match="/no/such/tofu cannot be started"):
        process.run(["/no/such/tofu"], cwd=tmp_path, environment={}, within=1)
