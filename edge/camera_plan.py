"""A camera's drawing as the console's page has it, and as the camera's settings have it.

Pure: plain JSON values in, checked settings or a list of what is wrong out. The cameras' own settings are the judge;
only what they cannot know is checked here: names used twice or that look like personal data, and products that the
shop does not have.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from edge.camera_files import Tables
from edge.config import sentence_of
from edge.console.desk import Places, PlanFault, PlanRejectedError
from edge.detectors import scan
from vision.config import CameraSettings

NAMED = ("slots", "zones", "lines")
DRAWN = ("masks", *NAMED)
"""In the order in which a camera's file has them."""
_NAME_RULE = "give 1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first"


def places_of(camera: CameraSettings) -> Places:
    """The drawing of a camera as JSON values; masks, which have no names, as corners alone."""
    drawn = camera.model_dump(mode="json", include=set(DRAWN))
    return {**drawn, "masks": [{"polygon_norm": polygon} for polygon in drawn["masks"]]}


def tables_of(camera: CameraSettings) -> Tables:
    """The drawing of a camera as its file has it: packs that stand apart are the rule and not said of every slot."""
    drawn = camera.model_dump(mode="json", include=set(DRAWN))
    for slot in drawn["slots"]:
        if slot["separable"]:
            del slot["separable"]
    return {name: drawn[name] for name in DRAWN}


def version_of(camera: CameraSettings) -> str:
    """Names a drawing; another name says that somebody changed it."""
    return sha256(json.dumps(tables_of(camera), sort_keys=True).encode()).hexdigest()[:16]


def checked(camera: CameraSettings, places: Places, *, is_sold: Callable[[str], bool]) -> CameraSettings:
    """The camera with another drawing.

    A product that its drawing held before may stay even where the shop does not sell it.

    Raises:
        PlanRejectedError: something in the drawing is wrong; says what and where.
    """
    strange = sorted(set(places) - set(DRAWN))
    if strange:
        raise PlanRejectedError([_fault(strange[0], None, "", f"no such kind of place; there are {', '.join(DRAWN)}")])
    known = {slot.sku for slot in camera.slots}
    faults = [*_doubled(places), *_personal(places), *_not_sold(places, lambda sku: sku in known or is_sold(sku))]
    drawn: dict[str, Any] = {kind: list(places.get(kind, ())) for kind in DRAWN}
    drawn["masks"] = [mask.get("polygon_norm") for mask in drawn["masks"]]
    try:
        made = CameraSettings.model_validate({**camera.model_dump(), **drawn})
    except ValidationError as error:
        raise PlanRejectedError(_unique([*faults, *map(_fault_of, error.errors())])) from error
    if faults:
        raise PlanRejectedError(_unique(faults))
    return made


def _fault(kind: str, index: int | None, field: str, sentence: str) -> PlanFault:
    return PlanFault(kind=kind, index=index, field=field, sentence=sentence)


def _fault_of(error: Mapping[str, Any]) -> PlanFault:
    kind, index, field = (*error["loc"], None, None, None)[:3]
    sentence = _NAME_RULE if error["type"] == "string_pattern_mismatch" else sentence_of(error)
    if kind not in DRAWN:
        return _fault("", None, "", sentence)
    return _fault(
        str(kind),
        index if isinstance(index, int) else None,
        "polygon_norm" if kind == "masks" else str(field or ""),
        sentence,
    )


def _doubled(places: Places) -> Iterable[PlanFault]:
    for kind in NAMED:
        seen: set[str] = set()
        for index, place in enumerate(places.get(kind, ())):
            name = str(place.get("id", ""))
            if name in seen:
                yield _fault(kind, index, "id", f"another one here is called {name}; give each its own name")
            seen.add(name)


def _personal(places: Places) -> Iterable[PlanFault]:
    for kind in NAMED:
        for index, place in enumerate(places.get(kind, ())):
            if found := scan(str(place.get("id", ""))):
                sentence = f"it looks like personal data ({found[0].detector.value}); name the place after what it is"
                yield _fault(kind, index, "id", sentence)


def _not_sold(places: Places, is_sold: Callable[[str], bool]) -> Iterable[PlanFault]:
    for index, slot in enumerate(places.get("slots", ())):
        sku = str(slot.get("sku", ""))
        if not sku:
            yield _fault("slots", index, "sku", "choose the product that belongs here")
        elif not is_sold(sku):
            yield _fault("slots", index, "sku", f"the catalogue has no {sku}; choose a product from the list")


def _unique(faults: Iterable[PlanFault]) -> list[PlanFault]:
    """One fault for each field, the first; what is already told of one place is not told again of all."""
    first: dict[tuple[str, int | None, str], PlanFault] = {}
    for fault in faults:
        first.setdefault((fault.kind, fault.index, fault.field), fault)
    told = list(first.values())
    return [fault for fault in told if fault.kind] or told
