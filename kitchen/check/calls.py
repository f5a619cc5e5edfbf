"""Look at the Python of the wheel: what it imports, and which Salt functions it calls."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgpack
import salt.utils.args
from functions import Library
from problem import Problem


class Call(NamedTuple):
    """One ``__salt__["module.function"](...)`` in a source."""

    line: int
    function: str
    keywords: list[str]


def imports(site: Path, origins: Mapping[Path, Path]) -> Iterator[Problem]:
    """Import every module of the wheel."""
    for path, origin in origins.items():
        if path.suffix != ".py":
            continue
        parts = path.relative_to(site).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        try:
            importlib.import_module(name)
        except Exception as err:  # noqa: BLE001 - whatever is raised, it does not import
            text = f"{name} does not import: {err}; expected it to; correct the import"
            yield Problem(str(origin), "EOS408", text)


def specifications(
    loaded: Mapping[str, Any], kind: str, origins: Mapping[Path, Path]
) -> Iterator[Problem]:
    """Serialise every function's argument specification, as ``sys.argspec`` does."""
    names = {path.stem: str(o) for path, o in origins.items() if path.parent.name == kind}
    for name in loaded:
        module = name.partition(".")[0]
        if module not in names:
            continue
        spec = salt.utils.args.get_function_argspec(loaded[name])
        try:
            msgpack.packb([spec.args, spec.varargs, spec.keywords, spec.defaults])
        except (TypeError, ValueError) as err:
            text = (
                f"{name}: its argument specification does not serialise ({err}); expected plain "
                "defaults; use None and set the default inside"
            )
            yield Problem(names[module], "EOS409", text)


def execution(origins: Mapping[Path, Path], modules: Library) -> Iterator[Problem]:
    """Resolve every call of an execution function in the wheel's Python."""
    for path, origin in origins.items():
        if path.suffix != ".py":
            continue
        for call in calls(path.read_text("utf-8")):
            signature = modules.signature(call.function)
            if signature is None:
                text = (
                    f"line {call.line}: execution function {call.function} does not exist; "
                    "expected one of the pinned Salt or of the wheel; correct its name"
                )
                yield Problem(str(origin), "EOS406", text)
                continue
            for keyword in call.keywords:
                if not signature.accepts(call.function, keyword):
                    text = (
                        f"line {call.line}: {call.function} has no argument {keyword}; expected "
                        f"one of {', '.join(sorted(signature.names))}; correct it"
                    )
                    yield Problem(str(origin), "EOS407", text)


def calls(text: str) -> Iterator[Call]:
    """List the calls of execution functions in a source: ``__salt__`` or ``context["salt"]``."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Subscript):
            continue
        name = node.func.slice
        if not isinstance(name, ast.Constant) or "." not in str(name.value):
            continue
        if ast.unparse(node.func.value) in ("__salt__", "salt", "context['salt']"):
            words = [keyword.arg for keyword in node.keywords if keyword.arg]
            yield Call(node.lineno, str(name.value), words)
