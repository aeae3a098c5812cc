"""What a connection's TLS is made of: whom we trust, who we are, and when dates count.

Reads certificate and key files and judges whether the clock may judge them; opens no connection.
"""

import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sync.errors import LinkSettingsError
from sync.link import TlsFiles

_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME (OpenSSL, X509_VERIFY_PARAM_set_flags); Python's enumeration leaves it out."""
_EARLIEST_TRUE_TIME_S = 1_767_225_600.0
"""2026-01-01T00:00:00Z."""


class RememberingContext(ssl.SSLContext):
    """Remembers its socket: paho leaves it open when the handshake fails, once for each attempt."""

    wrapped: ssl.SSLSocket | None = None

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        self.wrapped = super().wrap_socket(*args, **kwargs)
        return self.wrapped


def tls_context(files: TlsFiles, now_s: float) -> RememberingContext:
    """Read the files anew: what was renewed on the disk counts from the next connection on.

    Raises:
        LinkSettingsError: a file cannot be read, or is no certificate or key.
    """
    # The client protocol demands the peer's certificate and checks its name.
    context = RememberingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if files.ca_file is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(cafile=str(files.ca_file))
        if files.cert_file is not None:
            context.load_cert_chain(str(files.cert_file), str(files.key_file) if files.key_file else None)
        if is_clock_behind([path for path in (files.cert_file, files.ca_file) if path], now_s):
            # Authority and name are checked all the same. Without this, a box whose clock battery is empty could
            # never reach anybody until a time service is reached, which many shops do not let through.
            context.verify_flags |= _NO_CHECK_TIME
    except OSError as error:
        raise LinkSettingsError(f"a TLS file cannot be used: {error}") from error
    return context


def is_clock_behind(files: Iterable[Path], now_s: float) -> bool:
    """Whether the clock says a time before this program, or before one of these files was put there."""
    return now_s < max([_EARLIEST_TRUE_TIME_S, *(path.stat().st_mtime for path in files)])
