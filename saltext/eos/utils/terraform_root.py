"""One Terraform root on this host: its folder, its program, its plan. Nothing here asks Vault."""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import atomic, process

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME = Path("/var/lib/eos/terraform")
VOLATILE = Path("/run/eos/terraform")
SETTINGS = Path("/etc/eos/terraform.tfrc")
PROGRAM = "/usr/bin/tofu"
LOCK_WAIT = 60
"""Seconds to wait for another run of the same root."""
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Root:
    """
    A root, ready to be planned and applied.

    :param name: name of the root, and of its folder.
    :param within: longest time of one command, in seconds.
    :param home: where the folders of all roots are.
    :param volatile: a folder in memory for what must not outlive the run.
    :param program: OpenTofu, or Terraform.
    :param settings: its CLI configuration.
    :raises CommandExecutionError: the name could leave the folder.
    """

    def __init__(
        self,
        name: str,
        *,
        within: float,
        home: Path = HOME,
        volatile: Path = VOLATILE,
        program: str = PROGRAM,
        settings: Path = SETTINGS,
    ) -> None:
        if not _NAME.fullmatch(name):
            raise CommandExecutionError(
                f"{name!r} is no name of a Terraform root; expected a-z, 0-9 and -, a letter first"
            )
        self.name = name
        self.folder = home / name
        self.plan_file = volatile / f"{name}.plan"
        self.token_file = volatile / f"{name}.auto.tfvars.json"
        self._within = within
        self._program = program
        self._settings = settings

    def prepare(self, config: dict[str, Any]) -> None:
        """
        Write ``main.tf.json``, make the providers ready, and bring in what an interrupted run left.

        :raises CommandExecutionError: a state that such a run left does not fit the one kept.
        """
        for folder in (self.folder, self.plan_file.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
        # A saved plan is good for the run that made it: an older one is stale, never a shortcut.
        self.forget()
        text = json.dumps(config, indent=2, sort_keys=True).encode() + b"\n"
        main = self.folder / "main.tf.json"
        if not main.exists() or main.read_bytes() != text:
            atomic.write(main, text, mode=0o600, uid=os.getuid(), gid=os.getgid())
        # `-upgrade`: which provider may be used is decided by the mirror's packages, not by a lock
        # file that would refuse the next one.
        self._expect("init", "-input=false", "-no-color", "-upgrade")
        self._recover()

    @contextmanager
    def token(self, name: str, value: str) -> Iterator[None]:
        """Hold an ephemeral variable in a file in memory that only root reads, then remove it."""
        text = json.dumps({name: value}).encode()
        atomic.write(self.token_file, text, mode=0o600, uid=os.getuid(), gid=os.getgid())
        try:
            yield
        finally:
            self.token_file.unlink(missing_ok=True)

    def plan(self) -> dict[str, Any] | None:
        """
        Compare, and give the parsed plan; ``None`` when there is nothing to do.

        :raises CommandExecutionError: planning failed; the reason is OpenTofu's own.
        """
        done = self._run(
            "plan", "-input=false", "-no-color", f"-lock-timeout={LOCK_WAIT}s",
            "-detailed-exitcode", f"-var-file={self.token_file}", f"-out={self.plan_file}",
        )  # fmt: skip
        if done.code == 0:
            return None
        if done.code != 2:
            raise CommandExecutionError(self._said("plan", done))
        self.plan_file.chmod(0o600)
        shown = self._run("show", "-json", str(self.plan_file))
        if shown.code != 0:
            raise CommandExecutionError(self._said("show", shown))
        return json.loads(shown.output)

    def apply(self) -> None:
        """
        Do what the plan says, once.

        :raises CommandExecutionError: it failed; what was done stays in the state.
        """
        self._expect(
            "apply", "-input=false", "-no-color", f"-lock-timeout={LOCK_WAIT}s",
            f"-var-file={self.token_file}", str(self.plan_file),
        )  # fmt: skip

    def forget(self) -> None:
        """Remove what must not outlive the run."""
        self.plan_file.unlink(missing_ok=True)
        self.token_file.unlink(missing_ok=True)

    def _recover(self) -> None:
        """Push a state that OpenTofu could not write at the end of an interrupted run."""
        left = self.folder / "errored.tfstate"
        if not left.exists():
            return
        pushed = self._run("state", "push", "-lock-timeout=60s", str(left))
        if pushed.code != 0:
            raise CommandExecutionError(
                f"root {self.name} has {left}, which an interrupted run left, and it does not fit: "
                f"{self._said('state push', pushed)}; expected it to continue the state that is "
                "kept; compare both by hand, keep the right one, remove the other"
            )
        left.rename(left.with_name(f"errored.{int(time.time())}.tfstate.pushed"))

    def _expect(self, *arguments: str) -> None:
        done = self._run(*arguments)
        if done.code != 0:
            raise CommandExecutionError(self._said(arguments[0], done))

    def _run(self, *arguments: str) -> process.Finished:
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.folder),
            "TF_CLI_CONFIG_FILE": str(self._settings),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "LC_ALL": "C.UTF-8",
        }
        return process.run(
            [self._program, *arguments],
            cwd=self.folder,
            environment=environment,
            within=self._within,
        )

    def _said(self, command: str, done: process.Finished) -> str:
        """Give OpenTofu's own words, without frames and colours, cut where they get long."""
        text = _COLOURS.sub("", done.error or done.output)
        lines = [line.strip("│╷╵ \t") for line in text.splitlines()]
        words = " ".join(line for line in lines if line)
        return (
            f"root {self.name}: {self._program.rsplit('/', 1)[-1]} {command} ended with "
            f"{done.code}: {words[:1500]}"
        )


def missing(name: str, config: dict[str, Any], home: Path = HOME) -> list[str]:
    """List the addresses of a root's configuration that its state on this host does not hold."""
    try:
        kept = json.loads((home / name / "terraform.tfstate").read_text("utf-8"))
    except (OSError, ValueError):
        kept = {}
    known = {f"{one['type']}.{one['name']}" for one in kept.get("resources", ())}
    wanted = {
        f"{kind}.{label}"
        for kind, resources in config.get("resource", {}).items()
        for label in resources
    }
    return sorted(wanted - known)
