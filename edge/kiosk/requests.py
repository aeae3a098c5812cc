"""What the screen sends and what it gets back, and the plain sentence for what it must not send."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from edge.assistant.guard import MAX_CHARS

Session = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]
Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_CHARS)]


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class AskRequest(_Request):
    """A question; the session lets "how much is it" follow "where is the butter"."""

    question: Question
    session: Session | None = None


class SessionRequest(_Request):
    """A session to call a colleague for, or to wipe."""

    session: Session | None = None


class AskResponse(BaseModel):
    """An answer. `verified` says that every claim in it was proved from `facts`."""

    answer: str
    intent: str
    facts: Sequence[Mapping[str, object]]
    verified: bool
    wording: Literal["template", "model"]
    timings_ms: Mapping[str, float]


class ColleagueResponse(BaseModel):
    """A ticket that staff see."""

    ticket: str
    answer: str


class Place(BaseModel):
    """One aisle of the shop with its bays and what stands there."""

    aisle: str
    bays: Sequence[str]
    departments: Sequence[str]


class Tile(BaseModel):
    """A product on a tile."""

    sku: str
    title: str
    name: str
    brand: str
    size: str
    department: str
    price: str
    normal_price: str | None
    offer_text: str
    aisle: str
    bay: str


class DayHours(BaseModel):
    """One day of the coming week."""

    name: str
    hours: str
    is_today: bool


class ShopResponse(BaseModel):
    """What the screen shows without a question."""

    name: str
    local_time: str
    is_open: bool
    open_text: str
    departments: Sequence[str]
    offers: Sequence[Tile]
    aisles: Sequence[Place]
    week: Sequence[DayHours]


class DepartmentResponse(BaseModel):
    """The products of one department."""

    department: str
    products: Sequence[Tile]


class HealthResponse(BaseModel):
    """Whether the kiosk answers, and whether the language model words its answers."""

    status: Literal["ok"]
    language: Literal["up", "down"]
    products: int


def plain_sentence(errors: Sequence[Mapping[str, Any]]) -> str:
    """What is wrong with a request, for a person; names fields, never repeats their values."""
    first = errors[0]
    field = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
    match first["type"]:
        case "extra_forbidden":
            return f"The field {field[:64]} is not known here."
        case "missing":
            return f"The field {field} is missing."
        case "string_too_long":
            return f"The {field} is too long; at most {first['ctx']['max_length']} characters fit."
        case "string_too_short":
            return f"The {field} is empty; please type something."
        case "json_invalid":
            return "The request must be JSON."
        case "model_attributes_type" | "dict_type":
            return 'The request must be a JSON object, such as {"question": "Where is the milk?"}.'
        case "string_type":
            return f"The field {field} must be text."
        case "string_pattern_mismatch":
            return f"The field {field} must be 8 to 64 letters, digits or dashes."
    return f"The field {field} does not fit; the page of this screen sends it right."
