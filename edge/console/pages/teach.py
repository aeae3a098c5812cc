"""Teach: reference pictures in one click, and each facing of a still confirmed as stocked or empty.

Owns what is marked and not yet confirmed, for as long as the page is open.
"""

from typing import Final

from nicegui import ui

from edge.console.desk import CellState, DeskRefusedError, LessonPanel, PlanSaved, Still, StillKind, TeachPanel
from edge.console.errors import SourceUnavailableError
from edge.console.pages.camera_frame import CameraFrame
from edge.console.pages.stage import Parts

_NEXT: Final[dict[CellState | None, CellState | None]] = {None: "stocked", "stocked": "empty", "empty": None}
_ALL: Final[dict[str, CellState]] = {"stocked": "stocked", "empty": "empty"}


class TeachPage:
    """``/cameras/{camera_id}/teach``."""

    def __init__(self, parts: Parts, camera_id: str) -> None:
        self._desk = parts.desk
        self._camera_id = camera_id
        self._still: Still | None = None
        self._panel: TeachPanel | None = None
        self._marks: dict[str, CellState | None] = {}
        self._message, self._tone = "", ""
        self._frame = CameraFrame(parts, camera_id, mode="teach", lead="Say how places look when full and when empty")
        with self._frame.body, ui.element("div").classes("columns camera-columns"):
            with ui.element("div").classes("stack"), ui.element("div").classes("card picture-card"):
                self._ground = ui.element("div").classes("picture")
                with self._ground:
                    self._image = self._frame.stage.region("teach_image.html")
                    self._cells = self._frame.stage.region("teach_cells.html")
                self._bar = self._frame.stage.region("teach_bar.html")
            with ui.element("div").classes("stack"):
                self._lesson = self._frame.stage.region("teach_lesson.html", classes="card")
                self._references = self._frame.stage.region("teach_references.html", classes="card")
        for region in (self._cells, self._bar, self._references):
            region.on_action(self._act)

    async def run(self) -> None:
        """Take a first still and fill the page."""
        await self._take_still()
        self._show()
        await self._frame.run()

    async def _act(self, action: str, value: str) -> None:
        match action:
            case "cell" if value in self._marks:
                self._marks[value] = _NEXT[self._marks[value]]
            case "all" if value in _ALL:
                self._marks = dict.fromkeys(self._marks, _ALL[value])
            case "still":
                await self._take_still()
            case "confirm":
                await self._confirm()
            case "reference" if value in _ALL:
                await self._keep_reference(_ALL[value])
        self._show()

    async def _take_still(self) -> None:
        try:
            self._still = await self._desk.ask(lambda desk: desk.take_still(self._camera_id))
            self._say("")
            await self._load(self._still)
        except (SourceUnavailableError, DeskRefusedError) as error:
            self._still, self._panel, self._marks = None, None, {}
            self._say(f"There is no picture to teach from: {error}.".replace("..", "."), "bad")

    async def _load(self, still: Still) -> None:
        self._panel = await self._desk.ask(lambda desk: desk.teach(self._camera_id, still.still_id))
        self._marks = {cell.cell_id: cell.state for cell in self._panel.cells}

    async def _confirm(self) -> None:
        states = {cell: state for cell, state in self._marks.items() if state is not None}
        still = self._still
        if still is None or self._panel is None:
            return
        try:
            lesson: LessonPanel = await self._desk.ask(
                lambda desk: desk.confirm(self._camera_id, still.still_id, states)
            )
        except (SourceUnavailableError, DeskRefusedError) as error:
            self._say(str(error), "bad")
            return
        await self._reload(still)
        self._say(f"Learnt {len(states)} {'facing' if len(states) == 1 else 'facings'}. {_outlook(lesson)}", "good")

    async def _keep_reference(self, kind: StillKind) -> None:
        still = self._still
        if still is None:
            return
        try:
            saved: PlanSaved = await self._desk.ask(
                lambda desk: desk.keep_reference(self._camera_id, kind, still.still_id)
            )
        except (SourceUnavailableError, DeskRefusedError) as error:
            self._say(str(error), "bad")
            return
        await self._reload(still)
        words = "full" if kind == "stocked" else "empty"
        self._say(" ".join([f"Kept: this is how every place looks when it is {words}.", *saved.notes]), "good")

    async def _reload(self, still: Still) -> None:
        """Numbers and references anew; what is marked stays marked."""
        marks = self._marks
        try:
            await self._load(still)
        except (SourceUnavailableError, DeskRefusedError) as error:
            self._say(str(error), "bad")
        self._marks = {cell: marks.get(cell, state) for cell, state in self._marks.items()}

    def _say(self, message: str, tone: str = "") -> None:
        self._message, self._tone = message, tone

    def _show(self) -> None:
        panel, still = self._panel, self._still
        cells = () if panel is None else panel.cells
        if still is not None:
            self._ground.style(f"aspect-ratio: {still.width_px} / {still.height_px}")
        # Apart, so that a touch on a facing does not fetch the picture again.
        self._image.show(camera_id=self._camera_id, still=still)
        self._cells.show(cells=cells, marks=self._marks)
        self._bar.show(
            still=still,
            has_cells=bool(cells),
            chosen=sum(state is not None for state in self._marks.values()),
            message=self._message,
            tone=self._tone,
        )
        self._lesson.show(
            lesson=None if panel is None else panel.lesson, problem="" if panel is None else panel.problem
        )
        self._references.show(
            camera_id=self._camera_id,
            references={"stocked": None, "empty": None} if panel is None else panel.references,
            may_keep=still is not None and not still.trouble,
        )


def _outlook(lesson: LessonPanel) -> str:
    """What the lesson means for the claims, as a sentence."""
    if lesson.accuracy is None:
        return "Confirm at least two pictures with some full and some empty places; then it can be judged."
    if lesson.is_believed:
        return "What it says of this camera's places is believed."
    return f"Its claims are held until it is right in {lesson.bar:.0%} of the places it has not seen."
