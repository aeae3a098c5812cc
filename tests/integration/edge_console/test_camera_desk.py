"""The desk over cameras that really run: drawn clips, real networks, real files and a real store."""

import hashlib
import json
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.camera_stills import KeptStill, hidden_slots
from edge.clock import SystemClock
from edge.console.desk import DeskRefusedError, PlanOutdatedError, PlanRejectedError, Still
from edge.console.errors import SourceUnavailableError
from edge.errors import ConfigError, StoreUnavailableError
from edge.facts import FootfallCountFact, QueueLengthFact, ShelfComplianceFact, ShelfCountFact, ShelfMisplacedFact
from edge.places import DEFAULT_ARTEFACTS, Places
from edge.planogram import Planogram
from tests.integration.edge_console.desk_shop import Image, Running, make_shop, run_shop
from vision.config import CameraSettings
from vision.frames import Frame
from vision.stills import RawStill
from vision.tracker import Track

_GOLDEN_PERSON = DEFAULT_ARTEFACTS.parent / "golden" / "persons"
_QUADS = {
    "milk": [[0.02, 0.08], [0.31, 0.085], [0.31, 0.41], [0.02, 0.415]],
    "oat": [[0.34, 0.52], [0.63, 0.525], [0.63, 0.85], [0.34, 0.855]],
}


_DOOR = {"id": "door", "start_norm": [0.1, 0.5], "end_norm": [0.9, 0.5]}


def _slot(name: str, sku: str = "BR-0050", facings: int = 6) -> dict[str, Any]:
    return {"id": name, "sku": sku, "polygon_norm": _QUADS[name], "facings": facings, "low_at": 1}


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the shop on a picture; its camera's file has ``more`` at its end."""
    with ExitStack() as stack:

        def run(picture: Image | None = None, more: str = "") -> Running:
            return run_shop(stack, make_shop(tmp_path / "shop", picture, more), Places(tmp_path / "data"))

        yield run


def _still(running: Running) -> str:
    """The id of a still, as soon as the camera has given a picture."""
    deadline = threading.Event()
    for _ in range(200):
        try:
            return running.desk.take_still("cam").still_id
        except SourceUnavailableError:
            deadline.wait(0.05)
    raise AssertionError("no picture")


def _pictures_under(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.suffix in (".jpg", ".png"))


def test_a_drawing_is_counted_without_a_restart_and_is_in_the_file(start: Start) -> None:
    shop = start()
    former = shop.file.read_text()

    saved = shop.save(slots=[_slot("milk")], zones=[], lines=[], masks=[])

    assert saved.notes == ()
    assert shop.wait_for_count("milk").units == 6
    assert [slot.slot_id for slot in shop.vision.view("cam").slots] == ["milk"]
    text = shop.file.read_text()
    assert text.startswith("# Written by hand on a ladder.\n")
    assert tomllib.loads(text)["slots"][0]["id"] == "milk"
    assert shop.file.with_name("cam.toml.bak").read_text() == former
    assert shop.desk.plan("cam").version == saved.version


def test_a_wrong_drawing_changes_neither_the_file_nor_the_camera(start: Start) -> None:
    shop = start()
    former = shop.file.read_text()

    with pytest.raises(PlanRejectedError) as caught:
        shop.save(
            slots=[_slot("milk", sku="BR-9999"), {**_slot("oat"), "polygon_norm": [[0, 0], [0.1, 0.1], [0.2, 0.2]]}]
        )

    told = {(fault.index, fault.field): fault.sentence for fault in caught.value.faults}
    assert told[0, "sku"] == "the catalogue has no BR-9999; choose a product from the list"
    assert (1, "polygon_norm") in told
    assert (shop.file.read_text(), shop.vision.view("cam").slots) == (former, ())


def test_edges_that_cross_are_refused(start: Start) -> None:
    shop = start()
    crossed = [[0.1, 0.1], [0.3, 0.1], [0.1, 0.4], [0.35, 0.4]]

    with pytest.raises(PlanRejectedError, match="cross"):
        shop.save(slots=[{**_slot("milk"), "polygon_norm": crossed}])


