"""What was expected, and what to do, where a server's words tell more than their status."""

from __future__ import annotations

import re
import ssl
from typing import NamedTuple

SEALED = (
    "expected it to be unsealed; open it with `vault operator unseal` (vault_seal.status tells how "
    "many shares that takes), then apply again"
)

REFUSED = "expected input that this server takes; mend what it names"
_TROUBLE = re.compile(
    r"leader|raft|quorum|time[d-]? ?out|deadline|connection|connect:|\bconn\b|\bEOF\b|broken pipe|"
    r"shut(ting)? ?down|stream closed|no known|no path|no servers|no route|unreachable|not ready|"
    r"no such (file|host)|internal|panic|no space|input/output|read-only file|too many open|"
    r"permission denied|x509|certificate|canceled",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"invalid|not valid|no such|not found|not exist|doesn't exist|nonexistent|already exists|"
    r"could be found|missing|required|did not provide|must |can ?not|can't|may not|"
    r"not allowed|not permitted|unpermitted|not supported|unsupported|unknown|"
    r"unrecognized|associated with|in use|exceeds|duplicate|reserved|not a |"
    r"failed to parse|expected ",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"(rpc error[^:]*: )*(ACL not found|ACL token not found)|.*\* invalid token.*", re.DOTALL
)
_EITHER = "Permission denied"
"""Nomad's words of an unknown token, mostly, and of one that is too weak."""
_PLAIN = "Client sent an HTTP request to an HTTPS server"
_OTHER_CA = (18, 19, 20, 21)
"""OpenSSL's numbers for a certificate that no known CA has signed."""
_OTHER_NAME = (62, 64)


class Given(NamedTuple):
    """
    Where somebody has given what a client is made of.

    :param option: the minion's option, such as ``eos:connections:consul``.
    :param token: where its token lies, in words, empty where nobody has named a place; ``None``
        when none was asked for.
    """

    option: str
    token: str | None = None


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


def of_answer(
    status: int, said: str, given: Given | None = None, *, refuses_by_500: bool = False
) -> str | None:
    """
    Give what to do about an answer that is no success; ``None`` when its status tells it.

    :param refuses_by_500: this server says 500 of what the user wrote, too, as Consul and Nomad do.
    """
    if status == 503 and "Vault is sealed" in said:
        return SEALED
    if status == 500 and refuses_by_500 and _REFUSAL.search(said) and not _TROUBLE.search(said):
        return REFUSED
    if status == 400 and _PLAIN in said:
        return f"expected https; write https:// in {given.option}:address" if given else None
    if status in (401, 403) and given and given.token is not None:
        return _of_token(said, given.option, given.token)
    return None


def _of_token(said: str, option: str, token: str) -> str | None:
    """Give what to do about a token that the server does not know, or that nobody has given."""
    if not token:
        return f"expected a token that may do this; name its place in {option}:token: it has none"
    if said == _EITHER:
        return (
            "expected a token that this server knows and that may do this; look whether it knows "
            f"the one of {token}, then at its policies"
        )
    if not _UNKNOWN.fullmatch(said):
        return None
    return (
        f"expected a token that this server knows, and it does not know the one of {token}; put "
        "one there that is valid, and see whether the address is that of its server"
    )
