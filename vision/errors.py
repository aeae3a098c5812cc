"""Errors of `vision`; a leaf exists where the caller acts differently."""


class VisionError(Exception):
    """Base of everything that `vision` raises."""


class FeedUnavailableError(VisionError):
    """A camera or clip cannot be opened now: report the feed lost and try again later."""


class FeedInvalidError(VisionError):
    """A clip or picture can never be read: wrong type, broken or empty file. Tell the operator."""


class SlotMemoryInvalidError(VisionError):
    """A camera's learnt slots cannot be used as they are on disk; the file is left alone. Tell the operator."""
