"""TLS keys that are born on their host, and what the master may know of them."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from salt.exceptions import CommandExecutionError

from saltext.eos.utils import store
from saltext.eos.utils.settle import NotYet

HOME = Path("/etc/eos/tls")
CA_FILE = HOME / "ca.pem"
_PEM = serialization.Encoding.PEM
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def key_path(component: str) -> Path:
    """
    Where the key of a component lies.

    :raises CommandExecutionError: that is no component's name.
    """
    return _named(component, "key")


def certificate_path(component: str) -> Path:
    """
    Where the certificate of a component lies.

    :raises CommandExecutionError: that is no component's name.
    """
    return _named(component, "pem")


def make_key(component: str) -> bool:
    """
    Make the key of a component where none is, and tell whether one was made.

    :raises CommandExecutionError: it cannot be written.
    """
    path = key_path(component)
    HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    if path.exists():
        return False
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        _PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        store.create(path, pem, 0o600)
    except store.Exists:
        return False
    return True


def request(component: str) -> str:
    """
    Write a certificate request; it proves that this host has the key, and asks for no names.

    :raises CommandExecutionError: there is no key, or it cannot be read.
    """
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, component)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(name)
    return _text(csr.sign(private_key(component), hashes.SHA256()).public_bytes(_PEM))


def private_key(component: str) -> ec.EllipticCurvePrivateKey:
    """
    Read the key of a component.

    :raises CommandExecutionError: there is none, or it is no key that Eos makes.
    """
    path = key_path(component)
    data = store.read(path)
    if data is None:
        raise CommandExecutionError(
            f"{path} does not exist; expected the key of {component}, which `salt-run eos.issue` "
            "lets this host make"
        )
    try:
        key = serialization.load_pem_private_key(data, None)
    except (ValueError, TypeError) as err:
        raise CommandExecutionError(
            f"{path} is no private key; remove it to get a new one"
        ) from err
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CommandExecutionError(f"{path} is no ECDSA key; remove it to get a new one")
    return key


def check_belongs(certificate: str, component: str) -> None:
    """
    Refuse a certificate that is not for this host's key.

    :raises CommandExecutionError: it is for another key.
    """
    theirs = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    if theirs != private_key(component).public_key():
        raise CommandExecutionError(
            f"the certificate for {component} is for another key than {key_path(component)}; "
            "expected one for this key; run `salt-run eos.issue` and refresh this minion's pillar"
        )


def check_names(certificate: str, component: str, sans: list[str]) -> None:
    """
    Refuse a certificate that lacks a name or an address the component answers to.

    :raises CommandExecutionError: it lacks one.
    """
    parsed = x509.load_pem_x509_certificate(certificate.encode())
    try:
        known = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = {str(item.value) for item in known}
    except x509.ExtensionNotFound:
        names = set()
    lacking = sorted(set(sans) - names)
    if lacking:
        raise CommandExecutionError(
            f"the certificate for {component} lacks {', '.join(lacking)}; expected every declared "
            "name; run `salt-run eos.issue` and refresh this minion's pillar"
        )


def fingerprint(certificate: bytes | None) -> str | None:
    """Give the SHA-256 fingerprint of a certificate, or ``None`` without one."""
    if not certificate:
        return None
    try:
        return x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex()
    except ValueError:
        return "no certificate"


def validity(certificate: x509.Certificate) -> tuple[datetime, datetime]:
    """Give the first and the last moment of a certificate, in UTC."""
    if hasattr(certificate, "not_valid_after_utc"):
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc
    # Before version 42 `cryptography` has only the form that names no zone.
    return (
        certificate.not_valid_before.replace(tzinfo=timezone.utc),
        certificate.not_valid_after.replace(tzinfo=timezone.utc),
    )


def now() -> datetime:
    """Give this host's time, in UTC."""
    return datetime.now(timezone.utc)


def ca_text(path: Path = CA_FILE) -> str:
    """
    Read the site's CA.

    :raises NotYet: it is not there.
    """
    data = store.read(path)
    if data is None:
        raise NotYet(
            f"{path} does not exist; expected the site's CA; apply eos.tls on this node first"
        )
    return _text(data)


def _text(data: bytes) -> str:
    return data.decode("ascii")


def _named(component: str, suffix: str) -> Path:
    if not _NAME.fullmatch(component):
        raise CommandExecutionError(
            f"{component!r} is no component; expected a name such as consul"
        )
    return HOME / f"{component}.{suffix}"
