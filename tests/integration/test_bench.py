"""Each area's quick bench ends with one object that a program can compare.

The areas run in two rows beside each other: what they measure then is worth nothing, and nothing of it is asked here.
The area day is in `bench_day`, on a day that is lived once for all that is asked of it.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BACKROOM = Path(sys.executable).parent / "backroom"
FIELDS = {"what", "value", "unit", "goal", "holds", "against"}
ROWS = (("vision", "kiosk", "store"), ("llm", "box", "sync", "onnx"))
LONGEST_S = 900


@pytest.fixture(scope="module")
def reports() -> dict[str, dict[str, Any]]:
    """What each area printed."""
    commands = [[str(BACKROOM), "bench", *areas, "--quick", "--json"] for areas in ROWS]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for command in commands
    ]
    told: dict[str, dict[str, Any]] = {}
    for process in running:
        out, err = process.communicate(timeout=LONGEST_S)
        assert process.returncode == 0, err
        told |= {report["area"]: report for report in map(json.loads, out.splitlines())}
    return told


@pytest.mark.parametrize("area", sorted(area for areas in ROWS for area in areas))
def test_a_quick_bench_prints_one_object_with_a_goal_against_something(
    area: str, reports: dict[str, dict[str, Any]]
) -> None:
    results = reports[area]["results"]
    assert all(set(result) == FIELDS for result in results)
    assert any(result["goal"] is not None and result["against"] for result in results)
