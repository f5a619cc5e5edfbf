"""What the files hold that examples name as the place of a secret."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

# The key of the certificate that stands in an example, in the two forms that a PEM has.
_KEY = ec.derive_private_key(2026, ec.SECP256R1())
_FORMS = {
    "/etc/gateway/inline.key": serialization.PrivateFormat.PKCS8,
    "/etc/gateway/inline-again.key": serialization.PrivateFormat.TraditionalOpenSSL,
}


def content(name: str) -> str:
    """
    Give the secret of a file: another for each.

    :param name: the path in the example.
    """
    form = _FORMS.get(name)
    if form is None:
        return f"the secret of {name}"
    pem = serialization.Encoding.PEM
    return _KEY.private_bytes(pem, form, serialization.NoEncryption()).decode()
