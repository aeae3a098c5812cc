"""Which data folder and which shop a command means when nobody says."""

import os
from pathlib import Path

from edge.places import APPLIANCE_ROOT, DEMO_SHOP

INSTALLED_DATA = Path("/var/lib/backroom")


def data_folder(given: Path | None) -> Path:
    """The folder given, else the appliance's own, else ``data`` beside the checkout."""
    if given is not None:
        return given.absolute()
    return INSTALLED_DATA if INSTALLED_DATA.is_dir() else APPLIANCE_ROOT / "data"


def passed_credentials() -> Path | None:
    """The folder of the credentials that systemd passes to the service; None where it passes none."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(folder) if folder else None


def shop_folder(given: Path | None) -> Path:
    """The folder given, else the demo shop."""
    return DEMO_SHOP if given is None else given.absolute()
