"""A job as somebody wrote it: HCL with variables, JSON text or data; read by Nomad itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers, versions
from saltext.eos.utils.http import BadRequest, Client, Forbidden
from saltext.eos.utils.mask import plain

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_DECLARED = re.compile(r"""\bvariable\s+"?([A-Za-z0-9_-]+)"?\s*\{""")
_ALL_DECLARED = re.compile(r"""\bvariables\s*\{""")
_NAMESPACE = re.compile(r"[a-zA-Z0-9-]{1,128}")
_UNSAFE = re.compile(r"[\x00-\x20\x7f]")
LONGEST_NAME = 1024
LARGEST = 1024 * 1024
_SIDECAR = {"fields": {"SidecarTask": {"fields": {"Identities": {"since": "1.11"}}}}}
_SERVICES = {"shape": "list", "item": {"fields": {"Connect": _SIDECAR}}}
_TASK = {"fields": {"Secrets": {"since": "1.11"}, "Services": _SERVICES}}
_GROUP = {"fields": {"Tasks": {"shape": "list", "item": _TASK}, "Services": _SERVICES}}
SINCE: dict[str, Any] = {"TaskGroups": {"shape": "list", "item": _GROUP}}
"""What the oldest Nomad that is supported takes in silence, and forgets: read in both sources."""


@dataclass(frozen=True)
class Jobspec:
    """
    A job to run.

    :param job: as Nomad's API has it.
    :param namespace: where it runs.
    :param submission: the source, so that Nomad shows it beside the job.
    :param notes: what was left out of the job, because this Nomad does not know it.
    """

    job: dict[str, Any]
    namespace: str
    submission: dict[str, Any]
    notes: tuple[str, ...] = ()


def check_name(name: Any) -> str:
    """
    Give the id of a job, or the name of a node.

    :raises CommandExecutionError: Nomad would not take it; nothing is sent.
    """
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or _UNSAFE.search(name):
        found = repr(name if len(str(name)) <= 80 else f"{str(name)[:77]}...")
        raise CommandExecutionError(
            "name: expected text without white space and control characters, at most "
            f"{LONGEST_NAME}; found {found}"
        )
    return name


def check_namespace(namespace: Any) -> str:
    """
    Give the name of a namespace.

    :raises CommandExecutionError: there is no such name; nothing is sent.
    """
    if not isinstance(namespace, str) or not _NAMESPACE.fullmatch(namespace):
        raise CommandExecutionError(
            "namespace: expected letters, digits and `-`, at most 128; found "
            f"{str(namespace)[:80]!r}"
        )
    return namespace


def chosen(jobspec: Any, source: Any, fetch: Callable[[], Any]) -> Any:
    """
    Give the jobspec, from its file where one is named.

    :raises CommandExecutionError: both or neither are given, or there is no such file.
    """
    if (jobspec is None) == (source is None):
        found = "neither" if source is None else "both"
        raise CommandExecutionError(f"jobspec, source: expected one of them; found {found}")
    if source is None:
        return jobspec
    if not isinstance(source, str) or _UNSAFE.search(source):
        raise CommandExecutionError(
            f"source: expected a file such as salt://web/job.hcl; found {source!r}"
        )
    text = fetch()
    if not isinstance(text, str) or not text:
        raise CommandExecutionError(
            f"source: expected a file with a jobspec; found nothing at {source}"
        )
    return text


def check_text(jobspec: Any, variables: Any = None) -> None:
    """
    Refuse what cannot be a jobspec before anything is sent.

    :raises CommandExecutionError: with field, expected and found.
    """
    if not isinstance(jobspec, (str, Mapping)) or not jobspec:
        raise CommandExecutionError(
            f"jobspec: expected HCL, JSON text or a map; found {_kind(jobspec)}"
        )
    if isinstance(jobspec, str) and len(jobspec) > LARGEST:
        raise CommandExecutionError(
            f"jobspec: expected at most {LARGEST} characters; found {len(jobspec)}"
        )
    if not variables:
        return
    if not isinstance(variables, Mapping):
        raise CommandExecutionError(
            f"variables: expected a map of values by name; found {_kind(variables)}"
        )
    if not is_hcl(jobspec):
        raise CommandExecutionError(
            "variables: expected none beside a jobspec in JSON, which has no variables; found "
            f"{', '.join(map(str, variables))}; write the values into it, or write it in HCL"
        )
    for name in variables:
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            raise CommandExecutionError(
                f"variables: expected names of letters, digits, `_` and `-`; found {name!r}"
            )
    try:
        variables_text(plain(variables))
    except (TypeError, ValueError) as err:
        raise CommandExecutionError(
            f"variables: expected texts, numbers, true, false, null, lists and maps of them: {err}"
        ) from err
    declared = _DECLARED.findall(str(jobspec))
    # A block `variables` declares them in a form that only Nomad reads.
    is_open = _ALL_DECLARED.search(str(jobspec)) is not None
    unknown = [] if is_open else [name for name in variables if name not in declared]
    if unknown:
        # Nomad takes no notice of them, and a misspelt variable would keep its default.
        raise CommandExecutionError(
            f"variables: expected variables of the jobspec ({', '.join(declared) or 'none'}); "
            f"found {', '.join(unknown)}"
        )


def is_hcl(jobspec: Any) -> bool:
    """Tell HCL from JSON: no block of HCL begins with a brace."""
    return isinstance(jobspec, str) and not jobspec.lstrip().startswith("{")


def read(client: Client, name: str, jobspec: Any, variables: Any, namespace: str | None) -> Jobspec:
    """
    Read a jobspec; Nomad itself parses HCL, without writing anything.

    :param name: the job's id; another in the jobspec is refused.
    :param namespace: where it runs; the jobspec may say it, too, but not otherwise.
    :raises CommandExecutionError: it is no job, or that of another name or namespace.
    """
    jobspec, variables = plain(jobspec), plain(variables)
    check_text(jobspec, variables)
    submission = {"Source": jobspec, "Format": "hcl2", "Variables": variables_text(variables)}
    if is_hcl(jobspec):
        where = namespace or "default"
        job = _parsed(client, name, where, jobspec, submission["Variables"])
    else:
        job = _from_json(name, jobspec)
        text = jobspec if isinstance(jobspec, str) else json.dumps(jobspec, sort_keys=True)
        submission = {"Source": text, "Format": "json"}
    if job.get("ID") != name:
        raise CommandExecutionError(
            f"jobspec: expected the job {name}; found the job {job.get('ID')!r}; the name of the "
            "state is the id of the job"
        )
    own = job.get("Namespace") or None
    if namespace is not None and own not in (None, namespace):
        raise CommandExecutionError(
            f"namespace: expected {own}, as the jobspec has it; found {namespace}; say it in one "
            "of the two places"
        )
    where = check_namespace(namespace or own or "default")
    _check_region(client, job.get("Region"))
    # A job as Nomad shows it may be stopped and tagged; one that is wanted is neither.
    wanted = {**job, "Namespace": where, "Stop": False, "VersionTag": None}
    return Jobspec(wanted, where, submission, tuple(versions.left_out(client, SINCE, wanted)))


def _parsed(client: Client, name: str, namespace: str, text: str, variables: str) -> dict[str, Any]:
    body = {"JobHCL": text, "Variables": variables, "Canonicalize": False}
    try:
        answer = client.post(f"/v1/jobs/parse?namespace={namespace}", body)
    except BadRequest as err:
        said = str(err.body).strip()
        raise CommandExecutionError(f"jobspec of {name}: Nomad cannot read it: {said}") from err
    except Forbidden as err:
        raise CommandExecutionError(
            f"jobspec of {name}: {err}; Nomad reads HCL for the namespace {namespace}: where the "
            "job runs in another, say it in the state, too"
        ) from err
    return answers.mapping(answer, "what Nomad says of a jobspec", "ID")


def _check_region(client: Client, region: Any) -> None:
    """
    Refuse a job of another region: Nomad would register it there, and read it here.

    :raises CommandExecutionError: it is, or nobody can tell.
    """
    if region in (None, "", "global"):
        return
    if client.get("/v1/regions") == [region]:
        return
    try:
        agent = answers.mapping(client.get("/v1/agent/self"), "what Nomad says of itself", "config")
        own = answers.mapping(agent["config"], "what Nomad says of itself", "Region")["Region"]
    except Forbidden:
        own = "one that this token may not ask for"
    if own != region:
        raise CommandExecutionError(
            f"jobspec: expected no region but that of the agent, which is {own}; found {region!r}; "
            "leave it out, or connect to an agent of that region"
        )


def _from_json(name: str, jobspec: Any) -> dict[str, Any]:
    """Read JSON as `nomad job run -json` does: bare, or under the key ``Job``."""
    if isinstance(jobspec, str):
        try:
            jobspec = json.loads(jobspec)
        except (ValueError, RecursionError) as err:
            raise CommandExecutionError(f"jobspec of {name}: it is no JSON: {err}") from err
    job = jobspec.get("Job", jobspec) if isinstance(jobspec, Mapping) else None
    if not isinstance(job, Mapping):
        raise CommandExecutionError(f"jobspec of {name}: expected a map; found {_kind(job)}")
    groups = job.get("TaskGroups") or []
    if not isinstance(groups, list) or not all(isinstance(one, Mapping) for one in groups):
        raise CommandExecutionError(f"jobspec of {name}: TaskGroups: expected a list of maps")
    try:
        json.dumps(job, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as err:
        raise CommandExecutionError(
            f"jobspec of {name}: expected what JSON can say: {err}; put dates in quotes"
        ) from err
    return dict(job)


def variables_text(variables: Mapping[str, Any] | None) -> str:
    """Write variables as HCL; what looks like a template stays text."""
    return "".join(f"{name} = {_hcl(one)}\n" for name, one in sorted((variables or {}).items()))


def _hcl(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_hcl(str(k))} = {_hcl(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_hcl, value)) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    text = json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    # HCL knows neither of these two of JSON's; an even number of backslashes before is text.
    return re.sub(r"\\(.)", lambda m: {"b": r"\u0008", "f": r"\u000c"}.get(m[1], m[0]), text)


def _kind(value: Any) -> str:
    names = {str: "text", bool: "true or false", int: "a number", list: "a list", dict: "a map"}
    return "nothing" if value in (None, "", {}) else names.get(type(value), type(value).__name__)
