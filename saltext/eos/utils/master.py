"""What runners share: the stack's compiled form, and questions to its minions."""

from __future__ import annotations

import contextlib
import pwd
import queue
import threading
import time
from typing import Any, NamedTuple

import salt.client
import salt.pillar
import salt.utils.jid
import salt.utils.user
from salt.exceptions import SaltClientError, SaltRunnerError

from saltext.eos.utils.mask import plain

ANSWER_WITHIN = 15
"""Seconds of silence after which a minion is asked whether its job still runs; if so, wait on."""

MOST_HANGING = 16
_hanging: list[threading.Thread] = []


class Late(SaltRunnerError):
    """A job did not end in its time; it was told to end, and whether it did is not known."""


class Undescribed(SaltRunnerError):
    """The pillar says nothing of Eos, or of objects alone: no stack is described yet."""


def form(opts: dict[str, Any]) -> dict[str, Any]:
    """
    Compile the whole stack, as an orchestration sees it.

    :raises Undescribed: no stack is described.
    :raises SaltRunnerError: the pillar is refused, or says nothing of a stack.
    """
    pillar = node_pillar(opts, opts["id"])
    errors = pillar.get("_errors")
    if errors and len(errors) == 1 and "eos" not in pillar:
        raise Undescribed(str(errors[0]))
    if errors:
        raise SaltRunnerError("pillar is refused:\n" + "\n".join(map(str, errors)))
    compiled = (pillar.get("eos") or {}).get("_compiled")
    if compiled and not compiled.keys() & {"plan", "components"}:
        raise Undescribed(
            f"pillar of {opts['id']} has nothing but eos:objects; expected a stack beside them: "
            "eos:stack and eos:topology; see the pillar reference"
        )
    if not compiled or "plan" not in compiled:
        raise SaltRunnerError(
            f"pillar of {opts['id']} has no compiled stack; expected `eos` as the last ext_pillar "
            "of this master; run `saltext-eos configure-master` and restart the master"
        )
    return dict(compiled)


def node_pillar(opts: dict[str, Any], minion_id: str) -> dict[str, Any]:
    """Compile the pillar of one minion on this master, as plain containers."""
    env = opts.get("pillarenv")
    compiler = salt.pillar.Pillar(dict(opts), {"id": minion_id}, minion_id, "base", pillarenv=env)
    return dict(plain(compiler.compile_pillar()))


def ask(
    opts: dict[str, Any],
    nodes: list[str],
    function: str,
    arguments: list[Any] | None = None,
    timeout: int = ANSWER_WITHIN,
    within: float | None = None,
) -> dict[str, Any]:
    """
    Run a function on several minions and give what each answered; a silent one is left out.

    :param timeout: seconds of silence after which a minion counts as absent; one that says its job
        still runs is waited for.
    :param within: seconds after which the job is told to end, whatever the minions say.
    :raises Late: it was not done ``within`` that time.
    :raises SaltRunnerError: the master's own client cannot be used.
    """
    if not nodes:
        return {}
    asked = _Asked(_as_account(opts), nodes, function, arguments or [], timeout)
    answers = _sent(asked) if within is None else _bounded(asked, within)
    return {
        node: answer
        for node, answer in (answers or {}).items()
        if isinstance(answer, dict) and "ret" in answer and answer.get("out") != "no_return"
    }


def is_stuck() -> bool:
    """Tell whether so many bounded questions of this process never ended that no other is asked."""
    return sum(one.is_alive() for one in _hanging) >= MOST_HANGING


class _Asked(NamedTuple):
    opts: dict[str, Any]
    nodes: list[str]
    function: str
    arguments: list[Any]
    timeout: int


def _sent(what: _Asked, job: str = "") -> dict[str, Any]:
    try:
        with salt.client.get_local_client(mopts=what.opts) as client:
            answers = client.cmd(
                what.nodes, what.function, what.arguments, tgt_type="list", timeout=what.timeout,
                full_return=True, jid=job,
            )  # fmt: skip
    except SaltClientError as err:
        raise SaltRunnerError(f"the master cannot be asked: {err}; is it running?") from err
    return dict(answers or {})


