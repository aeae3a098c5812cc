"""What the screen sends and what it gets back, and the plain sentence for what it must not send."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from edge.assistant.guard import MAX_CHARS

Session = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]
Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_CHARS)]
KioskName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Box = tuple[float, float, float, float]
Point = tuple[float, float]


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SessionRequest(_Request):
    """A session to call a colleague for, or to wipe; ``kiosk`` names the screen where the shop has several."""

    session: Session | None = None
    kiosk: KioskName | None = None
    language: LanguageCode | None = None


class AskRequest(SessionRequest):
    """A question; the session lets "how much is it" follow "where is the butter"."""

    question: Question


class RatingRequest(_Request):
    """A thumb on an answer."""

    turn: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]
    helped: bool


class LegResponse(BaseModel):
    """Turn, then walk so far."""

    turn: Literal["straight", "left", "right", "back"]
    metres: float


class WayResponse(BaseModel):
    """A way from this screen over the plan."""

    points_m: Sequence[Point]
    goal_m: Point
    metres: float
    legs: Sequence[LegResponse]
    side: Literal["ahead", "left", "right"]


class CardResponse(BaseModel):
    """What was found, before it is said."""

    intent: str
    outcome: str
    facts: Sequence[Mapping[str, object]]
    ways: Mapping[str, WayResponse]
    """By SKU or by the name of a service."""


class AskResponse(CardResponse):
    """An answer. `verified` says that every claim in it was proved from `facts`."""

    answer: str
    verified: bool
    wording: Literal["template", "model"]
    timings_ms: Mapping[str, float]
    turn: str | None
    """Names the answer for a thumb; None without a session."""


class ColleagueResponse(BaseModel):
    """A ticket that staff see."""

    ticket: str
    answer: str


class TicketResponse(BaseModel):
    """A call that is not closed yet."""

    ticket: str
    is_taken: bool


class BayBox(BaseModel):
    """One bay on the plan."""

    bay: str
    box_m: Box


class ShelfBox(BaseModel):
    """A run of bays on the plan."""

    aisle: str
    front: Literal["north", "east", "south", "west"]
    box_m: Box
    bays: Sequence[BayBox]


class MarkResponse(BaseModel):
    """Entrance, till, desk."""

    kind: str
    at_m: Point


class ScreenPlace(BaseModel):
    """Where this screen stands and looks to."""

    at_m: Point
    faces: Literal["north", "east", "south", "west"]


class PlanResponse(BaseModel):
    """The floor plan to draw."""

    width_m: float
    depth_m: float
    shelves: Sequence[ShelfBox]
    blocked: Sequence[Box]
    marks: Sequence[MarkResponse]
    kiosk: ScreenPlace | None


class Tile(BaseModel):
    """A product on a tile; amounts are decimal numbers."""

    sku: str
    title: str
    name: str
    brand: str
    size: str
    department: str
    amount: str
    normal: str | None
    currency: str
    offer_text: str
    aisle: str
    bay: str


class DayHours(BaseModel):
    """One day of the coming week, from today on."""

    day: date
    ranges: Sequence[tuple[str, str]]
    special: str | None


class ShopResponse(BaseModel):
    """What the screen shows without a question."""

    name: str
    local_time: str
    is_open: bool
    closes: str | None
    next_day: date | None
    next_opens: str | None
    departments: Sequence[str]
    offers: Sequence[Tile]
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


_PATTERNS = {
    "session": "8 to 64 letters, digits or dashes",
    "language": "two small letters, such as en",
    "kiosk": "a name of letters, digits, dots and dashes",
    "turn": "the turn of an answer",
}


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
            return f"The field {field} must be {_PATTERNS.get(field, 'of another form')}."
        case "bool_type":
            return f"The field {field} must be true or false."
    return f"The field {field} does not fit; the page of this screen sends it right."
