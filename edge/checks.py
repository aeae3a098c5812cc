"""One answer of the doctor: pass or fail, what was found, and the cure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One answer. ``cure`` is empty when it passed."""

    name: str
    passed: bool
    found: str
    cure: str = ""


def judge(name: str, passed: bool, found: str, cure: str) -> Check:
    """An answer whose cure is only told where it is needed."""
    return Check(name, passed=passed, found=found, cure="" if passed else cure)
