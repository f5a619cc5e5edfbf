"""What the generator writes for the law: one table per resource, and its kernel's table."""

from __future__ import annotations

import importlib
import json
from typing import Any

from wheel import ROOT

TABLES: list[dict[str, Any]] = [
    json.loads(path.read_text("utf-8")) for path in sorted((ROOT / "generated/test").glob("*.json"))
]
NAMES = [table["resource"] for table in TABLES]
# What cannot be deleted is there before each example: its tests know how it was.
FLEETING = [table for table in TABLES if not table.get("lasting")]


def spec_of(table: dict[str, Any]) -> dict[str, Any]:
    """Give the table by which the kernel handles a resource."""
    return importlib.import_module(f"saltext.eos.specs.{table['resource']}").SPEC


def keys_of(table: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Give the arguments by which an object is named."""
    return {name: values[name] for name in table["keys"] if name in values}