def test_a_slot_drawn_over_another_is_refused_with_both_names(start: Start) -> None:
    shop = start()
    former = shop.file.read_text()

    with pytest.raises(PlanRejectedError) as caught:
        shop.save(slots=[_slot("milk"), {**_slot("milk"), "id": "butter"}])

    assert [fault.sentence for fault in caught.value.faults if "milk and butter" in fault.sentence]
    assert shop.file.read_text() == former


def test_only_a_slot_of_loose_goods_says_so_in_the_file_and_a_bad_name_is_told_in_words(start: Start) -> None:
    shop = start()

    shop.save(slots=[{**_slot("milk"), "separable": True}, {**_slot("oat"), "separable": False}])

    assert [slot.get("separable") for slot in tomllib.loads(shop.file.read_text())["slots"]] == [None, False]
    with pytest.raises(PlanRejectedError) as caught:
        shop.save(slots=[{**_slot("milk"), "id": "milk shelf!"}])
    assert [fault.sentence for fault in caught.value.faults] == [
        "give 1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
    ]


def test_a_file_edited_by_hand_meanwhile_is_not_written_over(start: Start) -> None:
    shop = start()
    version = shop.desk.plan("cam").version
    shop.file.write_text(
        shop.file.read_text() + '[[lines]]\nid = "door"\nstart_norm = [0.1, 0.5]\nend_norm = [0.9, 0.5]\n'
    )

    with pytest.raises(PlanOutdatedError):
        shop.desk.save_plan("cam", {"slots": [_slot("milk")]}, version=version)

    assert tomllib.loads(shop.file.read_text())["lines"][0]["id"] == "door"


def test_a_file_that_cannot_be_written_is_told_and_the_camera_goes_on(start: Start) -> None:
    shop = start()
    (shop.file.parent / ".aside-cam.toml.bak").mkdir()  # refuses root too

    with pytest.raises(DeskRefusedError, match="cannot be written"):
        shop.save(slots=[_slot("milk")])

    assert shop.vision.view("cam").slots == ()


def test_a_still_becomes_a_reference_that_is_in_effect_and_in_the_file(start: Start) -> None:
    shop = start()
    shop.save(slots=[_slot("milk")])
    still_id = _still(shop)

    shop.desk.keep_reference("cam", "stocked", still_id)

    kept = shop.file.parent / "cam-stocked.jpg"
    assert tomllib.loads(shop.file.read_text())["references"] == {"stocked": "cam-stocked.jpg"}
    assert cv2.imread(str(kept)).shape == (720, 1280, 3)
    assert shop.desk.teach("cam", _still(shop)).references["stocked"] is not None
    shown = shop.desk.reference_jpeg("cam", "stocked")
    assert shown is not None
    assert shown[:2] == b"\xff\xd8"
    assert shop.vision.call("cam", lambda seat: seat.settings.references.stocked) == kept


def test_a_slot_that_redaction_touches_is_named() -> None:
    raw = np.full((90, 160, 3), 90, np.uint8)
    safe = raw.copy()
    safe[5:20, 5:60] = 140
    frame = Frame(camera_id="cam", image_bgr=raw, index=0, captured_at=SystemClock().now(), mono_s=0.0, media_s=0.0)
    still = Still(still_id="a", taken_at=frame.captured_at, width_px=160, height_px=90, trouble="")
    camera = CameraSettings.model_validate({"id": "cam", "slots": [_slot("milk"), _slot("oat")]})

    assert hidden_slots(KeptStill(still, RawStill(frame, safe, 0, None), 0.0), camera) == ["milk"]


def test_with_somebody_in_view_nothing_is_learnt_and_no_picture_touches_the_disk(start: Start) -> None:
    person = cv2.imread(str(_GOLDEN_PERSON / "00.jpg"))
    slot = '[[slots]]\nid = "milk"\nsku = "BR-0050"\npolygon_norm = [[0.0, 0.0], [0.2, 0.0], [0.2, 0.2], [0.0, 0.2]]\n'
    shop = start(person, more=f"\n{slot}")
    still_id = _still(shop)

    with pytest.raises(DeskRefusedError, match="Somebody is in view"):
        shop.desk.keep_reference("cam", "stocked", still_id)
    with pytest.raises(DeskRefusedError, match="Somebody is in view"):
        shop.desk.confirm("cam", still_id, {"milk/0": "stocked"})

    assert _pictures_under(shop.shop.folder) == _pictures_under(shop.places.data) == []
    assert not shop.places.slots.exists()


