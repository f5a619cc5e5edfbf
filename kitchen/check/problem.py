"""One thing that is wrong, in the form the generator prints."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """
    A finding.

    :param file: where, relative to the repository.
    :param code: ``EOS4xx``; docs/errors.md explains it.
    :param text: what is wrong; what was expected; what to do.
    """

    file: str
    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}: {self.code} {self.text}"
