"""What a program may give each tool; the schemas that clients are shown are made from these."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from edge.assistant.guard import MAX_CHARS

Sku = Annotated[str, Field(pattern=r"^[A-Z]{2}-\d{4,6}$", description="Product number, as find_product gives it.")]

Query = Annotated[
    str, Field(min_length=1, max_length=MAX_CHARS, description="Words for the product, as a shopper says them.")
]


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Nothing(_Asked):
    """No arguments."""


class Search(_Asked):
    """What to look for."""

    query: Query
    limit: Annotated[int, Field(ge=1, le=20, description="Most products to give.")] = 5


class OfProduct(_Asked):
    """Which product."""

    sku: Sku


class Listed(_Asked):
    """How many."""

    limit: Annotated[int, Field(ge=1, le=100, description="Most products to give.")] = 20


class OfDay(_Asked):
    """Which day."""

    day: Annotated[date | None, Field(description="Local date, such as 2026-12-24; today where it is left out.")] = None
