"""What Eos heals by: ``table`` has every policy; it is generated, the wheel adds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
