"""Errors of the MCP server: each is a sentence for the program that called."""

from edge.errors import EdgeError


class ToolRefusedError(EdgeError):
    """The call cannot be answered as it is; the text says what would be right."""


class ProductUnknownError(ToolRefusedError):
    """No product has this number."""


class DayFarError(ToolRefusedError):
    """The shop's hours of that day are not known for certain."""


class HostileTextError(ToolRefusedError):
    """A text is aimed at the machine."""


class NodeSilentError(EdgeError):
    """The running node does not answer, or there is none."""
