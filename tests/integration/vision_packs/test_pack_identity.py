"""Packs told apart by their print: several of one product, variants in another colour, packs cut by the picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from vision.errors import FeedInvalidError, FeedUnavailableError
from vision.identity import find_packs
from vision.packs import PackReference, load_references, make_reference
from vision.pictures import Picture

PACK_PX = (180, 260)


def print_of(seed: int) -> Picture:
    """A pack's front as no other seed draws it: patches, rings and letters."""
    draw = np.random.default_rng(seed)
    front = np.full((PACK_PX[1], PACK_PX[0], 3), draw.integers(60, 200, 3), np.uint8)
    for _ in range(40):
        at = (int(draw.integers(0, PACK_PX[0])), int(draw.integers(0, PACK_PX[1])))
        ink = tuple(int(c) for c in draw.integers(0, 255, 3))
        if draw.random() < 0.5:
            cv2.circle(front, at, int(draw.integers(5, 28)), ink, int(draw.integers(1, 6)))
        else:
            letters = "".join(chr(c) for c in draw.integers(65, 91, 4))
            cv2.putText(front, letters, at, cv2.FONT_HERSHEY_SIMPLEX, float(draw.uniform(0.4, 1.2)), ink, 2)
    return front


def in_another_colour(front: Picture) -> Picture:
    return np.ascontiguousarray(front[..., [2, 0, 1]])


def shelf(*standing: tuple[Picture, tuple[int, int]], size_px: tuple[int, int] = (900, 400)) -> Picture:
    """A grey wall with packs pasted at their upper left corners, smaller, a little turned, dimmed and noisy."""
    scene = np.full((size_px[1], size_px[0], 3), 110, np.uint8)
    for number, (front, (left, top)) in enumerate(standing):
        turned = cv2.getRotationMatrix2D((0, 0), (-2, 1, 2)[number % 3], 0.8)
        turned[:, 2] += (left, top)
        cv2.warpAffine(front, turned, size_px, dst=scene, borderMode=cv2.BORDER_TRANSPARENT, flags=cv2.INTER_AREA)
    noise = np.random.default_rng(9).normal(0, 4, scene.shape)
    return np.clip(scene * 0.85 + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def fronts() -> dict[str, Picture]:
    plain = {"oats": print_of(1), "rice": print_of(2), "tea": print_of(3)}
    return {**plain, "tea-green": in_another_colour(plain["tea"])}


@pytest.fixture(scope="module")
def references(fronts: dict[str, Picture]) -> list[PackReference]:
    made = [make_reference(sku, front) for sku, front in fronts.items()]
    return [reference for reference in made if reference is not None]


def test_every_pack_is_named_from_left_to_right(fronts: dict[str, Picture], references: list[PackReference]) -> None:
    scene = shelf((fronts["rice"], (40, 90)), (fronts["oats"], (260, 90)), (fronts["oats"], (460, 90)))
    found = find_packs(scene, references)
    assert [pack.sku for pack in found] == ["rice", "oats", "oats"]
    assert all(pack.confidence > 0.8 for pack in found)
    assert np.abs(found[0].quad_px[0] - (40, 90)).max() < 6


def test_variants_of_a_brand_are_told_apart_by_colour(
    fronts: dict[str, Picture], references: list[PackReference]
) -> None:
    found = find_packs(shelf((fronts["tea"], (100, 90)), (fronts["tea-green"], (400, 90))), references)
    assert [pack.sku for pack in found] == ["tea", "tea-green"]


def test_a_rival_that_looks_the_same_leaves_half_the_confidence(fronts: dict[str, Picture]) -> None:
    twins = [reference for sku in ("a", "b") if (reference := make_reference(sku, fronts["rice"])) is not None]
    found = find_packs(shelf((fronts["rice"], (100, 90))), twins)
    assert [(pack.sku, pack.rival) for pack in found] == [("a", "b")]
    assert found[0].confidence <= 0.5


def test_a_pack_cut_by_the_picture_is_not_counted(fronts: dict[str, Picture], references: list[PackReference]) -> None:
    scene = shelf((fronts["oats"], (-70, 90)), (fronts["rice"], (300, 90)), (fronts["tea"], (850, 90)))
    assert [pack.sku for pack in find_packs(scene, references)] == ["rice"]
    assert "oats" in [pack.sku for pack in find_packs(scene, references, whole_share=0.4)]


def test_unknown_packs_and_bare_walls_are_nothing(references: list[PackReference]) -> None:
    assert find_packs(shelf((print_of(11), (100, 90)), (print_of(12), (400, 90))), references) == []
    assert find_packs(np.full((300, 400, 3), 90, np.uint8), references) == []


def test_references_are_read_from_files_and_from_folders_of_a_product(
    fronts: dict[str, Picture], tmp_path: Path
) -> None:
    (tmp_path / "rice").mkdir()
    cv2.imwrite(str(tmp_path / "oats.png"), fronts["oats"])
    cv2.imwrite(str(tmp_path / "rice" / "front.png"), fronts["rice"])
    cv2.imwrite(str(tmp_path / "rice" / "back.png"), fronts["tea"])
    assert [reference.sku for reference in load_references(tmp_path)] == ["oats", "rice", "rice"]


def test_a_folder_that_cannot_serve_says_why(tmp_path: Path) -> None:
    with pytest.raises(FeedUnavailableError, match="no such folder"):
        load_references(tmp_path / "missing")
    with pytest.raises(FeedInvalidError, match="name each pack's picture by its sku"):
        load_references(tmp_path)
    cv2.imwrite(str(tmp_path / "plain.png"), np.full((200, 100, 3), 120, np.uint8))
    with pytest.raises(FeedInvalidError, match="too little print"):
        load_references(tmp_path)
    (tmp_path / "plain.png").write_bytes(b"not a picture")
    with pytest.raises(FeedInvalidError, match="not a picture"):
        load_references(tmp_path)
