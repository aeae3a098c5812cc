"""The desk over HTTP, for the script of the page Draw: the drawing as JSON, stills and reference pictures.

Stands behind the login guard, whose same-origin rule covers every write. Refuses long and strange bodies with a
sentence; what is wrong with a drawing is told place by place.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from edge.console.desk import DeskRefusedError, PlanOutdatedError, PlanRejectedError, StillKind
from edge.console.desk_calls import DeskCalls
from edge.console.errors import SourceUnavailableError

MOST_BYTES = 512 * 1024
_MOST_TEXT = 80
_Answer = Callable[[], Awaitable[Response]]


class DeskRoutes:
    """``/desk/...``."""

    def __init__(self, desk: DeskCalls) -> None:
        self._desk = desk

    def router(self) -> APIRouter:
        """Routes to include in the console's application."""
        router = APIRouter(prefix="/desk")
        router.add_api_route("/products", self._products, methods=["GET"])
        router.add_api_route("/{camera_id}/plan", self._plan, methods=["GET"])
        router.add_api_route("/{camera_id}/plan", self._save, methods=["PUT"])
        router.add_api_route("/{camera_id}/still", self._take_still, methods=["POST"])
        router.add_api_route("/{camera_id}/stills/{still_id}.jpg", self._still, methods=["GET"])
        router.add_api_route("/{camera_id}/references/{kind}.jpg", self._reference, methods=["GET"])
        return router

    async def _products(self, q: str = "") -> Response:
        async def answer() -> Response:
            found = await self._desk.ask(lambda desk: desk.products(q[:_MOST_TEXT]))
            return JSONResponse([{"sku": sku, "title": title} for sku, title in found])

        return await _told(answer)

    async def _plan(self, camera_id: str) -> Response:
        async def answer() -> Response:
            return JSONResponse(asdict(await self._desk.ask(lambda desk: desk.plan(camera_id))))

        return await _told(answer)

    async def _save(self, camera_id: str, request: Request) -> Response:
        async def answer() -> Response:
            body = await _drawing_in(request)
            if body is None:
                return _said(400, "That was no drawing: send the version and the places as JSON.")
            places, version = body
            saved = await self._desk.ask(lambda desk: desk.save_plan(camera_id, places, version=version))
            return JSONResponse(asdict(saved))

        return await _told(answer)

    async def _take_still(self, camera_id: str) -> Response:
        async def answer() -> Response:
            still = await self._desk.ask(lambda desk: desk.take_still(camera_id))
            return JSONResponse({**asdict(still), "taken_at": still.taken_at.isoformat()})

        return await _told(answer)

    async def _still(self, camera_id: str, still_id: str) -> Response:
        return await self._picture(lambda: self._desk.ask(lambda desk: desk.still_jpeg(camera_id, still_id)))

    async def _reference(self, camera_id: str, kind: StillKind) -> Response:
        return await self._picture(lambda: self._desk.ask(lambda desk: desk.reference_jpeg(camera_id, kind)))

    async def _picture(self, ask: Callable[[], Awaitable[bytes | None]]) -> Response:
        async def answer() -> Response:
            jpeg = await ask()
            if jpeg is None:
                return _said(404, "This picture is not kept any more.")
            return Response(jpeg, media_type="image/jpeg", headers={"cache-control": "no-store"})

        return await _told(answer)


async def _told(answer: _Answer) -> Response:
    """The answer, or what stands against it as a status and a sentence."""
    try:
        return await answer()
    except PlanRejectedError as error:
        faults = [asdict(fault) for fault in error.faults]
        return JSONResponse({"message": "The drawing was not saved: mend what is marked.", "faults": faults}, 422)
    except PlanOutdatedError as error:
        return _said(409, f"Not saved: {error}.")
    except DeskRefusedError as error:
        return _said(409, str(error))
    except SourceUnavailableError as error:
        return _said(503, f"Unavailable: {error}.")


def _said(status: int, message: str) -> Response:
    return JSONResponse({"message": message, "faults": []}, status)


async def _drawing_in(request: Request) -> tuple[Mapping[str, list[dict[str, Any]]], str] | None:
    """The places and the version of a body, or None for one that is too long or of another form."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return None
    match given:
        case {"version": str(version), "places": dict(places)}:
            pass
        case _:
            return None
    lists = all(isinstance(one, list) and all(isinstance(place, dict) for place in one) for one in places.values())
    return (places, version) if lists else None
