"""`backroom ask`: one question to the kiosk's assistant, through the running node or, without one, right here."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.answering import load_shop_data, make_assistant
from edge.assistant.wording import PREFIX
from edge.cli.output import DataFolder, Json, ShopFolder, emit, fail, say, sentences
from edge.cli.places import data_folder, shop_folder
from edge.cli.running import quiet_logs
from edge.clock import SystemClock
from edge.config import ShopFiles, load_shop
from edge.errors import StoreUnavailableError
from edge.places import DEFAULT_ARTEFACTS, Places
from edge.status import read_status
from edge.stock import ShelfStock, SlotSight
from edge.store.reading import reading_beside
from models.language.client import LanguageModel
from models.manifest import Task
from models.registry import Registry

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_ANSWER_WITHIN_S = 10.0
_MODEL_UP_WITHIN_S = 20.0


def _question(given: str) -> str:
    if not given.strip():
        raise typer.BadParameter("ask something, as a shopper would type it")
    return given


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="As a shopper would type it.", callback=_question)],
    *,
    shop: ShopFolder = None,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Ask the kiosk's assistant. Nothing of the words is stored."""
    quiet_logs()
    places = Places(data_folder(data))
    node = read_status(places.status, datetime.now(UTC))
    with sentences():
        if node.running and shop is None:
            answer = _over_http(str(node.body["kiosk_url"]), question)
        else:
            answer = _right_here(load_shop(shop_folder(shop)), places, question)
    if as_json:
        emit(answer)
        return
    say(str(answer["answer"]))
    total_ms = answer["timings_ms"]["total"]
    say(f"[{answer['intent']}, verified {answer['verified']}, worded by the {answer['wording']}, {total_ms:.0f} ms]")


def _over_http(kiosk_url: str, question: str) -> Mapping[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - the node's own address on this machine
        f"{kiosk_url}/api/kiosk/ask",
        data=json.dumps({"question": question}).encode(),
        headers={"content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_WITHIN_S) as response:  # noqa: S310
            return dict(json.load(response))
    except urllib.error.HTTPError as error:
        raise fail(_refusal(error)) from error
    except (OSError, ValueError) as error:
        raise fail(f"The kiosk at {kiosk_url} did not answer: {error}. Look at: backroom doctor") from error


def _refusal(error: urllib.error.HTTPError) -> str:
    try:
        body = json.load(error)
    except ValueError:
        body = {}
    return str(body.get("error", {}).get("message") or f"The kiosk refused with status {error.code}.")


def _right_here(files: ShopFiles, places: Places, question: str) -> Mapping[str, Any]:
    registry = Registry(places.models, DEFAULT_ARTEFACTS)
    clock = SystemClock()
    language = LanguageModel(lambda: registry.active(Task.LANGUAGE), files.settings.models.language, prefixes=(PREFIX,))
    with language:
        language.wait_until_up(_MODEL_UP_WITHIN_S)
        stock = ShelfStock(lambda: _last_counts(files, places.store))
        _, assistant = make_assistant(
            files, load_shop_data(files), stock, language=language, clock=clock, record=lambda _: None
        )
        answer = assistant.ask(question, kiosk_id="technician")
    return {
        "answer": answer.answer,
        "intent": answer.intent,
        "facts": answer.facts,
        "verified": answer.verified,
        "wording": answer.wording,
        "timings_ms": answer.timings_ms,
    }


def _last_counts(files: ShopFiles, store: Path) -> list[SlotSight]:
    """Counts as old as they are in the store, of the places that still exist: no camera looks now."""
    places = {(camera.id, slot.id) for camera in files.cameras for slot in camera.slots}
    try:
        with reading_beside(store) as reading:
            latest = reading.latest_by_slot()
    except StoreUnavailableError:
        return []
    kept = [fact for place, fact in latest.items() if place in places]
    return [SlotSight(sku=str(f.body["sku"]), units=int(f.body["units"]), known_at=f.at) for f in kept]
