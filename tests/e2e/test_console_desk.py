"""Drawing, teaching and looking at the day in a real browser, over a camera that really counts."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.browser import Browser
from tests.integration.edge_console.console_fake import PASSWORD

_FULL, _BARE = ((0.015, 0.08), (0.312, 0.42)), ((0.335, 0.08), (0.632, 0.42))
_CHANGED = "!document.querySelector('.unsaved').hidden"


@pytest.fixture(scope="module")
def shop() -> Iterator[tuple[str, Path]]:
    """A shop of one camera in a process of its own: its console's address and the camera's file."""
    command = [sys.executable, "-m", "tests.integration.edge_console.desk_shop"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip(), Path(process.stdout.readline().strip())
        process.stdin.close()
        assert process.wait(30.0) == 0


@pytest.fixture(scope="module")
def browser(shop: tuple[str, Path]) -> Iterator[Browser]:
    """A browser of its own, logged in: cookies know no ports."""
    address, _ = shop
    with Browser(width=1440, height=900, timeout_s=30.0) as opened:
        opened.open(f"{address}/login")
        opened.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
        opened.evaluate(f"document.querySelector('#password').value = {PASSWORD!r}")
        opened.touch("button", text="Log in")
        opened.wait_until(_shows(".stage-header h1", "Overview"), "not logged in")
        yield opened


@pytest.fixture
def draw(shop: tuple[str, Path], browser: Browser) -> Browser:
    """The page Draw with nothing drawn."""
    address, _ = shop
    _save(browser, {"slots": [], "zones": [], "lines": [], "masks": []})
    browser.console_errors.clear()
    browser.open(f"{address}/cameras/cam/draw")
    browser.wait_until("document.querySelector('#plan-editor')?.dataset.state === 'ready'", "no editor")
    browser.wait_until("document.querySelector('.plan-frame img').naturalWidth === 1280", "no picture")
    return browser


def _shows(selector: str, text: str) -> str:
    return (
        f"[...document.querySelectorAll({json.dumps(selector)})].some(e => e.textContent.includes({json.dumps(text)}))"
    )


def _errors(browser: Browser) -> list[str]:
    """What went wrong in the page; a camera that has just begun anew has no picture for a moment."""
    return [error for error in browser.console_errors if "/pictures/" not in error]


def _save(browser: Browser, places: dict[str, Any]) -> None:
    """Save a drawing as the page itself would, and leave nothing unsaved behind."""
    script = f"""(async () => {{
        sessionStorage.clear();
        const plan = await (await fetch('/desk/cam/plan')).json();
        const body = JSON.stringify({{version: plan.version, places: {json.dumps(places)}}});
        return (await fetch('/desk/cam/plan', {{method: 'PUT', body}})).status;
    }})()"""
    assert browser.evaluate(script) == 200
    # A test that failed on the way leaves a page behind that would ask before it goes.
    browser.evaluate("window.addEventListener('beforeunload', event => event.stopImmediatePropagation(), true)")


def _point(browser: Browser, at: tuple[float, float]) -> dict[str, float]:
    box = browser.evaluate(
        "(() => { const b = document.querySelector('.plan-canvas').getBoundingClientRect();"
        " return [b.x, b.y, b.width, b.height] })()"
    )
    return {"x": box[0] + at[0] * box[2], "y": box[1] + at[1] * box[3]}


def _drag(browser: Browser, *way: tuple[float, float]) -> None:
    """Put a finger on the picture, move it along and lift it on the move."""
    points = [_point(browser, at) for at in way]
    browser.command("Input.dispatchTouchEvent", type="touchStart", touchPoints=points[:1])
    for point in points[1:]:
        browser.command("Input.dispatchTouchEvent", type="touchMove", touchPoints=[point])
    browser.command("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])


def _draw_slot(
    browser: Browser, corners: tuple[tuple[float, float], tuple[float, float]], sku: str = "BR-0050"
) -> None:
    (left, top), (right, bottom) = corners
    browser.touch(".chips button", text="Slot")
    _drag(browser, (left, top), ((left + right) / 2, (top + bottom) / 2), (right, bottom))
    browser.wait_until("document.activeElement.name === 'sku'", "the new slot's product has not the focus")
    browser.command("Input.insertText", text=sku)
    _enter(browser, "facings", "6")


def _enter(browser: Browser, name: str, value: str) -> None:
    browser.evaluate(
        f"(() => {{ const i = document.querySelector('.plan-panel [name={name}]'); i.focus();"
        f" i.value = {value!r}; i.dispatchEvent(new Event('change', {{bubbles: true}})); }})()"
    )


def _press(browser: Browser, key: str, *, control: bool = False) -> None:
    event = {"key": key, "code": key if len(key) > 1 else f"Key{key.upper()}", "modifiers": 2 if control else 0}
    for kind in ("keyDown", "keyUp"):
        browser.command("Input.dispatchKeyEvent", type=kind, **event)


def _finish(browser: Browser) -> None:
    """Leave the page as saved, so that nobody asks on the way to the next one."""
    browser.touch("button", text="Save")
    browser.wait_until(_shows(".plan-message", "Saved, and in effect now."), "not saved")


def test_a_slot_drawn_with_a_finger_is_counted_live(draw: Browser, shop: tuple[str, Path]) -> None:
    address, file = shop
    _draw_slot(draw, _FULL)
    draw.wait_until(_shows("#plan-sku-note", "l"), "the product's name is not told")

    _finish(draw)

    slot = tomllib.loads(file.read_text())["slots"][0]
    assert (slot["id"], slot["sku"], slot["facings"]) == ("slot-1", "BR-0050", 6)
    assert slot["polygon_norm"][0] == pytest.approx(_FULL[0], abs=0.005)
    assert slot["polygon_norm"][2] == pytest.approx(_FULL[1], abs=0.005)
    draw.open(f"{address}/cameras/cam")
    draw.wait_until(_shows("td.num", "6 of 6"), "not counted")
    assert _errors(draw) == []


def test_a_place_whose_edges_cross_is_refused_where_it_is_and_undo_mends_it(
    draw: Browser, shop: tuple[str, Path]
) -> None:
    _, file = shop
    _draw_slot(draw, _FULL)
    (left, top), (right, bottom) = _FULL
    _drag(draw, (right, top), (right - 0.1, 0.5), (left + 0.05, 0.6))  # its upper right corner under the lower edge

    draw.touch("button", text="Save")

    draw.wait_until(
        _shows(".shape-fault", "its edges cross; give the corners in order around the place"), "no sentence"
    )
    draw.wait_until("document.querySelector('.shape.wrong')", "the place is not marked")
    assert "slots" not in tomllib.loads(file.read_text())
    draw.touch("button", text="Undo")
    _finish(draw)
    assert tomllib.loads(file.read_text())["slots"][0]["polygon_norm"][2] == pytest.approx([right, bottom], abs=0.005)


def test_what_the_settings_refuse_is_told_at_its_field(draw: Browser) -> None:
    _draw_slot(draw, _FULL, sku="BR-9999")
    _enter(draw, "facings", "99")
    _enter(draw, "id", "milk & oat")

    draw.touch("button", text="Save")

    draw.wait_until(_shows("[data-field=sku].wrong .note-line", "the catalogue has no BR-9999"), "product not refused")
    draw.wait_until(_shows("[data-field=facings].wrong .note-line", "less than or equal to 40"), "facings not refused")
    draw.wait_until(_shows("[data-field=id].wrong .note-line", "a letter or digit first"), "name not refused")
    # Suggestions that come late leave what is wrong in view.
    draw.evaluate("document.getElementById('plan-products').append(new Option('old'))")
    draw.evaluate("document.querySelector('[name=sku]').dispatchEvent(new Event('input', {bubbles: true}))")
    draw.wait_until("!document.getElementById('plan-products').textContent.includes('old')", "no suggestions")
    draw.wait_until(_shows("[data-field=sku].wrong .note-line", "the catalogue has no BR-9999"), "product not told")
    draw.wait_until(_shows("[data-field=facings].wrong .note-line", "less than or equal to 40"), "facings not told")
    for name, value in (("sku", "BR-0050"), ("facings", "6"), ("id", "milk")):
        _enter(draw, name, value)
    _finish(draw)


def test_keys_move_corners_and_undo(draw: Browser, shop: tuple[str, Path]) -> None:
    _, file = shop
    _draw_slot(draw, _FULL)
    _finish(draw)
    before = tomllib.loads(file.read_text())["slots"][0]["polygon_norm"]

    draw.evaluate("document.querySelector('[data-key=\"slots.0.0\"]').focus()")
    for _ in range(3):
        _press(draw, "ArrowRight")
    draw.wait_until(_CHANGED, "arrow keys do nothing")
    _press(draw, "z", control=True)
    _finish(draw)

    moved = tomllib.loads(file.read_text())["slots"][0]["polygon_norm"]
    assert moved[0][0] - before[0][0] == pytest.approx(2 / 1280, abs=2e-4)
    assert moved[1:] == before[1:]


def test_a_zone_and_a_line_are_drawn_by_their_corners(draw: Browser, shop: tuple[str, Path]) -> None:
    _, file = shop
    draw.touch(".chips button", text="Zone")
    for corner in ((0.5, 0.6), (0.9, 0.6), (0.8, 0.9)):
        _drag(draw, corner)
    draw.touch("button", text="Finish")
    draw.touch(".chips button", text="Line")
    _drag(draw, (0.1, 0.9), (0.3, 0.9), (0.45, 0.88))
    draw.touch(".buttons button", text="Turn round")

    _finish(draw)

    read = tomllib.loads(file.read_text())
    assert len(read["zones"][0]["polygon_norm"]) == 3
    assert read["lines"][0]["end_norm"] == pytest.approx([0.1, 0.9], abs=0.005)


def test_what_is_not_saved_is_guarded_and_comes_back(draw: Browser, shop: tuple[str, Path]) -> None:
    address, _ = shop
    assert draw.evaluate("window.dispatchEvent(new Event('beforeunload', {cancelable: true}))")
    _draw_slot(draw, _FULL)
    draw.wait_until(_CHANGED, "the drawing does not say that it is not saved")
    assert not draw.evaluate("window.dispatchEvent(new Event('beforeunload', {cancelable: true}))")
    kept = draw.evaluate("sessionStorage.getItem('plan:cam')")
    draw.touch("button", text="Discard")
    draw.wait_until(f"!({_CHANGED})", "not discarded")

    draw.evaluate(f"sessionStorage.setItem('plan:cam', {json.dumps(kept)})")
    draw.open(f"{address}/cameras/cam/draw")

    draw.wait_until(_shows(".plan-message", "Your unsaved drawing is back."), "the drawing is lost")
    draw.wait_until("document.querySelectorAll('.shape.slots').length === 1", "the slot is lost")
    _finish(draw)


def test_facings_confirmed_on_two_pictures_show_the_accuracy(draw: Browser, shop: tuple[str, Path]) -> None:
    address, _ = shop
    _draw_slot(draw, _FULL)
    _draw_slot(draw, _BARE, sku="BR-0056")
    _finish(draw)
    draw.open(f"{address}/cameras/cam")
    draw.wait_until("document.querySelectorAll('td.num .of').length === 2", "not counted")
    draw.open(f"{address}/cameras/cam/teach")
    draw.wait_until("document.querySelector('.picture img')", "no picture")

    for _ in range(2):
        former = draw.evaluate("document.querySelector('.picture img')?.src")
        draw.touch("button", text="New picture")
        draw.wait_until(f"document.querySelector('.picture img').src !== {former!r}", "no new picture")
        draw.wait_until("document.querySelectorAll('.cell').length === 12", "no facings")
        draw.touch("button", text="All stocked")
        draw.wait_until("document.querySelectorAll('.cell.is-stocked').length === 12", "not all stocked")
        for number in range(6):
            draw.touch(f".cell-mark:nth-of-type({7 + number})")
            draw.wait_until(f"document.querySelectorAll('.cell.is-empty').length === {number + 1}", "not marked empty")
        draw.touch("button", text="Confirm 12 facings")
        draw.wait_until(_shows(".teach-message", "Learnt 12 facings."), "not learnt")

    draw.wait_until(_shows(".lesson", "100.0 % on pictures it had not learnt from"), "no accuracy")
    draw.wait_until(_shows("h2 .pill", "believed"), "its claims are held")
    draw.wait_until(_shows(".lesson", "24 facings on 2 pictures, 12 of them empty"), "no count of examples")
    assert _errors(draw) == []


def test_a_reference_is_kept_in_one_click_and_shown(draw: Browser, shop: tuple[str, Path]) -> None:
    address, file = shop
    draw.open(f"{address}/cameras/cam/teach")
    draw.touch(".references figure:first-child button", text="This picture shows it")

    draw.wait_until(_shows(".teach-message", "this is how every place looks when it is full"), "not kept")
    draw.wait_until("document.querySelector('.references img')?.naturalWidth > 0", "not shown")
    assert file.with_name("cam-stocked.jpg").exists()


def test_the_day_shows_what_there_is_and_says_what_there_is_not(draw: Browser, shop: tuple[str, Path]) -> None:
    address, _ = shop
    draw.open(f"{address}/cameras/cam/today")

    draw.wait_until(_shows(".card", "This camera follows nobody"), "no word about the ways")
    draw.wait_until(_shows(".chart-card", "Nobody has gone over a line today"), "no word about footfall")
    assert _errors(draw) == []
