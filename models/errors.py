"""Errors of `models`; a leaf exists where the caller acts differently."""


class ModelsError(Exception):
    """Base of everything that `models` raises."""


class ArtefactMissingError(ModelsError):
    """No such artefact, or its package is not installed: tell the operator what to install."""


class ArtefactInvalidError(ModelsError):
    """A weights file is not what its manifest says; it was not opened. Refuse it."""


class SessionInvalidError(ModelsError):
    """Weights and input do not fit together: wrong name, shape or type."""


class LanguageUnavailableError(ModelsError):
    """The language model's process is down, busy or late: use the template now, retry later."""


class LanguageRejectedError(ModelsError):
    """This request can never be answered (its grammar is wrong, it is too long): mend it, do not retry."""


class LanguageTooLongError(LanguageRejectedError):
    """The request does not fit the context: shorten it, or ask for a shorter answer."""


class ArtefactRejectedError(ModelsError):
    """This change to the registry is not allowed as things stand; the sentence says what would be."""


class RegistryUnavailableError(ModelsError):
    """The registry cannot be changed now (disk full or read-only, another process at it): retry later."""


class SourceUnavailableError(ModelsError):
    """The server that has the weights cannot be reached, is too slow or not trusted; what arrived is kept. Retry."""
