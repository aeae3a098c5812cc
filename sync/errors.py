"""Errors of `sync`; a leaf exists where the caller acts differently."""


class SyncError(Exception):
    """Base of everything that `sync` raises."""


class AckRejectedError(SyncError):
    """An acknowledgement claims more than was ever sent: delete nothing, record a security event."""

    def __init__(self, epoch: str, lane: str, upto: int, sent_upto: int) -> None:
        super().__init__(f"ack for {epoch}:{lane} claims {upto}, only {sent_upto} were sent")
        self.epoch = epoch
        self.lane = lane
        self.upto = upto
        self.sent_upto = sent_upto


class MessageInvalidError(SyncError):
    """A topic, envelope, acknowledgement or presence is not what the contract says: refuse it, keep what it holds."""


class LinkUnavailableError(SyncError):
    """The broker cannot be reached, refused us or went silent: back off and try again."""


class LinkStalledError(LinkUnavailableError):
    """The broker is there, but the receiver acknowledged nothing for too long: connect anew and send again."""


class LinkSettingsError(SyncError):
    """A certificate, key or password file cannot be used: tell the operator which."""


class OutboxUnavailableError(SyncError):
    """The outbox cannot be read or written now: close the connection, say so, try again later."""


class BrokerUnavailableError(SyncError):
    """The embedded broker cannot start: tell the operator why and what would help."""


class SinkStoreError(SyncError):
    """The receiver's database cannot be used: tell the operator; nothing was acknowledged."""


class SinkBusyError(SinkStoreError):
    """Another receiver holds the database: one that stands by waits for its turn."""
