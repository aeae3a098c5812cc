"""The node's certificate at head office's broker: asked for, signed at head office, checked and put in place.

A renewal keeps the node's key, so one file changes, in one step, and the one before is kept beside it. The adapter of
the cryptography library for X.509 (RFC 5280). Opens no connection: the link reads the files anew for each of its own.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.errors import ConfigError
from models.durable import LocalDisk, write_durably

_Key = RSAPrivateKey | EllipticCurvePrivateKey
_BACKDATED = timedelta(hours=1)
"""Whoever judges a new certificate may have a clock that is a little behind."""


@dataclass(frozen=True, slots=True)
class Validity:
    """Whose certificate it is and until when; aware UTC times."""

    name: str
    begins: datetime
    ends: datetime


def make_request(name: str, key: Path) -> bytes:
    """A request for a certificate (PEM, RFC 2986) with this node's key, which is made where there is none yet.

    Args:
        name: ``tenant/store/node``, which the broker's access list knows the node by.
        key: the PEM file that ``[sync] tls_key_file`` names.

    Raises:
        ConfigError: the key cannot be read or made.
    """
    if not key.exists():
        _make_key(key)
    wanted = x509.CertificateSigningRequestBuilder().subject_name(_common_name(name))
    return wanted.sign(_read_key(key), SHA256()).public_bytes(Encoding.PEM)


def sign_request(
    request: bytes, name: str, *, authority: Path, authority_key: Path, days: int, now: datetime
) -> tuple[bytes, Validity]:
    """Head office's side: a certificate (PEM) that lets a node in under its name, never beyond the authority's own end.

    Raises:
        ConfigError: the request is none or asks for another name, or authority and key are none or do not match.
    """
    try:
        wanted = x509.load_pem_x509_csr(request)
    except ValueError as error:
        raise ConfigError(
            "this is no request for a certificate; backroom cloud certificate request writes one"
        ) from error
    if not wanted.is_signature_valid or _name_of(wanted.subject) != name:
        raise ConfigError(f"the request is not from {name}; it says {_name_of(wanted.subject)!r}, or was changed")
    issuer, secret = _read_certificates(authority)[0], _read_key(authority_key)
    if not _is_authority(issuer) or _public(issuer) != _public(secret):
        raise ConfigError(f"{authority} must be the certificate of an authority, and {authority_key} its key")
    if issuer.not_valid_after_utc <= now:
        raise ConfigError(f"the authority {authority} ended on {issuer.not_valid_after_utc:%Y-%m-%d}")
    builder = x509.CertificateBuilder().subject_name(wanted.subject).issuer_name(issuer.subject)
    builder = builder.public_key(wanted.public_key()).serial_number(x509.random_serial_number())
    ends = min(now + timedelta(days=days), issuer.not_valid_after_utc)
    builder = builder.not_valid_before(now - _BACKDATED).not_valid_after(ends)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    made = builder.sign(secret, SHA256())
    return made.public_bytes(Encoding.PEM), _validity(made)


def install(
    signed: bytes, name: str, *, key: Path, certificate: Path, authority: Path, now: datetime | None
) -> Validity:
    """Check what head office signed and put it in place, whole or not at all; the one before is kept as ``.previous``.

    Args:
        signed: the certificate, and after it those between it and the authority, if any (PEM).
        name: ``tenant/store/node``.
        key: this node's key.
        certificate: the PEM file that ``[sync] tls_cert_file`` names.
        authority: PEM of the authorities that may have signed it.
        now: None while the clock is surely behind: then its dates are not judged.

    Raises:
        ConfigError: it is none, is another node's, was made for another key, by a stranger, or is over; the one in
            place stays.
    """
    chain = _parse(signed, "what is to be installed")
    made = chain[0]
    if _name_of(made.subject) != name:
        raise ConfigError(f"the certificate is for {_name_of(made.subject)!r}, and this node is {name!r}")
    if _public(made) != _public(_read_key(key)):
        raise ConfigError(f"the certificate was made for another key than {key}; ask for one with this key")
    if not _is_signed_by(chain, _read_certificates(authority)):
        raise ConfigError(f"the certificate was not signed by an authority in {authority}")
    if now is not None and made.not_valid_after_utc <= now:
        raise ConfigError(f"the certificate ended on {made.not_valid_after_utc:%Y-%m-%d}; have a new one signed")
    try:
        if certificate.exists():
            write_durably(
                LocalDisk(), certificate.with_name(f"{certificate.name}.previous"), [certificate.read_bytes()]
            )
        write_durably(LocalDisk(), certificate, [one.public_bytes(Encoding.PEM) for one in chain])
    except OSError as error:
        raise _unusable(certificate, error) from error
    return _validity(made)


def validity_of(certificate: Path, key: Path) -> Validity:
    """Until when the certificate in place holds.

    Raises:
        ConfigError: there is none, or it is not this key's.
    """
    made = _read_certificates(certificate)[0]
    if _public(made) != _public(_read_key(key)):
        raise ConfigError(f"{certificate} was made for another key than {key}")
    return _validity(made)


def _validity(made: x509.Certificate) -> Validity:
    return Validity(_name_of(made.subject), made.not_valid_before_utc, made.not_valid_after_utc)


def _is_signed_by(chain: Sequence[x509.Certificate], authorities: Sequence[x509.Certificate]) -> bool:
    """Whether each is signed by the next one, and the last by an authority."""
    if not all(_is_issued(signed, issuer) for signed, issuer in pairwise(chain)):
        return False
    return any(_is_issued(chain[-1], issuer) for issuer in authorities)


def _is_issued(signed: x509.Certificate, issuer: x509.Certificate) -> bool:
    if not _is_authority(issuer):
        return False
    try:
        signed.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _is_authority(one: x509.Certificate) -> bool:
    try:
        return one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _name_of(subject: x509.Name) -> str:
    return ", ".join(str(attribute.value) for attribute in subject.get_attributes_for_oid(NameOID.COMMON_NAME))


def _public(holder: x509.Certificate | _Key) -> bytes:
    return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _read_certificates(path: Path) -> list[x509.Certificate]:
    try:
        return _parse(path.read_bytes(), str(path))
    except OSError as error:
        raise _unusable(path, error) from error


def _parse(pem: bytes, what: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise ConfigError(f"{what} holds no certificate (PEM)") from error


def _read_key(path: Path) -> _Key:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise _unusable(path, error) from error
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{path} must hold a private key (PEM) without a password") from error
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise ConfigError(f"{path} must hold an RSA or elliptic-curve key, which every broker takes")
    return key


def _make_key(path: Path) -> None:
    secret = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    aside = path.with_name(f"{path.name}.new")
    try:
        aside.touch(mode=0o600)
        folder = path.parent.stat()
        if os.geteuid() == 0:
            # A technician at work as root makes it for the service, whose folder this is.
            os.chown(aside, folder.st_uid, folder.st_gid)
        with aside.open("wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        LocalDisk().sync_folder(path.parent)
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{path}: {error.strerror}; it must lie where this user may read and write")
