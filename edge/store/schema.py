"""Tables of the store as named migrations, and the packing of record numbers.

A record number packs epoch, lane and sequence into one integer key, so that the outbox is a single tree, its rows
lie in sending order, and a damaged file can be walked by number.

    bit 62        46 45   44 43                      0
    +---------------+-------+------------------------+
    | epoch (1..)   | lane  | sequence (1..)         |
    +---------------+-------+------------------------+
"""

from typing import Final

from sqlite_utils import Database, Migrations

from sync.records import Lane

LANES: Final = (Lane.P0, Lane.P1, Lane.P2, Lane.P3)
_LANE_SHIFT, _EPOCH_SHIFT = 44, 46

_TABLES: Final = (
    """
    CREATE TABLE facts (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, source TEXT NOT NULL, at_us INTEGER NOT NULL,
        data_class TEXT NOT NULL, lane TEXT NOT NULL, disposition TEXT NOT NULL, record_no INTEGER,
        body TEXT NOT NULL, crc INTEGER NOT NULL)
    """,
    "CREATE INDEX facts_kind ON facts (kind, id)",
    "CREATE INDEX facts_held ON facts (kind, disposition, at_us) WHERE record_no IS NULL",
    """
    CREATE TABLE outbox (
        record_no INTEGER PRIMARY KEY, epoch TEXT NOT NULL, fact_id INTEGER NOT NULL, kind TEXT NOT NULL,
        key TEXT, record TEXT NOT NULL, crc INTEGER NOT NULL)
    """,
    "CREATE INDEX outbox_key ON outbox (key) WHERE key IS NOT NULL",
    "CREATE INDEX outbox_rewritable ON outbox (kind, record_no) WHERE kind IN ('gap', 'egress.denied')",
    """
    CREATE TABLE lanes (
        id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, lane TEXT NOT NULL, drawn_upto INTEGER NOT NULL,
        sent_upto INTEGER NOT NULL, declared_upto INTEGER NOT NULL, acked_upto INTEGER NOT NULL,
        pending INTEGER NOT NULL, crc INTEGER NOT NULL)
    """,
    """
    CREATE TABLE ledger (
        id INTEGER PRIMARY KEY, record_no INTEGER NOT NULL UNIQUE, epoch TEXT NOT NULL, kind TEXT NOT NULL,
        fields TEXT NOT NULL, policy_version TEXT NOT NULL, first_sent_us INTEGER NOT NULL,
        last_sent_us INTEGER NOT NULL, sends INTEGER NOT NULL, bytes INTEGER NOT NULL)
    """,
    """
    CREATE TABLE slots (
        source TEXT NOT NULL, slot TEXT NOT NULL, fact_id INTEGER NOT NULL, PRIMARY KEY (source, slot)) WITHOUT ROWID
    """,
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL)",
)

_AUDIT_TABLES: Final = (
    """
    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL, body TEXT NOT NULL,
        before TEXT NOT NULL, hash TEXT NOT NULL)
    """,
    """
    CREATE TABLE audit_seals (
        last INTEGER PRIMARY KEY, first INTEGER NOT NULL, root TEXT NOT NULL, head TEXT NOT NULL,
        at_us INTEGER NOT NULL, key TEXT NOT NULL, signature TEXT NOT NULL)
    """,
)


def migrations() -> Migrations:
    """The store's migrations in order; a name once shipped is never changed."""
    steps = Migrations("backroom-store")

    @steps(name="0001-facts-outbox-ledger")
    def _first(db: Database) -> None:
        for statement in _TABLES:
            db.execute(statement)

    @steps(name="0002-audit")
    def _audit(db: Database) -> None:
        for statement in _AUDIT_TABLES:
            db.execute(statement)

    @steps(name="0003-audit-by-kind")
    def _audit_by_kind(db: Database) -> None:
        db.execute("CREATE INDEX audit_kind ON audit (kind, seq)")

    return steps


def record_number(epoch_no: int, lane: Lane, seq: int) -> int:
    """Pack one number of a lane."""
    return epoch_no << _EPOCH_SHIFT | LANES.index(lane) << _LANE_SHIFT | seq


def unpacked(record_no: int) -> tuple[int, Lane, int]:
    """Epoch number, lane and sequence of a record number."""
    lane = LANES[record_no >> _LANE_SHIFT & 0b11]
    return record_no >> _EPOCH_SHIFT, lane, record_no & (1 << _LANE_SHIFT) - 1