def _bounded(what: _Asked, within: float) -> dict[str, Any]:
    """Ask in a thread that may hang: Salt waits for as long as a minion says that the job runs."""
    _hanging[:] = [one for one in _hanging if one.is_alive()]
    if is_stuck():
        raise Late(f"{len(_hanging)} jobs that were told to end still run; restart the master")
    job = salt.utils.jid.gen_jid(what.opts)
    ended: queue.SimpleQueue[dict[str, Any] | BaseException] = queue.SimpleQueue()

    def run() -> None:
        try:
            ended.put(_sent(what, job))
        except BaseException as err:  # noqa: BLE001 - whoever waits raises it
            ended.put(err)

    thread = threading.Thread(target=run, name=f"eos {what.function}", daemon=True)
    thread.start()
    try:
        found = ended.get(timeout=within)
    except queue.Empty:
        _hanging.append(thread)
        _kill(what, job)
        raise Late(
            f"{what.function} on {', '.join(what.nodes)} (job {job}) did not end within "
            f"{within:.0f} s; it was told to end, and what it did until then is not known"
        ) from None
    if isinstance(found, BaseException):
        raise found
    return found


def _kill(what: _Asked, job: str) -> None:
    """Tell a job to end, and wait for nothing."""
    with (
        contextlib.suppress(SaltClientError, SaltRunnerError),
        salt.client.get_local_client(mopts=what.opts) as client,
    ):
        client.run_job(what.nodes, "saltutil.kill_job", [job], tgt_type="list")


def _as_account(opts: dict[str, Any]) -> dict[str, Any]:
    """
    Give options under which the master's key is found.

    An orchestration puts the user who started it into the options, also one that is no account,
    such as ``Reactor`` or ``sudo_ann``; then Salt looks for a key of that name and finds none.
    They are plain ones: ``__opts__`` of a verb is empty in the thread that 3006 sends from.
    """
    try:
        pwd.getpwnam(str(opts.get("user", "root")))
    except KeyError:
        return {**opts, "user": salt.utils.user.get_user()}
    return {**opts}


def require(
    opts: dict[str, Any],
    nodes: list[str],
    function: str,
    arguments: list[Any] | None = None,
    timeout: int = ANSWER_WITHIN,
    within: float | None = None,
) -> dict[str, Any]:
    """
    Run a function on several minions; every one must answer without an error.

    :raises SaltRunnerError: one did not answer, or failed; its words are in the message.
    """
    answers = ask(opts, nodes, function, arguments, timeout, within)
    silent = [node for node in nodes if node not in answers]
    if silent:
        raise SaltRunnerError(
            f"{', '.join(silent)} did not answer {function} within {timeout} s; expected an "
            "accepted minion that runs; see `salt-run manage.down`"
        )
    broken = [n for n in nodes if answers[n].get("retcode", 0) != 0]
    if broken:
        said = "; ".join(f"{node}: {answers[node]['ret']}" for node in broken)
        raise SaltRunnerError(f"{function} failed on {said}")
    return {node: answers[node]["ret"] for node in nodes}


def call(
    opts: dict[str, Any],
    node: str,
    function: str,
    arguments: list[Any] | None = None,
    timeout: int = ANSWER_WITHIN,
    within: float | None = None,
) -> Any:
    """Run a function on one minion; see ``require``."""
    return require(opts, [node], function, arguments, timeout, within)[node]


def idle(opts: dict[str, Any], nodes: list[str], within: int) -> list[str]:
    """
    Wait until no state job runs on the minions.

    :param within: deadline in seconds.
    :return: the jobs that were waited for, as ``node: function (job id)``.
    :raises SaltRunnerError: one still runs at the deadline.
    """
    deadline = time.monotonic() + within
    seen: list[str] = []
    while True:
        running = [
            f"{node}: {job.get('fun')} (job {job.get('jid')})"
            for node, jobs in require(opts, nodes, "saltutil.is_running", ["state.*"], 30).items()
            for job in jobs or ()
        ]
        seen += [job for job in running if job not in seen]
        if not running:
            return seen
        if time.monotonic() > deadline:
            raise SaltRunnerError(
                f"still running after {within} s: {'; '.join(running)}; expected no state job from "
                "an earlier orchestration; wait for it, or stop it with "
                "`salt <node> saltutil.kill_job <job id>`"
            )
        time.sleep(2)
