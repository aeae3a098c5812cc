"""The writer's side of the audit chain: numbers its rows, links them, seals them.

Used by the writer's thread inside its transactions, like `edge.store.book`, which owns one. Rows are never changed
and never deleted: retention does not know this table. A store without a seal chains its rows and seals none.
"""

from typing import Final

from sqlite_utils import Database

from edge.audit import ROWS_A_CHECKPOINT, AuditNote, AuditRow, Checkpoint, Seal, Tip, next_row, sealed

ROW_COLUMNS: Final = "seq, at_us, kind, actor, body, before, hash"
SEAL_COLUMNS: Final = "first, last, root, head, at_us, key, signature"
LOST_UPTO: Final = "audit_lost_upto"
_TO_MILLISECONDS: Final = 1000
"""A seal's time is whole milliseconds: what a time may lose on its way must not break its signature."""


class AuditLog:
    """The chain as the writer continues it."""

    def __init__(self, db: Database, seal: Seal | None) -> None:
        self._db = db
        self._seal = seal
        self._rows: list[AuditRow] = []
        self._load()

    def _load(self) -> None:
        row = self._db.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        self.tip = Tip(*row) if row else Tip()
        """The chain's end, uncommitted rows included."""
        lost = self._db.execute("SELECT value FROM counters WHERE name = ?", (LOST_UPTO,)).fetchone()
        self._next = max(self.tip.seq, lost[0] if lost else 0) + 1
        last = self._db.execute("SELECT max(last) FROM audit_seals").fetchone()[0] or 0
        found = self._db.execute("SELECT seq, hash FROM audit WHERE seq > ? ORDER BY seq", (last,)).fetchall()
        self._unsealed = dict(found)

    @property
    def unsealed(self) -> int:
        """Rows that no checkpoint covers yet."""
        return len(self._unsealed)

    @property
    def is_seal_due(self) -> bool:
        """Whether there are as many as a checkpoint takes."""
        return self._seal is not None and self.unsealed >= ROWS_A_CHECKPOINT

    def add(self, note: AuditNote, at_us: int) -> int:
        """Chain one row; returns its number."""
        row = next_row(self._next, self.tip.hash, note, at_us)
        self._rows.append(row)
        self._unsealed[row.seq] = row.hash
        self.tip, self._next = Tip(row.seq, row.hash), row.seq + 1
        return row.seq

    def seal(self, now_us: int) -> Checkpoint | None:
        """Seal what is unsealed, up to the first number that a salvage lost; None when there is nothing to seal."""
        if self._seal is None or not self._unsealed:
            return None
        first = seq = next(iter(self._unsealed))
        while seq + 1 in self._unsealed:
            seq += 1
        hashes = [self._unsealed.pop(number) for number in range(first, seq + 1)]
        made = sealed(self._seal, first, hashes, now_us // _TO_MILLISECONDS * _TO_MILLISECONDS)
        self.flush()
        values = (made.first, made.last, made.root, made.head, made.at_us, made.key, made.signature)
        self._db.conn.execute(f"INSERT INTO audit_seals ({SEAL_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608
        return made

    def flush(self) -> None:
        """Write the rows added so far, inside the caller's transaction."""
        rows, self._rows = self._rows, []
        if rows:
            values = [(r.seq, r.at_us, r.kind, r.actor, r.body, r.before, r.hash) for r in rows]
            self._db.conn.executemany(f"INSERT INTO audit ({ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608
