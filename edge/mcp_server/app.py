"""The MCP server's web application: the protocol over streamable HTTP at `/mcp`, behind the key and the rate.

Stateless: every request stands for itself, so that nothing of a program stays here and a restart is not noticed.
A request that a browser sends for a page (it has an Origin), or under a name that is not this box's, is refused.
"""

from typing import Any

from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp

from edge.clock import Clock
from edge.keys import KeyHash
from edge.mcp_server.config import McpSettings
from edge.mcp_server.counts import Counter
from edge.mcp_server.door import MAX_BODY_BYTES, Doorman
from edge.mcp_server.server import create_server
from edge.mcp_server.toolbox import Toolbox
from edge.rate_limit import RateLimiter

PATH = "/mcp"
_OWN_NAMES = ("127.0.0.1", "localhost", "[::1]")


def create_surface(toolbox: Toolbox, settings: McpSettings, *, key: KeyHash, counter: Counter, clock: Clock) -> ASGIApp:
    """Build the application; it answers while its lifespan runs."""
    server: Any = create_server(toolbox.all(), counter)
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=MAX_BODY_BYTES,
        transport_security=TransportSecuritySettings(allowed_hosts=_hosts(settings), allowed_origins=[]),
    )
    limiter = RateLimiter(clock, per_minute=settings.rate_per_minute)
    return Doorman(app, key=key, limiter=limiter, counter=counter)


def _hosts(settings: McpSettings) -> list[str]:
    own = [*_OWN_NAMES, f"[{settings.host}]" if ":" in settings.host else settings.host]
    return [*(f"{name}:*" for name in dict.fromkeys(own)), *settings.host_names]
