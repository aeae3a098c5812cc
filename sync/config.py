"""Settings of the way to head office: where the broker is, who we are, how patient we are.

Owns bounds, units and safe defaults. A password is read from its file when the link is made, never from the
settings file or the environment. With no broker named, the demo starts the embedded one.
"""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from sync.errors import LinkSettingsError
from sync.link import Endpoint, TlsFiles

_DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}


class SyncSettings(BaseModel):
    """Section ``[sync]``; relative paths are relative to the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    broker: str | None = None
    """``mqtts://host:8883`` or ``mqtt://host:1883``; none: the demo's own broker on this machine."""
    embedded_port: Annotated[int, Field(ge=0, le=65_535)] = 0
    """Port of the embedded broker on 127.0.0.1; 0 takes a free one."""
    tls_ca_file: Path | None = None
    """PEM of the authority that signed the broker's certificate; none: the system's authorities."""
    tls_cert_file: Path | None = None
    """PEM of this node's certificate."""
    tls_key_file: Path | None = None
    """PEM of this node's key."""
    username: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """User name at the broker."""
    password_file: Path | None = None
    """File that holds the password and nothing else."""
    command_key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Public key that `backroom cloud keys` printed: whose commands and twin are obeyed; none: nobody's."""
    window: Annotated[int, Field(ge=1, le=20)] = 20
    """Publications unanswered at once; the broker's Receive Maximum may lower it."""
    batch_rows: Annotated[int, Field(ge=1, le=1000)] = 200
    """Waiting rows of one lane that travel in one compressed message; 1: every row alone."""
    keepalive_s: Annotated[int, Field(ge=5, le=1200)] = 30
    """MQTT keep-alive."""
    connect_timeout_s: Annotated[float, Field(ge=0.1, le=60.0)] = 10.0
    """A connection has so long to come up."""
    watchdog_s: Annotated[float, Field(ge=0.2, le=600.0)] = 30.0
    """After so long without progress in acknowledgements the link is made anew and rows are sent again."""
    greeting_wait_s: Annotated[float, Field(ge=0.0, le=30.0)] = 2.0
    """How long to wait after connecting for the receiver's greeting before rows are sent regardless."""
    backoff_base_s: Annotated[float, Field(ge=0.01, le=60.0)] = 1.0
    """Longest first wait after a lost connection; doubles up to the maximum."""
    backoff_max_s: Annotated[float, Field(ge=0.05, le=3600.0)] = 300.0
    """Longest wait between tries."""
    idle_poll_s: Annotated[float, Field(ge=0.01, le=60.0)] = 1.0
    """How often the outbox is looked at when nobody said that there is something new."""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_cert_file and tls_key_file belong together; give both or none")
        if self.password_file is not None and self.username is None:
            raise ValueError("password_file needs a username beside it")
        if self.backoff_max_s < self.backoff_base_s:
            raise ValueError("backoff_max_s must be at least backoff_base_s")
        if self.broker is not None:
            self._check_broker(self.broker)
        return self

    def _check_broker(self, broker: str) -> None:
        url = split_broker(broker)
        has_tls_files = any((self.tls_ca_file, self.tls_cert_file, self.tls_key_file))
        if url.scheme == "mqtt" and has_tls_files:
            raise ValueError("TLS files need a broker address that begins with mqtts://")
        if url.scheme == "mqtt" and self.password_file is not None and not _is_loopback(url.hostname or ""):
            raise ValueError("a password would cross the network in the clear; use mqtts:// or a broker on 127.0.0.1")

    def endpoint(self, *, embedded_port: int | None = None) -> Endpoint:
        """Where to connect; reads the password file.

        Args:
            embedded_port: port of the embedded broker, used when no broker is named.

        Raises:
            LinkSettingsError: the password file cannot be read, or there is neither broker nor embedded port.
        """
        if self.broker is None:
            if embedded_port is None:
                raise LinkSettingsError("no broker is named and the embedded one does not run")
            return Endpoint("127.0.0.1", embedded_port)
        url = split_broker(self.broker)
        tls = TlsFiles(self.tls_ca_file, self.tls_cert_file, self.tls_key_file) if url.scheme == "mqtts" else None
        return Endpoint(
            url.hostname or "", url.port or _DEFAULT_PORTS[url.scheme], tls, self.username, self._password()
        )

    def _password(self) -> SecretStr | None:
        if self.password_file is None:
            return None
        try:
            return SecretStr(self.password_file.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise LinkSettingsError(f"password file {self.password_file} cannot be read") from error


def split_broker(broker: str) -> SplitResult:
    """Take a broker's address apart.

    Raises:
        ValueError: not ``mqtt://host[:port]`` or ``mqtts://host[:port]``; credentials in it are refused.
    """
    try:
        url = urlsplit(broker)
        is_right = url.scheme in _DEFAULT_PORTS and bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        is_right = False
    # Whatever was written is not repeated here: it may hold a password.
    if not is_right or url.path not in ("", "/") or url.query or url.fragment:
        raise ValueError("broker must look like mqtts://host:8883 or mqtt://host:1883")
    if url.username is not None or url.password is not None:
        raise ValueError("broker must not hold credentials; use username and password_file")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
