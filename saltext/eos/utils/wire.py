"""The requests of a resource: what is refused before one is sent, and how an object is found."""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import quote

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import codec, forms
from saltext.eos.utils.http import IDEMPOTENT, Client, Conflict, Forbidden, NotFound, ServerError
from saltext.eos.utils.validate import Finding, findings

_PLACE = re.compile(r"\{([A-Za-z_]\w*)\}")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/]")


def check(spec: dict[str, Any], desired: dict[str, Any]) -> None:
    """
    Refuse values outside their types before anything is sent.

    :raises CommandExecutionError: every mistake, with field, expected and found.
    """
    found = wrong(spec, desired)
    if found:
        raise CommandExecutionError("; ".join(map(str, found)))


def wrong(spec: dict[str, Any], desired: dict[str, Any]) -> list[Finding]:
    """List the values outside their types; ``None`` was left out, and no secret is shown."""
    found: list[Finding] = []
    for name, value in desired.items():
        row = spec["fields"][name]
        found += [
            item._replace(found="a value that is not shown")
            if forms.holds_secret(_row_at(row, item.path[1:]))
            else item
            for item in ([] if value is None else findings(row["schema"], value, (name,)))
        ]
    for name, field in spec["fields"].items():
        value = desired.get(name)
        if not field.get("key") or not isinstance(value, str) or _is_slashed(field):
            continue
        if not _is_name(value):
            expected = "a name without `/` and control characters"
            found.append(Finding((name,), expected, repr(value)))
    for names in spec.get("exclusive", ()):
        both = [name for name in names if desired.get(name) is not None]
        if len(both) > 1:
            expected = f"at most one of {', '.join(names)}"
            more = f"{len(both)}; leave the others out"
            found.append(Finding((" and ".join(both),), expected, more))
    return found


