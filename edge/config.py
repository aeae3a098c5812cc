"""The shop's settings: one TOML file, read once, every section frozen and checked.

Joins the sections that each package declares. Refuses unknown keys and values out of bounds with the path of
the field and a sentence that says what would be right. Relative paths are relative to the file that names them.
Environment variables (``BACKROOM_KIOSK__PORT=8090``) lie on top of the file.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from edge.camera_post.config import CameraPostSettings
from edge.console.config import ConsoleSettings
from edge.egress_policy import EgressSettings
from edge.errors import ConfigError
from edge.kiosk.config import KioskSettings
from edge.language_files import known_languages
from edge.mcp_server.config import McpSettings
from edge.openai_api.config import OpenAiSettings
from edge.store.config import StoreSettings
from edge.vault import VaultSettings
from models.config import ModelsSettings
from sync.config import SyncSettings
from sync.home_assistant import HomeAssistantSettings
from vision.config import FOLDER_SCHEME, POST_SCHEME, CameraSettings, Identifier, VisionSettings

_Link = TypeVar("_Link", SyncSettings, HomeAssistantSettings)
_MAY_HOLD_PASSWORDS = (("url",), ("broker",))


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("no such time zone; write it like Europe/Berlin") from error
    return name


def _known_language(code: str) -> str:
    if code not in known_languages():
        raise ValueError(f"must be one of {', '.join(known_languages())}")
    return code


_Language = Annotated[str, AfterValidator(_known_language)]


class ShopSettings(BaseModel):
    """Who this node is and where its shop's data files are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tenant: Identifier
    """Company, first part of the MQTT topics."""
    store: Identifier
    """Shop, second part of the topics."""
    node: Identifier
    """This box, third part of the topics."""
    name: Annotated[str, Field(min_length=1, max_length=80)]
    """What screens call the shop."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    """ISO 4217 code of the prices."""
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    """For opening hours and what people read; facts are in UTC."""
    language: _Language = "en"
    """The shop's own language: its files are written in it, and the kiosk begins in it."""
    languages: tuple[_Language, ...] = ()
    """Further languages of the kiosk, in the order of its switch; empty for the shop's own alone."""
    cameras: tuple[Path, ...] = ()
    """Camera files, in the order of the console."""
    catalogue: Path = Path("catalogue.csv")
    """Products: sku, name, brand, size, price, place, allergens (CSV)."""
    info: Path = Path("shop-info.toml")
    """Opening hours, exceptions, returns, services (TOML)."""
    offers: Path = Path("offers.csv")
    """Offer prices with their days (CSV)."""
    ideas: Path | None = None
    """What the shop suggests together (TOML); without it nothing goes with anything."""
    floor_plan: Path | None = None
    """Shelves, tills and kiosks in metres (TOML), for the kiosk's map; without it places are told in words."""


class Settings(BaseSettings):
    """Everything that one shop's file says."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="BACKROOM_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    shop: ShopSettings
    kiosk: KioskSettings = KioskSettings()
    console: ConsoleSettings = ConsoleSettings()
    openai: OpenAiSettings = OpenAiSettings()
    mcp: McpSettings = McpSettings()
    camera_post: CameraPostSettings = CameraPostSettings()
    store: StoreSettings = StoreSettings()
    sync: SyncSettings = SyncSettings()
    home_assistant: HomeAssistantSettings = HomeAssistantSettings()
    vault: VaultSettings = VaultSettings()
    models: ModelsSettings = ModelsSettings()
    vision: VisionSettings = VisionSettings()
    egress: EgressSettings = EgressSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file; nothing else is looked at."""
        return env_settings, init_settings


class ShopFiles(BaseModel):
    """One shop, read and checked: its settings, its cameras, and the folder that relative paths start from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path
    settings: Settings
    cameras: tuple[CameraSettings, ...]

    def path(self, relative: Path) -> Path:
        """Absolute path of a data file that the settings name."""
        return relative if relative.is_absolute() else self.folder / relative

    def with_cameras(self, cameras: Iterable[CameraSettings]) -> Self:
        """The same shop seen by other cameras."""
        return self.model_copy(update={"cameras": tuple(cameras)})


def load_shop(folder: Path) -> ShopFiles:
    """Read ``shop.toml`` and the camera files it names.

    Raises:
        ConfigError: a file is missing, is no TOML, or a field is wrong; the text names file, field and cure.
    """
    path = folder / "shop.toml"
    raw = _read_toml(path)
    try:
        settings = Settings(**raw)
    except ValidationError as error:
        raise ConfigError(_explain(path, error)) from error
    cameras = tuple(load_camera(_under(folder, name)) for name in settings.shop.cameras)
    doubled = sorted({c.id for c in cameras if sum(o.id == c.id for o in cameras) > 1})
    if doubled:
        raise ConfigError(f"{path}: shop.cameras: two camera files have the id {', '.join(doubled)}; give each its own")
    folder = folder.resolve()
    vision = settings.vision
    if vision.packs is not None:
        vision = vision.model_copy(update={"packs": _under(folder, vision.packs)})
    settings = settings.model_copy(
        update={
            "sync": _placed(settings.sync, folder),
            "home_assistant": _placed(settings.home_assistant, folder),
            "vision": vision,
        }
    )
    return ShopFiles(folder=folder, settings=settings, cameras=cameras)


def load_camera(path: Path) -> CameraSettings:
    """Read one camera's file; its own relative paths become absolute.

    Raises:
        ConfigError: as `load_shop`.
    """
    raw = _read_toml(path)
    try:
        camera = CameraSettings(**raw)
    except ValidationError as error:
        raise ConfigError(_explain(path, error)) from error
    references = camera.references
    placed = {
        name: _under(path.parent, value)
        for name, value in (("stocked", references.stocked), ("empty", references.empty))
        if value is not None
    }
    url = camera.url
    if url.startswith(FOLDER_SCHEME):
        url = f"{FOLDER_SCHEME}{_under(path.parent, Path(url.removeprefix(FOLDER_SCHEME)))}"
    elif url and url != POST_SCHEME and "://" not in url:
        url = str(_under(path.parent, Path(url)))
    return camera.model_copy(update={"url": url, "references": references.model_copy(update=placed)})


def _placed(link: _Link, folder: Path) -> _Link:
    names = ("tls_ca_file", "tls_cert_file", "tls_key_file", "password_file")
    paths = {name: getattr(link, name, None) for name in names}
    return link.model_copy(update={name: _under(folder, path) for name, path in paths.items() if path is not None})


def _under(folder: Path, path: Path) -> Path:
    return path if path.is_absolute() else folder / path


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; give the path of a settings file in TOML") from error
    except IsADirectoryError as error:
        raise ConfigError(f"{path}: this is a folder; give the settings file in it") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not a TOML file: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def _explain(path: Path, error: ValidationError) -> str:
    lines = [f"{path}: {_field(e['loc'])}: {sentence_of(e)}" for e in error.errors()]
    return "\n".join(lines)


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "the file"


def sentence_of(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors in words that say what would be right."""
    given = error.get("input")
    match error["type"]:
        case "extra_forbidden":
            return "unknown key; check the spelling or take it out"
        case "missing":
            return "is missing; every file needs it"
        case _:
            text = str(error["msg"]).removeprefix("Value error, ")
            is_shown = isinstance(given, str | int | float | bool) and error["loc"][-1:] not in _MAY_HOLD_PASSWORDS
            shown = f" (it says {given!r})" if is_shown else ""
            return f"{text[:1].lower()}{text[1:]}{shown}"