def test_facings_confirmed_on_two_stills_are_judged_and_no_picture_is_kept(start: Start) -> None:
    shop = start()
    slots = [
        _slot("milk"),
        {**_slot("oat", sku="BR-0056"), "polygon_norm": [[0.34, 0.08], [0.63, 0.085], [0.63, 0.41], [0.34, 0.415]]},
    ]
    shop.save(slots=slots)
    states = {f"milk/{n}": "stocked" for n in range(6)} | {f"oat/{n}": "empty" for n in range(6)}

    first = shop.desk.confirm("cam", _still(shop), states)
    second = shop.desk.confirm("cam", _still(shop), states)

    assert (first.accuracy, first.is_believed) == (None, False)
    assert (second.cells, second.pictures, second.empty) == (24, 2, 12)
    assert second.accuracy == 1.0
    assert second.is_believed
    panel = shop.desk.teach("cam", _still(shop))
    assert {cell.cell_id: cell.state for cell in panel.cells} == states
    assert _pictures_under(shop.places.data) == []


def test_a_facing_that_is_not_drawn_any_more_is_refused(start: Start) -> None:
    shop = start()
    shop.save(slots=[_slot("milk")])

    with pytest.raises(DeskRefusedError, match="as it is drawn now"):
        shop.desk.confirm("cam", _still(shop), {"gone/0": "empty"})


def test_ways_are_shown_from_five_people_on(start: Start) -> None:
    shop = start()

    def walk(seat: Any, people: range) -> None:
        heat = seat.pipeline.people.heat
        for time_s in (0.0, 0.5):
            tracks = [
                Track(id=n, xyxy_px=(600, 300, 680, 700), score=0.9, age_s=1.0, is_confirmed=True) for n in people
            ]
            heat.add(tracks, frame_size_px=(1280, 720), time_s=time_s)

    now = SystemClock().now()
    shop.vision.call("cam", lambda seat: walk(seat, range(4)))
    shop.desk.collect_heat(now)
    assert (shop.desk.heat("cam").people, shop.desk.heat("cam").seconds) == (4, ())

    shop.vision.call("cam", lambda seat: walk(seat, range(10, 12)))
    shop.desk.collect_heat(now)
    heat = shop.desk.heat("cam")
    assert heat.people == 6
    assert sum(map(sum, heat.seconds)) == pytest.approx(4 * 0.5 + 2 * 0.5, abs=0.01)
    assert not heat.follows


def test_the_day_is_read_from_the_store(start: Start) -> None:
    shop = start()
    clock = SystemClock()
    common = {"at": clock.now(), "mono_s": clock.mono_s(), "source": "cam"}
    shop.store.append_wait(
        [
            ShelfCountFact(
                **common, slot="milk", sku="BR-0050", units=4, facings=6, shelf_units=4, confidence=0.9, delta=None
            ),
            QueueLengthFact(**common, zone="till", people=3, wait_s=None),
            QueueLengthFact(**common, zone="till", people=4, wait_s=240.0),
            FootfallCountFact(**common, line="door", began_at=clock.now(), period_s=900.0, entered=3, left=1),
        ]
    )

    day = shop.desk.day("cam")

    assert [(curve.name, curve.points[-1][1]) for curve in day.slots] == [("milk", 4)]
    assert [quarter.entered for quarter in day.footfall["door"]] == [3]
    assert [(curve.name, curve.points[-1][1]) for curve in day.queues] == [("till", 4)]
    assert day.waits_s == {"till": 240.0}
    assert not day.is_cut


