"""Opening the store's file: check it, and when it is damaged put it aside, salvage it and begin a new epoch.

    file  --quick_check ok, numbers as the watch says--------------------------------------->  open
          --damaged, or knows less than its watch-->  salvaged into a new file aside
                --old renamed to .damaged-TIME, new renamed into its place-->  open, new epoch

The damaged file is never deleted. A start that dies between the two renames is finished by the next one. The first
page of a sound file is kept beside it: with its own first page broken, SQLite can read nothing of a file.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlite_utils import Database

from edge.clock import Clock
from edge.errors import StoreError, StoreFullError
from edge.store.book import Book
from edge.store.config import StoreSettings
from edge.store.connection import means_damage, means_no_room, open_reader, open_writer, quick_check
from edge.store.late_check import AT_START_BYTES, UNDER_WAY
from edge.store.numbers import Numbering, NumberWatch, audit_tip
from edge.store.rows import Draft
from edge.store.salvage import Salvage, Salvaged, Scope
from edge.store.schema import LANES, migrations
from edge.store.space import Ballast

_PAGE_BYTES = 4096
_HEADER_BYTES = 100
_FEWEST_LOG_PAGES, _MOST_LOG_PAGES = 50, 1000


@dataclass(frozen=True, slots=True)
class NewEpoch:
    """What there is to tell when a numbering begins."""

    epoch: str
    previous_epoch: str | None
    facts_salvaged: int
    records_lost_upto: int | None
    salvaged: bool


class Opener:
    """Opens the store's file, whatever state it is in. Used by one thread at a time."""

    def __init__(
        self,
        settings: StoreSettings,
        *,
        clock: Clock,
        make_epoch: Callable[[], str],
        make_book: Callable[[Database], Book],
        tell_epoch: Callable[[NewEpoch], Draft],
        ballast: Ballast,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._make_epoch = make_epoch
        self._make_book = make_book
        self._tell_epoch = tell_epoch
        self._ballast = ballast
        self._fresh = settings.beside("salvaging")
        self._head = settings.beside("head")
        self._log = structlog.get_logger("edge.store")

    def open(self, watch: NumberWatch, *, is_hurried: bool = False) -> tuple[Book, str]:
        """Open the store and say what the check of the file found.

        ``is_hurried``: a large file is opened unchecked; the finding then is that it is to be checked.

        Raises:
            StoreFullError: the disk has no room to open it.
            StoreError: the file may not be opened (rights, a folder in its place).
        """
        path = self._settings.path
        self._finish_interrupted_salvage()
        is_new = not path.exists()
        is_late = is_hurried and not is_new and path.stat().st_size > AT_START_BYTES
        db, finding = self._checked(watch, is_unread=is_new or is_late)
        if db is None:
            self._log.error("store.damaged", path=str(path), finding=finding)
            self._salvage(watch)
            db, second = self._checked(watch, is_unread=False)
            if db is None:
                raise StoreError(f"the store {path} is damaged again right after its salvage: {second}")
        elif _is_unbegun(db):
            # New, or the power was cut while it was made.
            numbering = Numbering.load(db)
            epoch = numbering.epoch if numbering.epoch_no else self._make_epoch()
            self._begin(db, NewEpoch(epoch, None, 0, None, salvaged=False))
        self._keep_head(db)
        book = self._make_book(db)
        watch.note(book.numbers)
        return book, UNDER_WAY if is_late and finding == "ok" else finding

    def _checked(self, watch: NumberWatch, *, is_unread: bool) -> tuple[Database | None, str]:
        """The open database, or None and what is wrong with it."""
        db = None
        try:
            db = self._opened()
            finding = "ok" if is_unread else quick_check(db.conn)
            if finding == "ok":
                migrations().apply(db)
                finding = self._compared(db, watch)
        except sqlite3.DatabaseError as error:
            if db is not None:
                db.conn.close()
            if means_no_room(error):
                raise StoreFullError(f"the store {self._settings.path} cannot be opened: {error}") from error
            if not means_damage(error) and error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
                raise StoreError(f"the store {self._settings.path} cannot be opened: {error}") from error
            return None, f"{error.sqlite_errorname}: {error}"
        if finding != "ok":
            db.conn.close()
            return None, finding
        return db, finding

    def _opened(self) -> Database:
        try:
            return self._writer()
        except sqlite3.Error as error:
            if means_damage(error):
                raise
            if means_no_room(error) and self._ballast.release():
                return self._writer()
            wrong = StoreFullError if means_no_room(error) else StoreError
            raise wrong(f"the store {self._settings.path} cannot be opened: {error}") from error

    def _writer(self) -> Database:
        """What lies in the log must fit into the released ballast, or a full disk could not be tidied up."""
        pages = self._settings.ballast_bytes // (2 * _PAGE_BYTES) if self._settings.ballast_bytes else _MOST_LOG_PAGES
        log_pages = min(_MOST_LOG_PAGES, max(_FEWEST_LOG_PAGES, pages))
        return open_writer(self._settings.path, log_pages=log_pages)

    def _compared(self, db: Database, watch: NumberWatch) -> str:
        numbering, note = Numbering.load(db), watch.read()
        if note is None and _is_unbegun(db):
            return "ok"
        if numbering.epoch_no == 0:
            return "no epoch in the file"
        if note is None or note["epoch_no"] < numbering.epoch_no:
            return "ok"
        behind = [lane for lane in LANES if numbering.current(lane).drawn_upto < note["drawn"].get(lane.value, 0)]
        if note["epoch_no"] == numbering.epoch_no and not behind and numbering.audit.seq >= audit_tip(note).seq:
            return "ok"
        return "the file knows fewer records than were stored: commits are lost or an old copy was put back"

    def _begin(self, db: Database, new: NewEpoch, salvaged: Salvaged | None = None) -> None:
        with db.atomic():
            numbering = Numbering.load(db)
            if numbering.epoch_no == 0 or numbering.epoch != new.epoch:
                numbering.begin_epoch(new.epoch)
            numbering.save(db)
        book = self._make_book(db)
        with book.transaction():
            book.append([self._tell_epoch(new)])
            for lost in salvaged.lost if salvaged else ():
                book.declare(lost.lane, lost.first, lost.last, "salvage")

    def _salvage(self, watch: NumberWatch) -> None:
        for scope in Scope:
            _remove(self._fresh)
            try:
                salvaged = self._salvaged(watch, scope)
            except sqlite3.Error as error:
                if not means_no_room(error) or scope is Scope.NUMBERS:
                    raise StoreError(f"no new store could be made beside the damaged one: {error}") from error
                self._ballast.release()
                continue
            lost = sum(piece.last - piece.first + 1 for piece in salvaged.lost)
            quarantine = self._swap()
            self._log.error(
                "store.salvaged", facts=salvaged.facts, records_lost=lost, scope=scope, quarantine=str(quarantine)
            )
            return

    def _salvaged(self, watch: NumberWatch, scope: Scope) -> Salvaged:
        target = open_writer(self._fresh)
        try:
            migrations().apply(target)
            with self._readable_damaged() as source:
                salvaged = Salvage(source, target, watch.read(), scope).run()
            lost_upto = max((lost.last for lost in salvaged.lost), default=None)
            new = NewEpoch(self._make_epoch(), salvaged.previous_epoch, salvaged.facts, lost_upto, salvaged=True)
            self._begin(target, new, salvaged)
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            target.conn.close()
        return salvaged

    @contextmanager
    def _readable_damaged(self) -> Iterator[sqlite3.Connection | None]:
        """A connection to the damaged file; with its first page put back from the kept one when that is broken."""
        patched = self._settings.beside("patched")
        connection = self._connected(self._settings.path)
        try:
            if connection is None and self._head.exists():
                self._patch(patched)
                connection = self._connected(patched)
            yield connection
        finally:
            if connection is not None:
                connection.close()
            _remove(patched)

    def _connected(self, path: Path) -> sqlite3.Connection | None:
        connection = None
        try:
            connection = open_reader(path)
            connection.execute("SELECT count(*) FROM lanes WHERE id < 0").fetchone()
        except sqlite3.Error:
            if connection is not None:
                connection.close()
            return None
        return connection

    def _patch(self, patched: Path) -> None:
        shutil.copyfile(self._settings.path, patched)
        wal = _with_suffix(self._settings.path, "-wal")
        if wal.exists():
            shutil.copyfile(wal, _with_suffix(patched, "-wal"))
        with patched.open("r+b") as file:
            pages = file.seek(0, os.SEEK_END) // _PAGE_BYTES
            head = bytearray(self._head.read_bytes())
            # Size of the database in pages, then the first free page and their number: SQLite file format, 1.3.
            head[28:32] = pages.to_bytes(4, "big")
            head[32:40] = bytes(8)
            file.seek(0)
            file.write(head)

    def _keep_head(self, db: Database) -> None:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        with self._settings.path.open("rb") as file:
            head = file.read(_PAGE_BYTES)
        if self._head.exists() and self._head.read_bytes()[_HEADER_BYTES:] == head[_HEADER_BYTES:]:
            return
        aside = self._settings.beside("head-new")
        try:
            with aside.open("wb") as file:
                file.write(head)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self._head)
        except OSError:
            # Without a kept page a broken first page costs the rows; a full disk must not stop the start for it.
            aside.unlink(missing_ok=True)

    def _swap(self) -> Path:
        path = self._settings.path
        stamp = self._clock.now().strftime("%Y%m%dT%H%M%SZ")
        quarantine = self._settings.beside(f"damaged-{stamp}")
        number = 1
        while quarantine.exists():
            number += 1
            quarantine = self._settings.beside(f"damaged-{stamp}-{number}")
        _with_suffix(path, "-shm").unlink(missing_ok=True)
        wal = _with_suffix(path, "-wal")
        if wal.exists():
            wal.rename(_with_suffix(quarantine, "-wal"))
        path.rename(quarantine)
        self._fresh.rename(path)
        _sync_folder(path.parent)
        return quarantine

    def _finish_interrupted_salvage(self) -> None:
        if not self._fresh.exists():
            return
        if self._settings.path.exists():
            _remove(self._fresh)
            return
        self._fresh.rename(self._settings.path)
        _sync_folder(self._settings.path.parent)


def _is_unbegun(db: Database) -> bool:
    """Whether no fact was ever stored, not even the one that tells the first epoch."""
    drawn = db.execute("SELECT max(drawn_upto) FROM lanes").fetchone()[0]
    return not drawn and db.execute("SELECT 1 FROM facts LIMIT 1").fetchone() is None


def _with_suffix(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        _with_suffix(path, suffix).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
