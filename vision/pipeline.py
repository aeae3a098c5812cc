"""One camera's pipeline: a frame in, readings out. The same for live feeds and for replays.

Owns the order of the steps and the rule that a picture which cannot be trusted claims nothing. Has no thread and
no clock: times come with the frames, so a recording gives the same readings at any speed::

    frame ─► put right ─► shrink ─► health ──fault──► FeedFaulted / FeedRestored, everything else waits
                         │ usable
                         ▼
                       gate ─► people (persons, lines, zones) ─► shelf (slots) ─► readings
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vision import pictures
from vision.box_network import BoxNetwork
from vision.config import CameraSettings, SlotSettings, VisionSettings
from vision.drawing import LineMark, Overlay, SlotMark, SlotState, ZoneMark
from vision.frames import Frame, seen_in
from vision.gate import GateView, Glance, MotionGate
from vision.health import FaultChange, FeedHealth
from vision.masks import Masks
from vision.movement import Movement, hidden_boxes
from vision.pack_watch import PackWatch
from vision.people import PeopleWatch
from vision.pictures import Picture
from vision.readings import FeedFault, FeedFaulted, FeedRestored, Reading, ShelfCounted, Stamp
from vision.shelf import BoxNorm, ShelfWatch, zones_of
from vision.shelf_aids import NO_AIDS, ShelfAids
from vision.shrunk import Shrunk
from vision.slots import place_slots

_STRUCTURE_AGAIN_S = 1.0
_KNOWN_STRUCTURE_AGAIN_S = 3.0  # of a picture that has not changed since, once the view is learnt
_KNOWN_STRUCTURES = 15
_WALKERS_STRUCTURE_S = 0.95  # tracks outlive this; with slots, fewer looks than one a frame lost .7 % of the claims
_LOST_PICTURES = 3  # of a camera that sends one now and then
_FROZEN_PICTURES = 5
FAULT_WORDS = {
    FeedFault.LOST: "no picture",
    FeedFault.FROZEN: "picture frozen",
    FeedFault.BLIND: "covered or dark",
    FeedFault.MOVED: "camera moved",
    FeedFault.BLURRED: "out of focus",
}


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """Pictures of the camera's view with every slot full and every slot empty, uint8 BGR; each may be missing."""

    stocked: Picture | None = None
    empty: Picture | None = None


@dataclass(slots=True)
class PipelineCounts:
    """What became of the frames that were taken."""

    frames: int = 0
    quiet_frames: int = 0
    """Ended at the gate: nothing had changed."""
    unusable_frames: int = 0
    """Not judged: the feed had a fault or was suspected of one."""


@dataclass(slots=True, eq=False)
class _ShelfSight:
    """What depends on the picture's size; made at the first frame, and again if the camera changes its size."""

    size_px: tuple[int, int]
    gate: MotionGate
    watch: ShelfWatch


@dataclass(slots=True, eq=False)
class _Structured:
    """The sample of the picture whose structure was last looked at, and when a later one was last compared with it."""

    sample: Picture
    made_s: float
    compared_s: float


