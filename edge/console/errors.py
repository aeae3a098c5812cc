"""Errors of the console; a leaf exists where the caller acts differently."""

from edge.errors import ConfigError, EdgeError


class ConsoleError(EdgeError):
    """Base of what the console raises."""


class PasswordFileError(ConsoleError, ConfigError):
    """The password file cannot be read or does not hold a hash: tell the operator which file and the cure."""


class PasswordRejectedError(ConsoleError):
    """A new password is too short or too long; the text says what would be right."""


class SourceUnavailableError(ConsoleError):
    """What was asked for cannot be told now; the page says "unavailable" and asks again later."""
