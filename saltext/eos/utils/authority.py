"""The site's certificate authority: made once, its key sealed, certificates by topology."""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from salt.exceptions import CommandExecutionError

from saltext.eos.utils import sealed, store, tls

KEY = "ca.key"
SITE_DAYS = 3650
LEAF_DAYS = 365
RENEW_BELOW = 0.3
ALWAYS = ("127.0.0.1", "localhost")
_PEM = serialization.Encoding.PEM


def exists(opts: dict[str, Any]) -> bool:
    """Tell whether the site has its CA."""
    return (store.home(opts) / "ca" / "ca.pem").exists()


def make(opts: dict[str, Any], stack: str) -> bool:
    """
    Make the CA where there is none; a crash in the middle is completed with the same key.

    :param stack: the stack's name, which becomes part of the CA's.
    :return: whether one was made.
    """
    if exists(opts):
        return False
    if not sealed.exists(opts, KEY):
        key = ec.generate_private_key(ec.SECP256R1())
        text = key.private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        sealed.create(opts, KEY, text.decode("ascii"))
    key = _key(opts)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{stack} site CA")])
    now = dt.datetime.now(dt.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=SITE_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    store.create(store.home(opts) / "ca" / "ca.pem", certificate.public_bytes(_PEM), 0o644)
    return True


def names(node: dict[str, Any], sans: list[str]) -> list[str]:
    """List the names of a certificate: the node's own, the loopback, then the declared ones."""
    return list(dict.fromkeys([node["id"], node["address"], *ALWAYS, *sans]))


def sign(opts: dict[str, Any], request: str, component: str, wanted: list[str]) -> str:
    """
    Sign the public key of a request; its names come from ``wanted``, never from the request.

    :param request: PEM of the certificate request.
    :param wanted: DNS names and addresses.
    :return: PEM of the certificate.
    :raises CommandExecutionError: the request is broken or not signed by its own key.
    """
    public = _public_key(request)
    authority = _authority(opts)
    now = dt.datetime.now(dt.timezone.utc)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{component} on {wanted[0]}")])
    key = _key(opts)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=LEAF_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(
            [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_name(one) for one in wanted]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )  # fmt: skip
    return builder.sign(key, hashes.SHA256()).public_bytes(_PEM).decode("ascii")


def reason(
    opts: dict[str, Any], certificate: bytes | None, request: str | None, wanted: list[str]
) -> str | None:
    """
    Say why a certificate must be made anew; ``None`` when the kept one is right.

    :param certificate: PEM of the kept certificate.
    :param request: PEM of a request with the host's present key; not compared when left out.
    """
    if certificate is None:
        return "there is none"
    kept = x509.load_pem_x509_certificate(certificate)
    if not _is_ours(opts, kept):
        return "it is not signed by the site's CA"
    if request is not None and _raw(kept.public_key()) != _raw(_public_key(request)):
        return "the key of the host changed"
    found = kept.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if {str(one.value) for one in found} != set(wanted):
        return "its names changed"
    begins, ends = tls.validity(kept)
    now = dt.datetime.now(dt.timezone.utc)
    if (ends - now) < RENEW_BELOW * (ends - begins):
        return f"it ends on {ends.date().isoformat()}"
    return None


def _is_ours(opts: dict[str, Any], certificate: x509.Certificate) -> bool:
    public = _authority(opts).public_key()
    algorithm = certificate.signature_hash_algorithm
    if not isinstance(public, ec.EllipticCurvePublicKey) or algorithm is None:
        return False
    try:
        public.verify(certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(algorithm))
    except InvalidSignature:
        return False
    return True


def _authority(opts: dict[str, Any]) -> x509.Certificate:
    data = store.read(store.home(opts) / "ca" / "ca.pem")
    if data is None:
        raise CommandExecutionError("the site has no CA yet; run `salt-run eos.issue`")
    return x509.load_pem_x509_certificate(data)


def _key(opts: dict[str, Any]) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(sealed.require(opts, KEY).encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CommandExecutionError("the sealed key of the CA is no EC key; restore the store")
    return key


def _public_key(request: str) -> Any:
    try:
        parsed = x509.load_pem_x509_csr(request.encode())
    except ValueError as err:
        raise CommandExecutionError(f"the certificate request is no PEM request: {err}") from err
    if not parsed.is_signature_valid:
        raise CommandExecutionError("the certificate request is not signed by its own key")
    return parsed.public_key()


def _raw(public: Any) -> bytes:
    der = serialization.Encoding.DER
    raw: bytes = public.public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo)
    return raw


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
