"""Events that Eos knows: one generated module each, and ``table`` of all; the wheel adds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
