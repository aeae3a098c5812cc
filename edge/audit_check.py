"""Whether an audit chain is what was written: its rows, the seals over them, and what others remember of it.

Pure. What is found depends on what there is to compare with:

| anchor                                   | what it finds                                                          |
|------------------------------------------|------------------------------------------------------------------------|
| the chain alone                          | a row edited, deleted or moved, unless all later hashes are made anew    |
| the node's own seals (signed)            | that as well, for sealed rows, as long as the node's key is not known    |
| the tip noted beside the store           | rows after the last seal made anew, a cut tail, an older store put back  |
| seals that head office received          | all of it up to the last of them, whoever has the whole box and its key  |

Not found: what whoever has the whole box and the tip does to rows after the last seal that head office has, which
are at most an hour old, or a thousand, while the link is up.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from edge.audit import START, AuditRow, Checkpoint, Tip, checkpoint_bytes, merkle_root, row_hash

IsSigned = Callable[[str, str, bytes], bool]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, as a sentence; ``seq`` is the first row that it concerns."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """What the rows are compared with."""

    own: Sequence[Checkpoint] = ()
    """Seals as the store holds them."""
    received: Sequence[Checkpoint] = ()
    """Seals as head office received them."""
    tip: Tip | None = None
    key: str | None = None
    """Public key that every seal has to be of; None: all of one key, whichever."""


def check(rows: Iterable[AuditRow], anchors: Anchors, is_signed: IsSigned) -> list[Finding]:
    """All that is wrong, by row. ``rows`` come in the order of their numbers. Empty: nothing was found."""
    findings: list[Finding] = []
    hashes: dict[int, str] = {}
    last, before = 0, START
    for row in rows:
        findings += _check_row(row, last, before)
        hashes[row.seq] = row.hash
        last, before = row.seq, row.hash
    findings += _check_tip(hashes, last, anchors.tip)
    findings += _check_order(anchors.own, "the store's own seals")
    key = anchors.key or next((seal.key for seal in (*anchors.received, *anchors.own)), None)
    for whose, seals in (("sealed here", anchors.own), ("head office has", anchors.received)):
        for seal in seals:
            findings += _check_seal(seal, hashes, whose, key, is_signed)
    return sorted(findings, key=lambda finding: finding.seq)


def check_head(
    rows: Sequence[AuditRow], tip: Tip | None, seal: Checkpoint | None, key: str | None, is_signed: IsSigned
) -> list[Finding]:
    """All that is wrong with the newest rows, in order, with the newest seal, and with where the chain ends."""
    findings: list[Finding] = []
    last, before = (rows[0].seq - 1, rows[0].before) if rows else (0, START)
    for row in rows:
        findings += _check_row(row, last, before)
        last, before = row.seq, row.hash
    hashes = {row.seq: row.hash for row in rows}
    findings += _check_tip(hashes, last, tip)
    if seal is not None:
        message = checkpoint_bytes(seal.first, seal.last, root=seal.root, head=seal.head, at_us=seal.at_us)
        if seal.key != key or not is_signed(seal.key, seal.signature, message):
            findings.append(Finding(seal.first, f"the seal over rows up to {seal.last} is not of this node's key"))
        elif hashes.get(seal.last, seal.head) != seal.head:
            findings.append(Finding(seal.last, f"row {seal.last} is not the one that was sealed"))
    return findings


def _check_row(row: AuditRow, last: int, before: str) -> list[Finding]:
    if row.seq <= last:
        return [Finding(row.seq, f"row {row.seq} comes after row {last}")]
    found = []
    if row.seq > last + 1:
        found.append(Finding(last + 1, f"rows {last + 1} to {row.seq - 1} are missing"))
    elif row.before != before:
        found.append(Finding(row.seq, f"row {row.seq} does not follow the row before it"))
    true = row_hash(row.seq, row.before, at_us=row.at_us, kind=row.kind, actor=row.actor, body=row.body)
    if row.hash != true:
        found.append(Finding(row.seq, f"row {row.seq} was changed"))
    return found


def _check_tip(hashes: dict[int, str], last: int, tip: Tip | None) -> list[Finding]:
    if tip is None or tip.seq == 0:
        return []
    if tip.seq > last:
        return [Finding(last + 1, f"the chain ends at row {last}, the node had written {tip.seq}")]
    if tip.seq in hashes and hashes[tip.seq] != tip.hash:
        return [Finding(tip.seq, f"row {tip.seq} is not the one that the node noted as its last")]
    return []


def _check_order(seals: Sequence[Checkpoint], whose: str) -> list[Finding]:
    found, last = [], 0
    for seal in seals:
        if seal.first != last + 1:
            found.append(Finding(last + 1, f"{whose} leave out rows {last + 1} to {seal.first - 1}"))
        last = seal.last
    return found


def _check_seal(
    seal: Checkpoint, hashes: dict[int, str], whose: str, key: str | None, is_signed: IsSigned
) -> list[Finding]:
    name = f"rows {seal.first} to {seal.last}"
    message = checkpoint_bytes(seal.first, seal.last, root=seal.root, head=seal.head, at_us=seal.at_us)
    if seal.key != key:
        return [Finding(seal.first, f"{name}: the seal ({whose}) is of another key")]
    if not is_signed(seal.key, seal.signature, message):
        return [Finding(seal.first, f"{name}: the seal ({whose}) is not signed by its key")]
    wanted = [hashes[seq] for seq in range(seal.first, seal.last + 1) if seq in hashes]
    if len(wanted) != seal.last - seal.first + 1:
        return [Finding(seal.first, f"{name} were sealed ({whose}) and are not all there")]
    if wanted[-1] != seal.head or merkle_root(wanted) != seal.root:
        return [Finding(seal.first, f"{name} are not those that were sealed ({whose})")]
    return []