def _row_at(row: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    """Give the row of what is inside a value, or of the last part that has one."""
    for part in path:
        inner = (row.get("fields") or {}).get(part) or row.get("item")
        if not inner:
            return row
        row = inner
    return row


def send(
    client: Client, spec: dict[str, Any], call: str, values: dict[str, Any], body: Any = None
) -> Any:
    """
    Send one of a resource's calls.

    :param call: ``METHOD /path/{field}``.
    :param values: what the places in the path are filled from.
    :raises Conflict: another has written since the object was read.
    """
    method, _, place = call.partition(" ")
    path = filled(spec, place, values)
    try:
        answer = client.request(method, path, body)
    except Conflict as err:
        if not any(map(forms.holds_secret, spec["fields"].values())):
            raise
        # Nomad answers with the variable that the other wrote, in clear.
        raise Conflict(
            f"{method} {client.base_url}{path} answered {err.status}: another has written "
            f"meanwhile; {err.advice}",
            method=method, path=path, status=err.status, body=None,
        ) from None  # fmt: skip
    if answer is False and method not in IDEMPOTENT and spec.get("lost") == "answers-false":
        raise Conflict(
            f"{method} {client.base_url}{path} answered false: another has written meanwhile; "
            f"{Conflict.advice}",
            method=method, path=path, status=200, body=answer,
        )  # fmt: skip
    return answer


def filled(spec: dict[str, Any], path: str, values: dict[str, Any]) -> str:
    """Fill the places of a path, quoted."""
    return _PLACE.sub(lambda m: _quoted(spec, values, m[1]), path)


def places(call: str) -> list[str]:
    """Name the places of a call: fields, and names of the server's own."""
    return _PLACE.findall(call)


def told_by(spec: dict[str, Any]) -> list[str]:
    """Name the fields by which an object is told from others in a list."""
    keys = [name for name, row in spec["fields"].items() if row.get("key")]
    return list(spec["find"].get("match") or keys)


def read(
    client: Client, spec: dict[str, Any], values: dict[str, Any], keys: dict[str, Any]
) -> dict[str, Any] | None:
    """
    Read one object by itself.

    :param values: what the places in the path are filled from.
    :raises NotFound: there is none.
    """
    return _opened(client, spec, send(client, spec, spec["find"]["read"], values), keys)


def body_of(spec: dict[str, Any], desired: dict[str, Any], base: dict[str, Any] | None) -> Any:
    """
    Give what is sent for an object: the whole of it, or the bytes of its one field.

    :param base: the object as read; an update must keep what is not managed.
    """
    raw = spec.get("raw")
    if raw is None:
        kept = codec.without(spec["fields"], base, _not_kept(spec, desired))
        return {**codec.to_wire(spec["fields"], desired, kept), **spec.get("constant", {})}
    value = desired.get(raw)
    if value is None and base is not None:
        return codec.raw_bytes(spec["fields"][raw], base)
    return ("" if value is None else str(value)).encode()


def farewell(spec: dict[str, Any], values: dict[str, Any]) -> dict[str, Any] | None:
    """Give what a delete sends that is no DELETE and names nothing in its path: the keys."""
    method, _, path = spec["delete"].partition(" ")
    if method == "DELETE" or _PLACE.search(path):
        return None
    return {row["wire"]: values[name] for name, row in spec["fields"].items() if row.get("key")}


def _not_kept(spec: dict[str, Any], desired: dict[str, Any]) -> list[str]:
    """Name what an update must not send back as read: what excludes a wanted field."""
    return [
        name
        for names in spec.get("exclusive", ())
        if any(desired.get(one) is not None for one in names)
        for name in names
        if desired.get(name) is None
    ]


def find(client: Client, spec: dict[str, Any], keys: dict[str, Any]) -> dict[str, Any] | None:
    """
    Read the object that the keys name, as the server has it; ``None`` when it is not there.

    :raises CommandExecutionError: the server has two of that name.
    """
    how = spec["find"]
    if "read" in how and all(keys.get(name) is not None for name in places(how["read"])):
        try:
            return read(client, spec, keys, keys)
        except NotFound:
            return None
    wanted = {name: keys[name] for name in told_by(spec) if keys.get(name) is not None}
    found = []
    for item in listed(client, spec, keys):
        fields = codec.from_wire(spec["fields"], item)
        if all(fields[name] == value for name, value in wanted.items()):
            found.append((item, fields))
    if len(found) > 1:
        said = ", ".join(f"{name} {value!r}" for name, value in wanted.items())
        raise CommandExecutionError(
            f"there are {len(found)} of {spec['title']} with {said}; expected one; delete the "
            "others, or give them other names"
        )
    if not found:
        _refuse_unseen(client, spec, wanted)
        _refuse_blind(client, spec, keys)
        return None
    ((item, fields),) = found
    if "read" not in how:
        return dict(item)
    try:
        return read(client, spec, {**item, **fields}, keys)
    except NotFound:
        return None


def listed(client: Client, spec: dict[str, Any], keys: dict[str, Any]) -> list[dict[str, Any]]:
    """
    List the objects, as the server has them.

    :raises ServerError: the answer is no list of objects.
    """
    call = spec["find"]["list"]
    items = send(client, spec, call, keys)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise _strange(client, call, "a list of objects", items)
    return items


def carried(spec: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Give the fields of one item of a list without those of which a shortened list is silent."""
    how = spec["find"]
    if "read" not in how or how.get("whole"):
        return fields
    return {name: value for name, value in fields.items() if value is not None}


def _strange(client: Client, call: str, expected: str, found: Any) -> ServerError:
    """Say that an answer is not what the API promises; what it says instead is not repeated."""
    method, _, path = call.partition(" ")
    kind = "nothing" if found is None else type(found).__name__
    return ServerError(
        f"{method} {client.base_url}{path} answered {kind}; expected {expected}; see what answers "
        "at that address",
        method=method, path=path, status=client.status, body=None,
    )  # fmt: skip


def _refuse_unseen(client: Client, spec: dict[str, Any], wanted: dict[str, Any]) -> None:
    """
    Refuse to call absent what only was not in a list that ACLs have shortened.

    :raises Forbidden: Consul says that it left something out.
    """
    said_so = client.answered.get("x-consul-results-filtered-by-acls") == "true"
    # To a request without a token Consul does not say that it left something out.
    is_blind = client.answered.get("x-consul-default-acl-policy") == "deny" and not client.has_token
    if not said_so and not is_blind:
        return
    said = ", ".join(f"{name} {value!r}" for name, value in wanted.items())
    path = spec["find"].get("list", spec["find"].get("read", "")).partition(" ")[2]
    raise Forbidden(
        f"{spec['title']} with {said} is not in the list, but the token may not see the whole of "
        "it; expected a token that may read it",
        method="GET", path=path, status=403, body=None,
    )  # fmt: skip


def _refuse_blind(client: Client, spec: dict[str, Any], keys: dict[str, Any]) -> None:
    """
    Refuse to call absent what a token may only not see in Nomad's list of a namespace.

    Nomad leaves out of such a list, in silence, what the token may not read, even all of it. It
    says so only of a single object: 403 where there is no right, 404 where there is no object.

    :raises Forbidden: the token may not read objects of this kind there.
    """
    how = spec["find"]
    if spec["service"] != "nomad" or "read" not in how or "{namespace}" not in how["list"]:
        return
    ids = set(places(how["read"])) - set(spec["fields"])
    try:
        send(client, spec, how["read"], {**keys, **dict.fromkeys(ids, str(uuid.uuid4()))})
    except NotFound:
        return


def wrapped(spec: dict[str, Any], wire: Any) -> Any:
    """Put an object into the envelope its server expects."""
    return {spec["envelope"]: wire} if spec.get("envelope") else wire


def shown(spec: dict[str, Any], fields: dict[str, Any], mask: str) -> dict[str, Any]:
    """Give fields with every secret replaced by ``mask``."""
    return {name: forms.shown(spec["fields"][name], one, mask) for name, one in fields.items()}


def _is_name(value: str) -> bool:
    return value not in ("", ".", "..") and not _UNSAFE.search(value)


def _is_slashed(field: dict[str, Any]) -> bool:
    return field["schema"].get("x-form") == "slashed"


def _opened(
    client: Client, spec: dict[str, Any], answer: Any, keys: dict[str, Any]
) -> dict[str, Any] | None:
    """
    Give the object of an answer: only an empty list, besides 404, says that there is none.

    :raises ServerError: the answer is no object of this kind, or another one.
    """
    call = spec["find"]["read"]
    if answer == []:
        names = [name for name, row in spec["fields"].items() if row.get("key")]
        _refuse_unseen(client, spec, {name: keys.get(name) for name in names})
        return None
    if isinstance(answer, list) and len(answer) == 1:
        (answer,) = answer
    if spec.get("envelope") and isinstance(answer, dict) and spec["envelope"] in answer:
        answer = answer[spec["envelope"]]
    if not isinstance(answer, dict):
        raise _strange(client, call, "an object", answer)
    fields = codec.from_wire(spec["fields"], answer)
    if all(value is None for value in fields.values()):
        raise _strange(client, call, f"a {spec['title']}", answer)
    for name, value in spec.get("constant", {}).items():
        if answer.get(name) not in (None, value):
            raise CommandExecutionError(
                f"{spec['title']}: what has that name has {name} {answer[name]!r}; expected "
                f"{value!r}; take another name, or delete it first"
            )
    for name, row in spec["fields"].items():
        wanted = keys.get(name)
        if row.get("key") and wanted is not None and fields[name] not in (None, wanted):
            raise _strange(client, call, f"the {spec['title']} that was asked for", answer)
    return answer


def _quoted(spec: dict[str, Any], values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    if value is None or value == "":
        raise CommandExecutionError(f"{name} is needed for this request and is not known")
    field = spec["fields"].get(name)
    return quote(str(value), safe="/" if field and _is_slashed(field) else "")
