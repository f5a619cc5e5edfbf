"""Certificates for every component with an identity, on every node that runs it."""

from __future__ import annotations

from typing import Any

from salt.exceptions import SaltRunnerError

from saltext.eos.utils import authority, master, store


def issue(opts: dict[str, Any], form: dict[str, Any], *, test: bool) -> dict[str, dict[str, Any]]:
    """
    Make the CA and every certificate that is missing, wrong or near its end.

    The key of a certificate is born on its host: ``eos_tls.request`` there gives a request, and
    only its public key is used.

    :param form: the compiled form of the whole stack.
    :param test: only say what would be made; no host is asked.
    :raises SaltRunnerError: a minion does not answer, or answers with no request.
    """
    changes: dict[str, dict[str, Any]] = {}
    is_new = not authority.exists(opts) if test else authority.make(opts, form["stack"]["name"])
    if is_new:
        changes["site CA"] = {"old": None, "new": "made"}
    for component, nodes in _wanted(form).items():
        requests = {} if test else _requests(opts, component, nodes)
        for node, names in nodes.items():
            folder = store.home(opts) / "certs" / node
            path = store.within(folder, component, ".pem")
            kept = store.read(path)
            if test and not authority.exists(opts):
                why: str | None = "there is none"
            else:
                why = authority.reason(opts, kept, requests.get(node), names)
            if why is None:
                continue
            old = None if kept is None else why
            changes[f"certificate {component} on {node}"] = {"old": old, "new": "issued"}
            if not test:
                made = authority.sign(opts, requests[node], component, names)
                store.replace(path, made.encode("ascii"), 0o644)
    return changes


def _wanted(form: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Give, by component and node, the names of each certificate."""
    wanted: dict[str, dict[str, list[str]]] = {}
    for node, compiled in form["all"].items():
        for component, part in compiled["components"].items():
            if "identity" in part:
                names = authority.names(compiled["node"], part["identity"]["sans"])
                wanted.setdefault(component, {})[node] = names
    return wanted


def _requests(opts: dict[str, Any], component: str, nodes: dict[str, list[str]]) -> dict[str, str]:
    answers = master.require(opts, list(nodes), "eos_tls.request", [component])
    found = {}
    for node, answer in answers.items():
        text = answer.get("csr") if isinstance(answer, dict) else answer
        if not isinstance(text, str) or "BEGIN CERTIFICATE REQUEST" not in text:
            raise SaltRunnerError(
                f"eos_tls.request {component} on {node} answered no certificate request: "
                f"{str(answer)[:200]}"
            )
        found[node] = text
    return found
