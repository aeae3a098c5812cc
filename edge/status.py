"""The running node's own account of itself, in a file that any other process may read.

Written aside and renamed, so that a reader never sees half of it. Holds no personal data and no secrets. Not
fsynced: after a power cut nobody needs the status of a node that is gone.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

STALE_AFTER_S = 20.0


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """What the file said, and whether it can still be believed."""

    running: bool
    age_s: float | None
    body: Mapping[str, Any]


def write_status(path: Path, body: Mapping[str, Any]) -> None:
    """Replace the status file.

    Raises:
        OSError: the disk refuses it.
    """
    aside = path.with_suffix(".new")
    aside.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    aside.replace(path)


def read_status(path: Path, now: datetime) -> NodeStatus:
    """Status of the node that writes ``path``; missing, broken, stale or of a dead process is "not running"."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        written_at = datetime.fromisoformat(body["written_at"])
        pid = int(body["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return NodeStatus(running=False, age_s=None, body={})
    age_s = (now - written_at).total_seconds()
    return NodeStatus(running=age_s <= STALE_AFTER_S and _is_alive(pid), age_s=age_s, body=body)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
