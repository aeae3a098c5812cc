"""Each area's quick bench ends with one object that a program can compare."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BACKROOM = Path(sys.executable).parent / "backroom"
FIELDS = {"what", "value", "unit", "goal", "holds", "against"}


@pytest.mark.parametrize("area", ["vision", "onnx", "store", "sync", "llm", "kiosk", "box", "day"])
def test_a_quick_bench_prints_one_object_with_a_goal_against_something(area: str) -> None:
    command = [str(BACKROOM), "bench", area, "--quick", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["area"] == area
    assert all(set(result) == FIELDS for result in report["results"])
    assert any(result["goal"] is not None and result["against"] for result in report["results"])
