"""The vault as a node joins it: cameras, audit chain and settings behind its door; nothing where no key is set."""

from collections.abc import Iterator
from contextlib import contextmanager

from edge.clock import Clock
from edge.places import Places
from edge.vault import Vault, VaultSettings
from edge.vault_desk import Audit, VaultDesk
from edge.vault_door import VaultDoor
from vision.service import VisionService


@contextmanager
def vault_open(
    settings: VaultSettings, places: Places, *, vision: VisionService, audit: Audit, clock: Clock
) -> Iterator[None]:
    """Open the vault's door while the node runs. What lies in a vault without a key still expires.

    Raises:
        VaultError: the vault or its door cannot be opened.
    """
    if settings.public_key is None and not places.vault.exists():
        yield
        return
    desk = VaultDesk(
        Vault(places.vault, settings),
        settings,
        newest=lambda camera: vision.call(camera, lambda seat: seat.masked()),
        audit=audit,
        clock=clock,
    )
    with VaultDoor(places.vault_door, desk, clock):
        yield
