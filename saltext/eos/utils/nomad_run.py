"""What the states and functions of a Nomad job do, in test mode and for good."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import (
    diff,
    fate,
    nomad_deployment,
    nomad_job,
    nomad_jobspec,
    nomad_unsaid,
    settings,
    state,
)
from saltext.eos.utils.http import Client, Conflict, ServerError
from saltext.eos.utils.nomad_deployment import End
from saltext.eos.utils.nomad_job import Plan

EXPECTED = fate.EXPECTED
SECOND = 10**9
LONGEST = 24 * 3600
NO_NAMESPACE = "nonexistent namespace"


@dataclass(frozen=True)
class Asked:
    """
    A job that a state or a function is about.

    :param namespace: where it is; ``None`` leaves that to its jobspec.
    """

    name: str
    namespace: str | None
    opts: Mapping[str, Any]

    @cached_property
    def client(self) -> Client:
        """The connection to Nomad; names are checked before there is one."""
        nomad_jobspec.check_name(self.name)
        if self.namespace is not None:
            nomad_jobspec.check_namespace(self.namespace)
        return settings.connect("nomad", self.opts)

    @property
    def what(self) -> str:
        """What messages call it."""
        return f"Nomad job {self.name}"

    @property
    def where(self) -> str:
        """The namespace of a job that is there."""
        return "default" if self.namespace is None else self.namespace

    @property
    def is_test(self) -> bool:
        """Tell whether nothing may be written."""
        return bool(self.opts.get("test"))


def seconds(within: Any, field: str = "within") -> float:
    """
    Read how long to wait.

    :param field: what messages call it.
    :raises CommandExecutionError: it is no span of time, or longer than a day.
    """
    is_number = isinstance(within, (int, float)) and not isinstance(within, bool)
    try:
        span = float(within) if is_number else diff.nanoseconds(str(within)) / SECOND
    except ValueError:
        span = -1.0
    if not 0 <= span <= LONGEST:
        raise CommandExecutionError(
            f"{field}: expected a span of time such as 90s or 5m, at most a day; found {within!r}"
        )
    return span


def present(here: Asked, jobspec: Any, variables: Any, within: float) -> dict[str, Any]:
    """Register a job as its jobspec has it, unless it is; follow what that starts."""
    nomad_jobspec.check_name(here.name)
    nomad_jobspec.check_text(jobspec, variables)
    spec = nomad_jobspec.read(here.client, here.name, jobspec, variables, here.namespace)
    for _ in range(nomad_job.TRIES - 1):
        try:
            return _said(_present(here, spec, within), *spec.notes)
        except Conflict:
            continue
    return _said(_present(here, spec, within), *spec.notes)


def _present(here: Asked, spec: nomad_jobspec.Jobspec, within: float) -> dict[str, Any]:
    try:
        planned = nomad_job.plan(here.client, spec)
    except ServerError as err:
        if not here.is_test or NO_NAMESPACE not in str(err.body):
            raise
        changes = {name: {"old": None, "new": spec.job[name]} for name in ("ID", "Namespace")}
        result = state.done(here.name, here.what, "created", changes, test=True)
        return _said(result, f"until then: there is no namespace {spec.namespace}")
    nomad_job.refuse_child(planned.known)
    if planned.known is not None and not planned.changes:
        return _said(_unchanged(here, planned, within), _forgotten(spec, planned))
    verb = "created" if planned.known is None else "updated"
    if here.is_test:
        result = state.done(here.name, here.what, verb, planned.changes, test=True)
        return _said(result, planned.unplaced, planned.warnings)
    with fate.told(
        here.what, verb, planned.changes, lambda: nomad_job.plan(here.client, spec).changes
    ):
        answer = nomad_job.register(here.client, spec, planned)
    result = state.done(here.name, here.what, verb, planned.changes, test=False)
    try:
        return _said(result, _followed(here, spec, planned, answer, within), planned.warnings)
    except EXPECTED as err:
        said = f"{here.what} has been {verb}, but {err}"
        return state.failed(here.name, said, planned.changes)


def _followed(
    here: Asked,
    spec: nomad_jobspec.Jobspec,
    planned: Plan,
    answer: dict[str, Any],
    within: float,
) -> str:
    """
    Follow a job that was registered to its end, and prove that it was kept.

    :return: what a reader should know besides.
    :raises CommandExecutionError: it did not end well.
    """
    if planned.known is not None and planned.known.get("Stop"):
        nomad_job.release(here.client, planned.known)
    if not within:
        return "its deployment was not awaited"
    end = nomad_deployment.follow(here.client, answer.get("EvalID"), spec.namespace, within)
    if not end.is_good:
        raise CommandExecutionError(_reason(end))
    again = nomad_job.plan(here.client, spec)
    if again.changes:
        raise CommandExecutionError(
            f"Nomad did not keep {', '.join(again.changes)}: {again.changes}"
        )
    return ". ".join(filter(None, (end.says, _forgotten(spec, again))))


def _forgotten(spec: nomad_jobspec.Jobspec, planned: Plan) -> str:
    """Say what of a job in JSON Nomad has taken in silence; HCL its parser has checked."""
    if spec.submission["Format"] != "json":
        return ""
    names = nomad_unsaid.forgotten(planned.known, spec.job)
    return f"Nomad has left out what it does not know: {', '.join(names)}" if names else ""


def _unchanged(here: Asked, planned: Plan, within: float) -> dict[str, Any]:
    end = nomad_job.unfinished(here.client, planned, 0 if here.is_test else within)
    if end is None or end.is_good:
        result = state.unchanged(here.name, here.what)
        return _said(result, end.says if end else "", planned.warnings)
    is_open = end.kind == "late" or (end.kind == "blocked" and not within)
    if is_open and (here.is_test or not within):
        result = state.unchanged(here.name, here.what)
        return _said(result, end.says, planned.warnings)
    return state.failed(
        here.name,
        f"{here.what} is registered as specified, but {_reason(end)}; mend the cause, or change "
        "the job",
    )


def _reason(end: End) -> str:
    words = {
        "failed": "it failed",
        "blocked": "it is blocked",
        "late": "it was not done in time",
    }
    return f"{words[end.kind]}: {end.says}"


def _said(result: dict[str, Any], *notes: str) -> dict[str, Any]:
    """Add what a reader should know to a comment."""
    more = [f"{note[0].upper()}{note[1:].rstrip('.')}." for note in notes if note]
    return {**result, "comment": " ".join([result["comment"], *more])}


def stopped(here: Asked, within: float) -> dict[str, Any]:
    """Stop a job and keep it."""
    known = nomad_job.read(here.client, here.name, here.where)
    if known is None:
        return _over(here, f"{here.what} does not exist, so it does not run.", within)
    nomad_job.refuse_child(known)
    changes = stop_changes(here, known)
    if not changes:
        return _over(here, f"{here.what} is already stopped, and kept.", within)
    if here.is_test:
        return state.done(here.name, here.what, "stopped", changes, test=True)

    def left() -> dict[str, Any]:
        return stop_changes(here, nomad_job.known_job(here.client, here.name, here.where))

    with fate.told(here.what, "stopped", changes, left, always=True):
        nomad_job.stop(here.client, known)

    def look() -> str:
        said = _ended(here, within)
        again = left()
        if again:
            raise CommandExecutionError(f"another undid it: {again}")
        return said

    return _proved(here, "stopped", changes, look)


def _ended(here: Asked, within: float) -> str:
    """
    Wait until nothing of a job runs.

    :return: what still runs, when that is not to be awaited.
    :raises CommandExecutionError: something still runs when the time is over.
    """
    known = {"ID": here.name, "Namespace": here.where}
    end = nomad_job.ended(here.client, known, 0 if here.is_test else within)
    if not end.is_good and within and not here.is_test:
        raise CommandExecutionError(end.says)
    return end.says


def _over(here: Asked, comment: str, within: float) -> dict[str, Any]:
    """Say that nothing had to be written, and wait for what an earlier run left behind."""
    try:
        return _said(state.result(here.name, True, comment), _ended(here, within))
    except EXPECTED as err:
        return state.failed(here.name, f"{comment.rstrip('.')}, but {err}")


def stop_changes(here: Asked, known: dict[str, Any]) -> dict[str, Any]:
    """Say what is not yet so of a job that shall be stopped and kept."""
    changes: dict[str, Any] = {}
    if not known["Stop"]:
        changes["Stop"] = {"old": False, "new": True}
    if not nomad_job.is_kept(here.client, known):
        changes["VersionTag"] = {"old": None, "new": nomad_job.TAG}
    return changes


def absent(here: Asked, within: float, *, purge: bool) -> dict[str, Any]:
    """Stop a job and let it go."""
    if not isinstance(purge, bool):
        raise CommandExecutionError(f"purge: expected true or false; found {purge!r}")
    known = nomad_job.read(here.client, here.name, here.where)
    if known is None or (known["Stop"] and not purge and not nomad_job.is_kept(here.client, known)):
        return _over(here, f"{here.what} is already absent.", within)
    changes = gone(known)
    if here.is_test:
        return state.done(here.name, here.what, "deleted", changes, test=True)

    def left() -> dict[str, Any]:
        found = nomad_job.read(here.client, here.name, here.where)
        if found is None or purge:
            return {} if found is None else changes
        is_done = not nomad_job.is_kept(here.client, found) if known["Stop"] else found["Stop"]
        return {} if is_done else changes

    with fate.told(here.what, "deleted", changes, left):
        _delete(here, known, purge=purge)

    def look() -> str:
        if not purge:
            # Only now: a job whose stop was refused is still to be kept.
            nomad_job.release(here.client, known)
        said = _ended(here, within)
        found = nomad_job.read(here.client, here.name, here.where)
        if found is not None and (purge or not found["Stop"]):
            raise CommandExecutionError("it is still there")
        return said

    return _proved(here, "deleted", changes, look)


def _delete(here: Asked, known: dict[str, Any], *, purge: bool) -> None:
    more = "&purge=true" if purge else ""
    if purge or not known["Stop"]:
        nomad_job.unchanged(here.client, known)
        here.client.delete(nomad_job.path_of(here.name, here.where, more=more))
    else:
        nomad_job.release(here.client, known)


def _proved(
    here: Asked, verb: str, changes: dict[str, Any], look: Callable[[], str]
) -> dict[str, Any]:
    """Say what was done; what is seen amiss afterwards takes nothing away from that."""
    try:
        said = look()
    except EXPECTED as err:
        return state.failed(here.name, f"{here.what} has been {verb}, but {err}", changes)
    return _said(state.done(here.name, here.what, verb, changes, test=False), said)


def gone(known: dict[str, Any]) -> dict[str, Any]:
    """Say what goes with a job."""
    groups = nomad_job.counts_of(known).items()
    counts = {f"TaskGroups.{name}.Count": count for name, count in groups}
    lost = {"ID": known["ID"], "Namespace": known["Namespace"], "Type": known["Type"], **counts}
    return {name: {"old": value, "new": None} for name, value in lost.items()}