def test_wrong_products_are_known_until_they_are_gone_and_only_since_the_start(start: Start) -> None:
    store = start().store
    clock = SystemClock()
    now = clock.now()

    def told(slot: str, state: str, age_s: float = 0.0) -> ShelfMisplacedFact:
        at = now - timedelta(seconds=age_s)
        return ShelfMisplacedFact(
            at=at, mono_s=0.0, source="cam", slot=slot, sku="A-1", seen_sku="B-2", state=state, began_at=at
        )

    seen = [told("old", "began", 60.0), told("milk", "began"), told("oat", "began"), told("oat", "ended")]
    percents = [
        ShelfComplianceFact(at=now, mono_s=0.0, source="cam", percent=p, planned=10, in_place=9, unknown_slots=0)
        for p in (80.0, 90.0)
    ]
    store.append_wait([*seen, *percents])

    planogram = Planogram.of(store, since=now - timedelta(seconds=10))

    assert planogram.seen == {("cam", "milk"): "B-2"}
    assert planogram.percent == {"cam": 90.0}


def test_a_camera_that_is_not_there_is_unavailable(start: Start) -> None:
    shop = start()

    for ask in (shop.desk.plan, shop.desk.heat, shop.desk.day, shop.desk.take_still):
        with pytest.raises(SourceUnavailableError, match="no such camera"):
            ask("cam-none")


def test_products_are_found_by_every_word(start: Start) -> None:
    found = start().desk.products("milk whole")

    assert found
    assert all("milk" in title.casefold() and "whole" in title.casefold() for _, title in found)


def _deeds(running: Running) -> list[tuple[str, str, dict[str, Any]]]:
    kinds = ("console.drawing", "console.drawing.undone", "console.reference", "console.lesson")
    rows = list(running.store.audited(*kinds))
    return [(row.kind, row.actor, json.loads(row.body)) for row in reversed(rows)]


def test_every_deed_is_a_row_of_the_audit_before_it_is_done(start: Start) -> None:
    running = start()
    first = running.save(slots=[_slot("milk"), _slot("oat")]).version
    second = running.save(slots=[_slot("oat", facings=5)], lines=[_DOOR]).version
    still = _still(running)
    running.desk.keep_reference("cam", "stocked", still)
    running.desk.confirm("cam", still, {"oat/0": "stocked", "oat/1": "stocked", "oat/2": "empty"})
    deeds = _deeds(running)
    assert {actor for _, actor, _ in deeds} == {"staff at the console"}
    drawing, again, reference, lesson = (about for _, _, about in deeds)
    assert drawing["slots"] == {"added": ["milk", "oat"]}
    assert (again["was"], again["becomes"]) == (first, second)
    assert (again["slots"], again["lines"]) == ({"removed": ["milk"], "changed": ["oat"]}, {"added": ["door"]})
    jpeg = running.file.with_name("cam-stocked.jpg").read_bytes()
    assert reference == {"camera": "cam", "kind": "stocked", "sha256": hashlib.sha256(jpeg).hexdigest()}
    assert lesson == {"camera": "cam", "still": still, "stocked": 2, "empty": 1}


def test_what_could_not_be_done_after_all_is_noted_as_that(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    running = start()

    def full(*_: object, **__: object) -> None:
        raise ConfigError("no room")

    monkeypatch.setattr("edge.camera_desk.replace_camera_file", full)
    with pytest.raises(DeskRefusedError, match="no room"):
        running.save(slots=[_slot("milk")])
    assert [kind for kind, _, _ in _deeds(running)] == ["console.drawing", "console.drawing.undone"]


def test_what_cannot_be_noted_is_not_done(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    running = start()
    before = running.file.read_bytes()

    def away(_: object) -> None:
        raise StoreUnavailableError("gone")

    monkeypatch.setattr(running.store, "audit", away)
    with pytest.raises(DeskRefusedError, match="cannot be noted in the audit"):
        running.save(slots=[_slot("milk")])
    assert running.file.read_bytes() == before


def test_a_place_named_like_personal_data_is_refused(start: Start) -> None:
    running = start()
    with pytest.raises(PlanRejectedError) as caught:
        running.save(slots=[{**_slot("milk"), "id": "5555-5555-5555-4444"}])
    faults = [(fault.field, "looks like personal data (card)" in fault.sentence) for fault in caught.value.faults]
    assert faults == [("id", True)]
    assert _deeds(running) == []
