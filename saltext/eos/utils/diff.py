"""Rules that tell a real difference from another spelling of the same value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from saltext.eos.utils import measures
from saltext.eos.utils.validate import same

_GO = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|h|m|s|d)")
_NANO = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9}
_NANO |= {"h": 3600 * 10**9, "d": 86400 * 10**9}


def differs(rule: str, wanted: Any, found: Any, default: Any = None) -> bool:
    """
    Tell whether a managed field must be written.

    :param rule: one of the rules of a declaration.
    :param wanted: the value wanted; ``None`` is never different, because it is not managed.
    :param found: the value the server has.
    :param default: what the server means by nothing, for ``empty-is-default``.
    :raises ValueError: the rule is unknown, or a value cannot be read by it.
    """
    if rule not in _RULES:
        raise ValueError(f"diff rule {rule!r} is unknown; expected one of {', '.join(_RULES)}")
    return wanted is not None and not _RULES[rule](wanted, found, default)


def unlike(row: dict[str, Any], wanted: Any, found: Any, *, whole: bool = False) -> bool:
    """
    Tell whether a value must be written, looking into what it holds.

    An object that is written over what is there is compared in what is wanted: the rest is the
    server's own. One that is written whole, as each item of a list without a key is, has nothing
    where it says nothing.

    :param row: the value's row in a resource's table.
    :param whole: the value is part of something that is written whole.
    """
    rule = row.get("diff", "exact")
    if rule == "write-only":
        return False
    if wanted is None:
        return whole and holds(found)
    whole = whole or rule == "whole"
    if row.get("shape") == "object" and isinstance(wanted, dict):
        known = found if isinstance(found, dict) else {}
        rows = row["fields"]
        names = rows if whole else wanted
        return any(unlike(rows[n], wanted.get(n), known.get(n), whole=whole) for n in names)
    item = row.get("item") or {}
    if row.get("shape") == "map" and isinstance(wanted, dict) and item:
        known = found if isinstance(found, dict) else {}
        other = wanted.keys() != known.keys()
        return other or any(unlike(item, one, known[n], whole=whole) for n, one in wanted.items())
    if row.get("shape") == "list" and item.get("shape"):
        return _unlike_lists(rule, item, wanted, found or [], whole=whole)
    if str(row.get("form", "")).startswith("span:"):
        return differs(rule, wanted, found or "0s", row.get("default"))
    return differs(rule, wanted, found, row.get("default"))


def _unlike_lists(
    rule: Any, item: dict[str, Any], wanted: list[Any], found: list[Any], *, whole: bool
) -> bool:
    if len(wanted) != len(found):
        return True
    if isinstance(rule, dict):
        known = {str(one.get(rule["by"])): one for one in found}
        names = [str(one.get(rule["by"])) for one in wanted]
        if set(names) != known.keys() or len(set(names)) < len(names):
            return True
        pairs = zip(names, wanted, strict=True)
        return any(unlike(item, one, known[name], whole=whole) for name, one in pairs)
    if rule != "as-set":
        both = zip(wanted, found, strict=True)
        return any(unlike(item, one, other, whole=True) for one, other in both)
    left = list(found)
    for one in wanted:
        alike = (other for other in left if not unlike(item, one, other, whole=True))
        same_one = next(alike, None)
        if same_one is None:
            return True
        left.remove(same_one)
    return False


def holds(value: Any) -> bool:
    """Tell whether a server says anything there, however deep."""
    if isinstance(value, dict):
        return any(map(holds, value.values()))
    if isinstance(value, list):
        return any(map(holds, value))
    return _nothing(value) not in (None, "0s")


def _exact(wanted: Any, found: Any, _: Any) -> bool:
    return same(_nothing(wanted), _nothing(found))


def _empty_is_default(wanted: Any, found: Any, default: Any) -> bool:
    return same(_nothing(wanted), _nothing(default if _nothing(found) is None else found))


def _as_set(wanted: Any, found: Any, _: Any) -> bool:
    return _members(wanted) == _members(found)


def _case(wanted: Any, found: Any, _: Any) -> bool:
    return str(wanted).casefold() == str(found or "").casefold()


def _bytes(wanted: Any, found: Any, _: Any) -> bool:
    return found is not None and _count(wanted) == _count(found)


def _at_least(wanted: Any, found: Any, _: Any) -> bool:
    return found is not None and _count(found) >= _count(wanted)


def _duration(wanted: Any, found: Any, _: Any) -> bool:
    return found is not None and nanoseconds(wanted) == nanoseconds(found)


def _hcl(wanted: Any, found: Any, _: Any) -> bool:
    return _squeezed(str(wanted)) == _squeezed(str(found or ""))


def _write_only(_wanted: Any, _found: Any, _: Any) -> bool:
    return True


_RULES: dict[str, Callable[[Any, Any, Any], bool]] = {
    "exact": _exact,
    "when-set": _exact,
    "whole": _exact,
    "empty-is-default": _empty_is_default,
    "as-set": _as_set,
    "case": _case,
    "bytes": _bytes,
    "at-least": _at_least,
    "duration": _duration,
    "hcl": _hcl,
    "write-only": _write_only,
}


def nanoseconds(value: Any) -> int:
    """
    Read a duration: a number of nanoseconds, or text such as ``90s``, ``72h0m0s``.

    :raises ValueError: it is neither.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return int(value)
    text = str(value).strip()
    parts = _GO.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"expected a duration such as 90s or 72h; found {value!r}")
    return int(sum(float(number) * _NANO[unit] for number, unit in parts))


def _nothing(value: Any) -> Any:
    """Take an empty map, list or text, zero and false for nothing, as servers in Go do."""
    return None if value in ({}, [], "", 0) else value


def _members(value: Any) -> list[str]:
    return sorted({json.dumps(item, sort_keys=True) for item in value or ()})


def _count(value: Any) -> int:
    return measures.size(value) if isinstance(value, str) else int(value)


def _squeezed(text: str) -> str:
    """Remove what HCL ignores: comments, and white space outside of quotes."""
    pieces = re.findall(r'"(?:\\.|[^"\\])*"|#[^\n]*|//[^\n]*|\s+|[^\s"#/]+|/', text)
    return "".join(one for one in pieces if one[0] == '"' or not re.match(r"\s|#|//", one))
