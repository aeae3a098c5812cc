"""Errors of the endpoint: each knows its HTTP status and the words that the clients of this interface look for.

A leaf exists where a client acts differently: mend the request, bring a key, wait and retry, do not retry.

    {"error": {"message": "...", "type": "invalid_request_error", "param": "messages[0].content", "code": null}}
"""

from collections.abc import Mapping
from typing import ClassVar

from edge.errors import EdgeError


class ApiError(EdgeError):
    """Base of what a client is told instead of an answer."""

    status: ClassVar[int] = 500
    kind: ClassVar[str] = "server_error"
    code: ClassVar[str | None] = None
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, message: str, *, param: str | None = None) -> None:
        """A plain sentence, and the parameter it is about."""
        super().__init__(message)
        self.param = param

    def body(self) -> dict[str, object]:
        """The error object that clients read."""
        return {"error": {"message": str(self), "type": self.kind, "param": self.param, "code": self.code}}


class RequestInvalidError(ApiError):
    """The request cannot be answered as it is: mend it."""

    status = 400
    kind = "invalid_request_error"


class HostileTextError(RequestInvalidError):
    """A text is aimed at the model; the program can tell it from an answer, and must not send it again."""

    code = "content_filter"


class PromptTooLongError(RequestInvalidError):
    """The messages and the room for an answer are more than the model's context holds."""

    code = "context_length_exceeded"


class KeyMissingError(ApiError):
    """No key, or a wrong one."""

    status = 401
    kind = "invalid_request_error"
    code = "invalid_api_key"
    headers: ClassVar[Mapping[str, str]] = {"www-authenticate": "Bearer"}


class NothingHereError(ApiError):
    """No such address."""

    status = 404
    kind = "invalid_request_error"
    code = "unknown_url"


class ModelUnknownError(ApiError):
    """No such model, or it is for something else."""

    status = 404
    kind = "invalid_request_error"
    code = "model_not_found"


class MethodWrongError(ApiError):
    """The address takes another method."""

    status = 405
    kind = "invalid_request_error"


class BodyLateError(ApiError):
    """The request took too long to arrive."""

    status = 408
    kind = "invalid_request_error"
    headers: ClassVar[Mapping[str, str]] = {"connection": "close"}


class BodyTooLargeError(ApiError):
    """The request is longer than anything that could be answered."""

    status = 413
    kind = "invalid_request_error"
    headers: ClassVar[Mapping[str, str]] = {"connection": "close"}


class TooBusyError(ApiError):
    """All places are taken: wait and retry."""

    status = 429
    kind = "rate_limit_error"
    code = "rate_limit_exceeded"
    headers: ClassVar[Mapping[str, str]] = {"retry-after": "2"}


class ModelDownError(ApiError):
    """The weights' process is starting again, or is switched off: retry later."""

    status = 503
    code = "model_unavailable"
    headers: ClassVar[Mapping[str, str]] = {"retry-after": "5"}


class AnswerLateError(ApiError):
    """The deadline passed. The same request again would be as late, so clients are told not to repeat it."""

    status = 504
    code = "timeout"
    headers: ClassVar[Mapping[str, str]] = {"x-should-retry": "false"}
