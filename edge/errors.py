"""Errors of `edge`; a leaf exists where the caller acts differently."""


class EdgeError(Exception):
    """Base of everything that `edge` raises."""


class ConfigError(EdgeError):
    """A settings file is wrong: tell the operator which field, and what would be right."""


class KeyFileError(ConfigError):
    """A key's file cannot be read, made, or kept secret: tell the operator which file and the cure."""


class StoreError(EdgeError):
    """Base of what the store raises."""


class StoreFullError(StoreError):
    """No room left on the disk for facts: the producer waits or gives up, nothing was written."""


class StoreBusyError(StoreError):
    """Another process holds this store: the second one exits and says so."""


class StoreClosedError(StoreError):
    """The store was asked for work after it closed; nothing was written."""


class StoreUnavailableError(StoreError):
    """The store cannot do this now (writer behind, page unreadable, salvage under way): retry later."""


class VaultError(EdgeError):
    """The vault cannot or may not do what was asked: the person is told why."""


class CommandError(EdgeError):
    """A command cannot be carried out; its text is one name, because it is told to head office."""


class CommandFaultError(CommandError):
    """The work of a command has a fault of ours, which is the cause: worth a trace in the log."""
