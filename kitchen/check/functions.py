"""Find Salt's functions and their arguments: loaded where they load here, from source elsewhere."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

# Arguments that functions with **kwargs take without documenting them, each looked up in source.
REVIEWED: dict[str, frozenset[str]] = {
    # states/file.py: `dir_mode` falls back to `mode`.
    "file.directory": frozenset({"mode"}),
}


class Signature(NamedTuple):
    """
    What a function takes.

    :param names: arguments by name.
    :param required: those without a default.
    :param documented: names its docstring explains.
    :param takes_any: whether it swallows ``**kwargs``.
    """

    names: frozenset[str]
    required: frozenset[str]
    documented: frozenset[str]
    takes_any: bool

    def accepts(self, function: str, argument: str) -> bool:
        """Tell whether an argument is known to the function."""
        if argument in self.names:
            return True
        known = self.documented | REVIEWED.get(function, frozenset())
        return self.takes_any and argument in known


class Library:
    """
    The functions of one kind: ``states``, ``modules`` or ``runners``.

    :param loaded: Salt's loader.
    :param folders: where sources of that kind stand, for what does not load on this host.
    """

    def __init__(self, loaded: Mapping[str, Any], folders: list[Path]) -> None:
        self._loaded = loaded
        self._folders = folders

    def signature(self, function: str) -> Signature | None:
        """Give the signature of ``module.function``; ``None`` when there is no such function."""
        try:
            found = self._loaded[function]
        except KeyError:
            return self._from_source(function)
        return _of_callable(inspect.unwrap(found))

    def _from_source(self, function: str) -> Signature | None:
        module, _, name = function.partition(".")
        for path in _files(tuple(self._folders), module):
            tree = ast.parse(path.read_text("utf-8"))
            alias = _aliases(tree)
            for node in tree.body:
                if isinstance(node, ast.FunctionDef) and alias.get(node.name, node.name) == name:
                    return _of_node(node)
        return None


@lru_cache(maxsize=256)
def _files(folders: tuple[Path, ...], module: str) -> list[Path]:
    """List the files that offer a module: by file name, or by virtual name."""
    virtual = re.compile(rf"^__virtualname__ = [\"']{re.escape(module)}[\"']", re.MULTILINE)
    found: list[Path] = []
    for folder in folders:
        found += [
            path
            for path in sorted(folder.glob("*.py"))
            if path.stem == module or virtual.search(path.read_text("utf-8", "replace"))
        ]
    return found


def _aliases(tree: ast.Module) -> dict[str, str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if "__func_alias__" in names:
                return dict(ast.literal_eval(node.value))
    return {}


def _of_callable(function: Any) -> Signature:
    parameters = inspect.signature(function).parameters.values()
    plain = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    return Signature(
        frozenset(p.name for p in plain),
        frozenset(p.name for p in plain if p.default is p.empty),
        _documented(function.__doc__),
        any(p.kind is p.VAR_KEYWORD for p in parameters),
    )


def _of_node(node: ast.FunctionDef) -> Signature:
    positional = [*node.args.posonlyargs, *node.args.args]
    without = positional[: len(positional) - len(node.args.defaults)]
    pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    keyword = [one.arg for one, default in pairs if default is None]
    return Signature(
        frozenset(one.arg for one in (*positional, *node.args.kwonlyargs)),
        frozenset([*(one.arg for one in without), *keyword]),
        _documented(ast.get_docstring(node)),
        node.args.kwarg is not None,
    )


def _documented(text: str | None) -> frozenset[str]:
    """List the terms of the docstring's definition lists: what it calls a parameter."""
    lines = inspect.cleandoc(text or "").splitlines()
    terms: set[str] = set()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        word = re.fullmatch(r"(?::param )?(?:\w+ )?([a-z_][a-z0-9_]*)(?::.*|, .*)?", line.strip())
        if word and (following.startswith("    ") or line.startswith(":param")):
            terms |= {one.strip() for one in line.strip().split(",") if one.strip().isidentifier()}
            terms.add(word[1])
    return frozenset(terms)
