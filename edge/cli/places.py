"""Which data folder and which shop a command means when nobody says."""

from pathlib import Path

from edge.places import APPLIANCE_ROOT, DEMO_SHOP

INSTALLED_DATA = Path("/var/lib/backroom")


def data_folder(given: Path | None) -> Path:
    """The folder given, else the appliance's own, else ``data`` beside the checkout."""
    if given is not None:
        return given.absolute()
    return INSTALLED_DATA if INSTALLED_DATA.is_dir() else APPLIANCE_ROOT / "data"


def shop_folder(given: Path | None) -> Path:
    """The folder given, else the demo shop."""
    return DEMO_SHOP if given is None else given.absolute()
