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
