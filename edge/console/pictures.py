"""The cameras' pictures over HTTP: the newest redacted JPEG, never kept by a browser or a proxy.

Stands behind the login guard. Asks the source only when a page asks.
"""

import hashlib

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from edge.console.errors import SourceUnavailableError
from edge.console.snapshots import Snapshots


class PictureRoutes:
    """``/pictures/{camera_id}.jpg``; 404 while there is none, 503 while the source is away."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    def router(self) -> APIRouter:
        """Routes to include in the console's application."""
        router = APIRouter()
        router.add_api_route("/pictures/{camera_id}.jpg", self._show, methods=["GET"])
        return router

    async def _show(self, camera_id: str, request: Request) -> Response:
        try:
            picture = await self._snapshots.picture(camera_id)
        except SourceUnavailableError:
            return PlainTextResponse("The picture is unavailable.", status_code=503)
        if picture is None:
            return PlainTextResponse("There is no picture.", status_code=404)
        tag = '"' + hashlib.sha256(f"{camera_id}/{picture.picture_id}".encode()).hexdigest()[:24] + '"'
        headers = {"etag": tag, "cache-control": "no-store"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(picture.jpeg, media_type="image/jpeg", headers=headers)