class CameraPipeline:
    """Readings of one camera. One thread at a time.

    ``person_network`` None: nobody is looked for, and covered slots are told by their shape alone.
    """

    def __init__(
        self,
        settings: CameraSettings,
        vision: VisionSettings,
        *,
        person_network: BoxNetwork | None = None,
        references: References | None = None,
        aids: ShelfAids = NO_AIDS,
    ) -> None:
        self.settings = settings
        self._sources = aids.sources
        self._packs = PackWatch(settings.slots, aids.packs, vision.packs_every_s) if aids.packs else None
        self.people = PeopleWatch(settings, person_network)
        self.counts = PipelineCounts()
        self._references = references or References()
        self._health = FeedHealth(
            lost_after_s=max(vision.lost_after_s, _LOST_PICTURES * settings.picture_every_s),
            frozen_after_s=max(vision.frozen_after_s, _FROZEN_PICTURES * settings.picture_every_s),
            blind_after_s=vision.blind_after_s,
            moved_after_s=vision.moved_after_s,
            blurred_after_s=vision.blurred_after_s,
        )
        self._masks = Masks(settings.masks)
        self._structured: _Structured | None = None
        self._structures = 0
        self._correction: Movement | None = None
        self._glance = Glance()
        self._shelf: _ShelfSight | None = None

    @property
    def fault(self) -> FeedFault | None:
        """The fault that was told and has not ended."""
        return self._health.fault

    def process(self, frame: Frame) -> list[Reading]:
        """Take the next frame; ``media_s`` must rise. Blocks for as long as the person network takes, when needed."""
        self.counts.frames += 1
        steady = self._put_right(frame)
        shrunk = Shrunk(steady.image_bgr)
        try:
            return self._look(frame, steady, shrunk)
        finally:
            shrunk.let_go()

    def _look(self, frame: Frame, steady: Frame, shrunk: Shrunk) -> list[Reading]:
        """Health first; a picture that may be judged goes on to people and the shelf."""
        readings = self._check_health(frame, steady, shrunk)
        if not self._health.is_usable:
            self.counts.unusable_frames += 1
            return readings
        if self._health.correction != self._correction:
            self._correction = self._health.correction
            self._begin_afresh(frame.media_s)
            return readings
        shelf = self._shelf_sight(frame, shrunk) if self.settings.slots else None
        if shelf is None:
            moves = self._glance.moves(shrunk.sample, frame.media_s)
            self.counts.quiet_frames += not moves
            return readings + self.people.follow(frame, moves=moves)
        view = shelf.gate.look(shrunk, frame.media_s)
        self.counts.quiet_frames += view.is_quiet
        readings += self.people.follow(frame, moves=view.is_open)
        return readings + self._count_shelf(shelf, steady, shrunk, view)

    def miss(self, now: Stamp) -> list[Reading]:
        """Say that no frame has come up to now; tells the feed lost when that has lasted long enough."""
        return self._told(self._health.miss(now), now)

    def _put_right(self, frame: Frame) -> Frame:
        """The frame as it would be seen had nobody knocked the camera a little; the shelf and the gate read it.

        Persons are looked for, told and hidden in the frame as it came.
        """
        if self._correction is None:
            return frame
        moved = self._correction
        self._masks.hide(frame.image_bgr, moved=moved)
        steady_bgr = pictures.moved_back(frame.image_bgr, moved.turn, moved.shift)
        self._masks.hide(steady_bgr)
        return replace(frame, image_bgr=steady_bgr)

    def mask(self, image_bgr: Picture) -> None:
        """Paint over, in a picture of this camera, what its masks hide: all of it while nobody knows where that is."""
        fault = self._health.fault
        if fault is FeedFault.MOVED or (fault is None and not self._health.is_usable):
            self._masks.hide_all(image_bgr)
        else:
            self._masks.hide(image_bgr, moved=self._health.correction)

    def end(self, now: Stamp) -> list[Reading]:
        """Say that nothing more will come (the camera gets new settings): a fault that was told is over with it."""
        fault, began = self._health.fault, self._health.began
        if fault is None or began is None:
            return []
        return self._told([FaultChange(fault, began, max(now.media_s - began.media_s, 0.0))], now)

    def _check_health(self, frame: Frame, steady: Frame, shrunk: Shrunk) -> list[Reading]:
        stamp = Stamp(frame.captured_at, frame.mono_s, frame.media_s)
        structure = None
        if not self._has_same_structure(shrunk.sample, stamp):
            structure = self._masks.flatten(pictures.structure(shrunk.small))
            self._structured = _Structured(shrunk.sample, stamp.media_s, stamp.media_s)
            self._structures += 1
        seen = shrunk.sample if steady is frame else pictures.sparse_sample(frame.image_bgr)
        sample = self._masks.visible_part(pictures.green_of(seen))
        return self._told(self._health.see(stamp, sample=sample, structure=structure), stamp)

    def _has_same_structure(self, sample: Picture, stamp: Stamp) -> bool:
        """Whether the picture is still the one whose structure was last found to be in order."""
        before = self._structured
        if before is None or not self._health.is_usable:
            return False
        again_s = _STRUCTURE_AGAIN_S if self._structures < _KNOWN_STRUCTURES else _KNOWN_STRUCTURE_AGAIN_S
        if before.sample.shape != sample.shape or stamp.media_s - before.made_s >= again_s:
            return False
        if not self.settings.slots and stamp.media_s - before.compared_s < _WALKERS_STRUCTURE_S:
            return True
        before.compared_s = stamp.media_s
        return not pictures.is_changed(sample, before.sample)

    def _told(self, changes: Sequence[FaultChange], now: Stamp) -> list[Reading]:
        readings: list[Reading] = []
        for change in changes:
            self._begin_afresh(now.media_s)
            if change.restored_after_s is None:
                readings.append(
                    FeedFaulted(
                        camera_id=self.settings.id,
                        captured_at=now.at,
                        mono_s=now.mono_s,
                        media_s=now.media_s,
                        fault=change.fault,
                        began_at=change.began.at,
                        began_media_s=change.began.media_s,
                    )
                )
            else:
                readings.append(
                    FeedRestored(
                        camera_id=self.settings.id,
                        captured_at=now.at,
                        mono_s=now.mono_s,
                        media_s=now.media_s,
                        fault=change.fault,
                        began_at=change.began.at,
                        no_data_s=change.restored_after_s,
                    )
                )
        return readings

    def _begin_afresh(self, time_s: float) -> None:
        self.people.forget()
        self._glance.drop_past()
        if self._packs is not None:
            self._packs.forget_running()
        if self._shelf is not None:
            self._shelf.gate.drop_past()
            self._shelf.watch.recheck(time_s)

    def _shelf_sight(self, frame: Frame, shrunk: Shrunk) -> _ShelfSight:
        size_px = (frame.image_bgr.shape[1], frame.image_bgr.shape[0])
        if self._shelf is None or self._shelf.size_px != size_px:
            self._shelf = self._open_shelf(size_px, shrunk.small, frame.media_s)
        return self._shelf

    def _open_shelf(self, size_px: tuple[int, int], small: Picture, time_s: float) -> _ShelfSight:
        small_size_px = (small.shape[1], small.shape[0])
        places = place_slots(self.settings.slots, picture_size_px=size_px, small_size_px=small_size_px)
        keep_out = zones_of(places, shape=small.shape[:2])
        shelf = ShelfWatch(
            places, shape=small.shape[:2], steady_s=self.settings.steady_s, time_s=time_s, sources=self._sources
        )
        for picture, is_stocked in ((self._references.stocked, True), (self._references.empty, False)):
            if picture is not None:
                shelf.learn_reference(pictures.fit_to(picture, size_px), is_stocked=is_stocked)
        return _ShelfSight(size_px, MotionGate(small, keep_out, time_s), shelf)

    def _count_shelf(self, sight: _ShelfSight, frame: Frame, shrunk: Shrunk, view: GateView) -> list[Reading]:
        update = sight.watch.update(frame.image_bgr, view, persons_norm=self._hidden_norm(sight), time_s=frame.media_s)
        if update.settled is not None:
            sight.gate.absorb(shrunk.small, update.settled)
        shelf_units = sight.watch.shelf_units()
        return self._name_packs(sight, frame, view, has_changed=bool(update.counts)) + [
            ShelfCounted(
                **seen_in(frame),
                slot_id=count.place.slot.id,
                sku=count.place.slot.sku,
                units=count.units,
                facings=count.place.slot.facings,
                shelf_units=shelf_units,
                low_at=count.place.slot.low_at,
                confidence=count.confidence,
                fill=None if count.place.slot.separable else round(count.units / count.place.slot.facings, 3),
            )
            for count in update.counts
        ]

    def _hidden_norm(self, sight: _ShelfSight) -> list[BoxNorm]:
        """What persons hide, and what the camera does not see since somebody knocked it, in the picture put right."""
        width, height = sight.size_px
        boxes = self.people.sure().clip(width_px=width, height_px=height).xyxy_px
        persons = [(float(a / width), float(b / height), float(c / width), float(d / height)) for a, b, c, d in boxes]
        return persons if self._correction is None else hidden_boxes(persons, self._correction, height / width)

    def _name_packs(self, sight: _ShelfSight, frame: Frame, view: GateView, *, has_changed: bool) -> list[Reading]:
        if self._packs is None:
            return []
        is_calm = not view.is_open and sight.watch.is_calm and not len(self.people.sure())
        return self._packs.look(frame, is_calm=is_calm, has_changed=has_changed)

    @property
    def compliance(self) -> float | None:
        """Planned facings that hold their product, 0..1, as last told; None where no packs are named."""
        return None if self._packs is None else self._packs.compliance

    def overlay(self) -> Overlay:
        """What is known now, for the console's picture."""
        return Overlay(
            slots=self._slot_marks(),
            zones=tuple(
                ZoneMark(
                    polygon_norm=zone.polygon_norm,
                    name=zone.id,
                    people=self.people.occupied.get(zone.id),
                    wait_s=self.people.waits_s.get(zone.id),
                )
                for zone in self.settings.zones
            ),
            lines=tuple(
                LineMark(
                    start_norm=line.start_norm,
                    end_norm=line.end_norm,
                    name=line.id,
                    entered=self.people.crossings[line.id][0],
                    left=self.people.crossings[line.id][1],
                )
                for line in self.settings.lines
            ),
            masks=self.settings.masks,
            persons=self.people.sure(),
            banner=self._banner(),
        )

    def slot_units(self) -> list[tuple[SlotSettings, int | None, bool]]:
        """Each slot with its last claimed units (None before the first) and whether it is held now."""
        known = {}
        if self._shelf is not None:
            known = {place.slot.id: (units, held) for place, units, held in self._shelf.watch.units()}
        return [(slot, *known.get(slot.id, (None, False))) for slot in self.settings.slots]

    def _slot_marks(self) -> tuple[SlotMark, ...]:
        marks = []
        for slot, units, is_held in self.slot_units():
            state = slot_state(units, low_at=slot.low_at, is_held=is_held)
            marks.append(
                SlotMark(polygon_norm=slot.polygon_norm, name=slot.id, units=units, facings=slot.facings, state=state)
            )
        return tuple(marks)

    def _banner(self) -> str | None:
        fault, began = self._health.fault, self._health.began
        if fault is None or began is None:
            return None
        return f"NO DATA: {FAULT_WORDS[fault]} since {began.at:%H:%M:%S} UTC"


def slot_state(units: int | None, *, low_at: int, is_held: bool) -> SlotState:
    """How a slot is to be shown; a covered one is held, whatever was last counted."""
    if units is None:
        return "unknown"
    if is_held:
        return "held"
    if units == 0:
        return "out"
    return "low" if units <= low_at else "ok"
