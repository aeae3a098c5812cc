"""Pictures become bytes in one function, and whoever calls it has redacted before: read from the source itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ENCODERS = {"imwrite", "imwritemulti", "imwriteanimation", "imencode", "imencodemulti", "VideoWriter", "imshow"}
PICTURE_LIBRARIES = {"PIL", "imageio", "av", "matplotlib"}

CALLERS = {
    "vision/seats.py": "the console's pictures, by Redactor",
    "edge/cli/shelf_counting.py": "--draw, by edge.shelf_eyes.redacted",
    "edge/camera_stills.py": "stills and references for the console, by Seat.redacted",
    "edge/snapshots.py": "what head office orders, by Seat.redacted; kept in the shop",
    "edge/vault_desk.py": "raw by intent: sealed in memory, before it is written, for whoever holds the vault's key",
    "edge/bench/privacy.py": "rendered people only, in memory only",
}
"""Who may encode a picture, and what redacts it before. A new caller has to say so here."""


def trees() -> Iterator[tuple[str, ast.Module]]:
    for package in ("edge", "vision", "models", "sync"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def names_in(tree: ast.Module) -> set[str]:
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return attributes | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def imported_by(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module.split(".")[0])
    return found


def test_only_the_drawing_module_turns_pixels_into_a_picture_file() -> None:
    found = {path: names_in(tree) & ENCODERS for path, tree in trees()}
    elsewhere = {path: names for path, names in found.items() if names and path != "vision/drawing.py"}
    assert found["vision/drawing.py"] == {"imencode"}
    assert all(path.startswith("edge/bench/") and names == {"imencode"} for path, names in elsewhere.items()), (
        "benches may encode what they have rendered, in memory; nobody else may encode a picture"
    )


def test_no_second_library_that_could_write_pictures_is_imported() -> None:
    assert {path: found for path, tree in trees() if (found := imported_by(tree) & PICTURE_LIBRARIES)} == {}


def test_whoever_encodes_a_picture_is_known_to_redact_it_before() -> None:
    users = {path for path, tree in trees() if "encode_jpeg" in names_in(tree)} - {"vision/drawing.py"}
    assert users == set(CALLERS)
