"""Settings of the MCP server: whether there is one, where it listens, how often it may be asked.

Owns the section `[mcp]`. Refuses unknown keys and values out of bounds. Off unless switched on.
"""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

HostName = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:\[\]-]{1,255}$")]


class McpSettings(BaseModel):
    """The section `[mcp]` of the shop's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    enabled: bool = False
    """Whether other programs may ask the shop's facts as MCP tools."""
    host: Annotated[str, Field(min_length=1, max_length=255)] = "127.0.0.1"
    """Address to listen on; without encryption, so from other machines through a TLS proxy only."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8101
    """0 takes any free port."""
    key_file: Path = Path("mcp-key")
    """File in the data folder that holds the key; made at the first start. Remove it and start again for a new key."""
    rate_per_minute: Annotated[int, Field(ge=1, le=6000)] = 240
    """Requests of all programs together, on average; a third of it may come at once."""
    host_names: Annotated[tuple[HostName, ...], Field(max_length=8)] = ()
    """Names, with their port, under which a proxy in front is asked; others than this machine's own are refused."""
