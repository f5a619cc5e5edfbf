"""What an error says in one line: lists and the audit show a new line as two characters."""

from __future__ import annotations


def one_line(error: object) -> str:
    """Give the words of an error; findings below a sentence that ends with a colon follow it."""
    first, *rest = [line.strip().removeprefix("- ") for line in str(error).splitlines()] or [""]
    if not rest:
        return first
    found = "; ".join(line for line in rest if line)
    return f"{first} {found}" if first.endswith(":") else f"{first}; {found}"
