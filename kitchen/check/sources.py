"""Read SLS sources as written: keys that YAML or Python would silently merge are still two."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import yaml


def repeated(path: Path, rendered: str | None = None) -> list[tuple[str, str]]:
    """
    List keys that stand twice in one mapping, as ``(mapping, key)``.

    :param rendered: the text after Jinja, for YAML files; the file's own when left out.
    """
    text = rendered if rendered is not None else path.read_text("utf-8")
    if text.startswith("#!py"):
        return _in_python(text)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return []
    return _in_yaml(node, "the file") if node else []


def lenient(text: str) -> dict[str, Any]:
    """Load YAML with every repeated key kept, under ``key``, ``key\\0``, and so on."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return {}
    loaded = _value(node) if node else {}
    return loaded if isinstance(loaded, dict) else {}


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            while name in found:
                name += "\0"
            found[name] = _value(value)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    return yaml.safe_load(yaml.serialize(node))


def _in_yaml(node: yaml.Node, where: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                found.append((where, name))
            seen.add(name)
            found += _in_yaml(value, name)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            found += _in_yaml(item, where)
    return found


def _in_python(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    names: dict[ast.AST, str] = {}
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Dict):
            continue
        seen: set[str] = set()
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant):
                continue
            name = str(key.value)
            if name in seen:
                found.append((names.get(node, "the file"), name))
            seen.add(name)
            names[value] = name
    return found
