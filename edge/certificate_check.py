"""The doctor's question about the node's certificate: is it ours, and does it hold for long enough?

Changes nothing; reads the key only to see that the certificate was made for it.
"""

from datetime import datetime, timedelta
from pathlib import Path

from edge.certificates import validity_of
from edge.checks import Check, judge
from edge.errors import ConfigError
from sync.config import SyncSettings
from sync.tls import is_clock_behind

_RENEW_WITHIN = timedelta(days=75)
"""A box may be away for sixty days, and somebody has to come by before."""
_CURE = (
    "Have it renewed: backroom cloud certificate request, sign it at head office, then install it here. Facts wait"
    " in the outbox meanwhile."
)


def certificate_check(settings: SyncSettings, now: datetime) -> Check | None:
    """What the certificate is worth; None where none is used."""
    certificate, key = settings.tls_cert_file, settings.tls_key_file
    if certificate is None or key is None:
        return None
    try:
        found = validity_of(certificate, key)
        is_behind = is_clock_behind(_given(settings), now.timestamp())
    except ConfigError as error:
        return Check("certificate", passed=False, found=str(error), cure=_CURE)
    except OSError as error:
        return Check("certificate", passed=False, found=f"{settings.tls_ca_file}: {error.strerror}", cure=_CURE)
    text = f"{found.name} until {found.ends:%Y-%m-%d}"
    if is_behind:
        return Check("certificate", passed=True, found=f"{text}; the clock is behind and cannot judge it")
    if found.ends <= now:
        return Check("certificate", passed=False, found=f"{text}: it is over", cure=_CURE)
    left = found.ends - now
    return judge("certificate", left >= _RENEW_WITHIN, f"{text}, {left.days} days from now", _CURE)


def _given(settings: SyncSettings) -> tuple[Path, ...]:
    return tuple(path for path in (settings.tls_cert_file, settings.tls_ca_file) if path is not None)
