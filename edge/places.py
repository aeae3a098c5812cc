"""Where a node keeps what it writes, and where the files that came with the appliance lie.

Owns the layout of the data folder. Makes folders only when asked.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from edge.errors import ConfigError

APPLIANCE_ROOT = Path(__file__).resolve().parent.parent
DEMO_SHOP = APPLIANCE_ROOT / "firmware-config" / "shops" / "demo"
DEFAULT_POLICY = APPLIANCE_ROOT / "firmware-config" / "egress-policy.toml"
DEFAULT_ARTEFACTS = APPLIANCE_ROOT / "models" / "defaults"


@dataclass(frozen=True, slots=True)
class Places:
    """The data folder of one node.

    ::

    <data>/store/backroom.db    facts, outbox, ledger
    <data>/models/              weights added or pulled
    <data>/slots/               what operators confirmed of each camera's slots: features, no pictures
    <data>/heat/                where people were, summed over everybody, by camera and day
    <data>/search/              vectors of the catalogue's product types
    <data>/status.json          how the running node is
    <data>/console-password     hash of the staff password
    <data>/node-key             signs the audit chain; 32 bytes, for this user alone
    <data>/node-key.pub         its public half, where systemd passes the key itself as a credential
    <data>/command-key          whose commands are obeyed, once head office changed its key
    <data>/twin.json            last good settings from head office
    <data>/snapshots/           redacted pictures that head office ordered
    <data>/vault/vault.db       sealed stills, for this user alone
    <data>/vault/door           socket through which the running node is asked for them
    <data>/openai-key           key of the endpoint for other programs, where it is switched on
    """

    data: Path
    credentials: Path | None = None
    """Systemd's folder of what it passes to this service; None for whoever it does not start."""

    @property
    def store(self) -> Path:
        """The shop's database."""
        return self.data / "store" / "backroom.db"

    @property
    def models(self) -> Path:
        """Content-addressed weights and the slots per task."""
        return self.data / "models"

    @property
    def slots(self) -> Path:
        """One file per camera; see `vision.slot_memory`."""
        return self.data / "slots"

    @property
    def heat(self) -> Path:
        """One file per camera and day; see `edge.heat_book`."""
        return self.data / "heat"

    @property
    def search(self) -> Path:
        """See `edge.catalogue_vectors`; made anew where it is gone."""
        return self.data / "search"

    @property
    def status(self) -> Path:
        """Replaced every few seconds by the running node."""
        return self.data / "status.json"

    @property
    def store_key(self) -> Path:
        """Key under which hashed fields leave the shop; made at the first start."""
        return self.data / "store-key"

    @property
    def node_key(self) -> Path:
        """Ed25519 key that signs what the node says of itself; made at the first start."""
        return self.data / "node-key"

    @property
    def command_key(self) -> Path:
        """See `edge.trusted_key`."""
        return self.data / "command-key"

    @property
    def twin(self) -> Path:
        """See `edge.twins`."""
        return self.data / "twin.json"

    @property
    def snapshots(self) -> Path:
        """See `edge.snapshots`."""
        return self.data / "snapshots"

    @property
    def vault(self) -> Path:
        """The vault's file; there once something was sealed or a key is set."""
        return self.data / "vault" / "vault.db"

    @property
    def vault_door(self) -> Path:
        """The socket through which the running node is asked for the vault."""
        return self.data / "vault" / "door"

    def make(self) -> None:
        """Create the folders, readable by this user alone.

        Raises:
            ConfigError: they cannot be made or written there.
        """
        try:
            for folder in (self.data, self.store.parent, self.models):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ConfigError(
                f"{self.data} cannot be the data folder: {error.strerror}. Give another with --data, or let this user"
                f" write there: chown -R {os.geteuid()} {self.data}"
            ) from error
        if not os.access(self.data, os.W_OK | os.X_OK):
            raise ConfigError(f"{self.data} cannot be written by this user: chown -R {os.geteuid()} {self.data}")
