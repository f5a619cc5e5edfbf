"""What was expected, and what to do, where a server's words tell more than their status."""

from __future__ import annotations

import ssl
from typing import NamedTuple

SEALED = (
    "expected it to be unsealed; open it with `vault operator unseal` (vault_seal.status tells how "
    "many shares that takes), then apply again"
)

_OTHER_CA = (18, 19, 20, 21)
"""OpenSSL's numbers for a certificate that no known CA has signed."""
_OTHER_NAME = (62, 64)


class Given(NamedTuple):
    """
    Where somebody has given what a client is made of.

    :param option: the minion's option, such as ``eos:connections:consul``.
    """

    option: str


def of_certificate(err: BaseException, ca_file: str | None, given: Given | None) -> str | None:
    """Give what to do about a certificate that is refused; ``None`` when it is something else."""
    if not isinstance(err, ssl.SSLCertVerificationError):
        return None
    if err.verify_code in _OTHER_CA:
        where = f"name the CA of that server in {given.option}:ca_file" if given else "mend the CA"
        return f"expected one that the CA in {ca_file or 'the system'} has signed; {where}"
    if err.verify_code in _OTHER_NAME:
        where = f" in {given.option}:address" if given else ""
        return f"expected one for the name that was asked; write a name that it has{where}"
    return "expected one that is valid; renew it, and look at the clocks"


def of_ca_file(given: Given | None) -> str:
    """Give what to do about a CA's file that cannot be read."""
    where = f" in {given.option}:ca_file" if given else ""
    return f"expected the CA of that server in PEM; name its file{where}"


def of_answer(status: int, said: str) -> str | None:
    """Give what to do about an answer that is no success; ``None`` when its status tells it."""
    if status == 503 and "Vault is sealed" in said:
        return SEALED
    return None
