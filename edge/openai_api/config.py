"""Settings of the endpoint for other programs: whether there is one, where it listens, what a request may cost.

Owns the section `[openai]`. Refuses unknown keys and values out of bounds. Off unless switched on.
"""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class OpenAiSettings(BaseModel):
    """The section `[openai]` of the shop's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    enabled: bool = False
    """Whether other programs may ask this box's language model and embeddings."""
    host: Annotated[str, Field(min_length=1, max_length=255)] = "127.0.0.1"
    """Address to listen on; without encryption, so from other machines through a TLS proxy only."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8100
    """0 takes any free port."""
    key_file: Path = Path("openai-key")
    """File in the data folder that holds the key; made at the first start. Remove it and start again for a new key."""
    answer_deadline_s: Annotated[float, Field(ge=1.0, le=600.0)] = 120.0
    """Seconds in which an answer must be there, waiting included."""
    max_answer_tokens: Annotated[int, Field(ge=1, le=4096)] = 512
    """Longest answer; a request that wants more ends here, with finish_reason "length"."""
    parallel: Annotated[int, Field(ge=1, le=4)] = 1
    """Requests that the model works on at a time; each makes the shoppers' answers slower, by about a fifth."""
    queue_limit: Annotated[int, Field(ge=0, le=256)] = 16
    """Requests that may wait; further ones get "too many requests"."""
