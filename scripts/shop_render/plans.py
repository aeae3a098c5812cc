"""The demo shop's three cameras: what stands on the shelves and what happens before them.

Owns the script of the clips. A change here changes the truth file with it; nothing is written down twice.
"""

from scripts.shop_render.scene import (
    AislePlan,
    Cover,
    Dim,
    Freeze,
    Level,
    Pack,
    PackForm,
    Plan,
    Reach,
    Rest,
    Rgb,
    ShelfPlan,
    ShelfView,
    Slot,
    Stand,
    Walker,
)

DURATION_S = 115.0

WHITE: Rgb = (246, 246, 242)
CREAM: Rgb = (246, 236, 208)
NAVY: Rgb = (24, 46, 104)
BLUE: Rgb = (38, 98, 178)
SKY: Rgb = (120, 186, 226)
GREEN: Rgb = (46, 122, 66)
LEAF: Rgb = (146, 188, 72)
RED: Rgb = (196, 36, 40)
PINK: Rgb = (224, 84, 120)
ORANGE: Rgb = (236, 132, 32)
YELLOW: Rgb = (246, 206, 62)
BROWN: Rgb = (98, 60, 36)
BLACK: Rgb = (30, 30, 34)
TEAL: Rgb = (20, 128, 132)
PURPLE: Rgb = (98, 54, 128)
SILVER: Rgb = (188, 194, 202)


def _pack(form: PackForm, size_mm: tuple[float, float], colours: tuple[Rgb, Rgb, Rgb], motif: str) -> Pack:
    return Pack(form=form, width_mm=size_mm[0], height_mm=size_mm[1], colours=colours, motif=motif)


def dairy_view() -> ShelfView:
    """The chilled dairy shelf."""
    milks = (
        Slot(
            id="milk-whole",
            sku="BR-0050",
            facings=4,
            pack=_pack("carton", (80, 196), (WHITE, BLUE, NAVY), "wave"),
        ),
        Slot(
            id="milk-semi",
            sku="BR-0051",
            facings=3,
            initial=2,
            pack=_pack("carton", (80, 196), (WHITE, SKY, BLUE), "drop"),
        ),
        Slot(
            id="oat-drink",
            sku="BR-0056",
            facings=3,
            pack=_pack("carton", (78, 200), (CREAM, ORANGE, BROWN), "grain"),
        ),
        Slot(
            id="almond-drink",
            sku="BR-0057",
            facings=3,
            pack=_pack("carton", (78, 200), (TEAL, CREAM, WHITE), "leaf"),
        ),
        Slot(
            id="soya-drink",
            sku="BR-0058",
            facings=3,
            pack=_pack("carton", (78, 200), (LEAF, WHITE, GREEN), "dots"),
        ),
    )
    yoghurts = (
        Slot(
            id="kefir",
            sku="BR-0076",
            facings=3,
            pack=_pack("bottle", (64, 176), (WHITE, TEAL, NAVY), "wave"),
        ),
        Slot(
            id="yoghurt-natural",
            sku="BR-0068",
            facings=3,
            pack=_pack("tub", (100, 112), (WHITE, GREEN, NAVY), "leaf"),
        ),
        Slot(
            id="yoghurt-greek",
            sku="BR-0069",
            facings=3,
            pack=_pack("tub", (98, 106), (NAVY, WHITE, WHITE), "stripes"),
        ),
        Slot(
            id="skyr",
            sku="BR-0067",
            facings=2,
            pack=_pack("tub", (100, 100), (SKY, NAVY, NAVY), "peak"),
        ),
        Slot(
            id="iced-coffee",
            sku="BR-0091",
            facings=3,
            initial=2,
            pack=_pack("tub", (72, 132), (BROWN, CREAM, WHITE), "bean"),
        ),
    )
    butters = (
        Slot(
            id="butter-salted",
            sku="BR-0059",
            facings=3,
            pack=_pack("box", (108, 72), (YELLOW, RED, NAVY), "sun"),
        ),
        Slot(
            id="cream-whipping",
            sku="BR-0063",
            facings=4,
            pack=_pack("tub", (64, 92), (PINK, WHITE, WHITE), "wave"),
        ),
        Slot(
            id="cream-cheese",
            sku="BR-0084",
            facings=3,
            pack=_pack("tub", (108, 68), (WHITE, LEAF, GREEN), "leaf"),
        ),
        Slot(
            id="eggs-free-range",
            sku="BR-0086",
            facings=2,
            pack=_pack("box", (184, 74), (SILVER, YELLOW, BROWN), "egg"),
        ),
    )
    return ShelfView(
        camera_id="cam-dairy",
        name="Dairy shelf, aisle 2",
        width_mm=1500,
        height_mm=844,
        corners_mm=((14, 22), (1490, 4), (1480, 840), (26, 822)),
        levels=(
            Level(board_mm=262, clear_mm=232, slots=milks),
            Level(board_mm=520, clear_mm=200, slots=yoghurts),
            Level(board_mm=752, clear_mm=172, slots=butters),
        ),
    )


def snacks_view() -> ShelfView:
    """The shelf with crisps, soft drinks, jars and nuts."""
    crisps = (
        Slot(
            id="crisps-salted",
            sku="BR-0232",
            facings=2,
            pack=_pack("bag", (168, 226), (RED, YELLOW, WHITE), "sun"),
        ),
        Slot(
            id="crisps-paprika",
            sku="BR-0233",
            facings=2,
            pack=_pack("bag", (168, 226), (ORANGE, RED, WHITE), "stripes"),
        ),
        Slot(
            id="tortilla-chips",
            sku="BR-0234",
            facings=2,
            pack=_pack("bag", (164, 220), (YELLOW, TEAL, BLACK), "peak"),
        ),
        Slot(
            id="crisps-vegetable",
            sku="BR-0240",
            facings=2,
            initial=1,
            pack=_pack("bag", (160, 216), (GREEN, PURPLE, WHITE), "leaf"),
        ),
    )
    cans = (
        Slot(
            id="cola-can",
            sku="BR-0272",
            facings=5,
            pack=_pack("can", (66, 118), (RED, WHITE, WHITE), "wave"),
        ),
        Slot(
            id="lemonade-can",
            sku="BR-0274",
            facings=4,
            pack=_pack("can", (66, 118), (YELLOW, GREEN, GREEN), "dots"),
        ),
        Slot(
            id="salsa-jar",
            sku="BR-0235",
            facings=3,
            pack=_pack("jar", (78, 108), (RED, CREAM, GREEN), "sun"),
        ),
        Slot(
            id="iced-tea",
            sku="BR-0278",
            facings=5,
            pack=_pack("bottle", (68, 186), (ORANGE, CREAM, GREEN), "leaf"),
        ),
    )
    nuts = (
        Slot(
            id="peanuts",
            sku="BR-0241",
            facings=3,
            pack=_pack("bag", (116, 156), (BLUE, YELLOW, WHITE), "dots"),
        ),
        Slot(
            id="cashews",
            sku="BR-0242",
            facings=3,
            initial=2,
            pack=_pack("bag", (112, 152), (BLACK, ORANGE, CREAM), "bean"),
        ),
        Slot(
            id="biscuits-choc",
            sku="BR-0259",
            facings=3,
            pack=_pack("box", (122, 140), (PURPLE, YELLOW, WHITE), "dots"),
        ),
        Slot(
            id="peanut-butter",
            sku="BR-0207",
            facings=3,
            pack=_pack("jar", (80, 112), (BROWN, YELLOW, RED), "grain"),
        ),
    )
    return ShelfView(
        camera_id="cam-snacks",
        name="Snack shelf, aisle 7",
        width_mm=1500,
        height_mm=844,
        corners_mm=((24, 6), (1486, 26), (1474, 826), (12, 840)),
        panel=(214, 208, 196),
        levels=(
            Level(board_mm=272, clear_mm=246, slots=crisps),
            Level(board_mm=536, clear_mm=206, slots=cans),
            Level(board_mm=766, clear_mm=176, slots=nuts),
        ),
    )


def dairy_plan() -> ShelfPlan:
    """Fifteen units' worth of events, a resting hand, and a shopper behind whom something is taken."""
    return ShelfPlan(
        view=dairy_view(),
        actions=(
            Reach(start_s=3.0, slot="milk-whole", delta=-1, actor=0),
            Reach(start_s=8.8, slot="oat-drink", delta=-1, actor=1, from_side=-0.1),
            Reach(start_s=14.6, slot="milk-whole", delta=-2, actor=2),
            Reach(start_s=20.4, slot="butter-salted", delta=-1, actor=0, from_side=0.2),
            Reach(start_s=26.2, slot="milk-whole", delta=-1, actor=1, from_side=0.05),
            Rest(start_s=32.0, slot="yoghurt-natural", rest_s=5.0, actor=2),
            Reach(start_s=42.4, slot="yoghurt-natural", delta=-1, actor=0, from_side=-0.15),
            Reach(start_s=48.2, slot="milk-whole", delta=2, actor=3),
            Reach(start_s=54.0, slot="milk-whole", delta=2, actor=3),
            Stand(start_s=60.0, hold_s=7.0, at_x=0.52, slot="cream-cheese", person=1),
            Reach(start_s=73.6, slot="yoghurt-greek", delta=-2, actor=1, from_side=0.1),
            Reach(start_s=79.4, slot="oat-drink", delta=1, actor=3, from_side=-0.1),
            Reach(start_s=85.2, slot="butter-salted", delta=1, actor=3),
            Reach(start_s=91.0, slot="yoghurt-natural", delta=1, actor=3, from_side=-0.12),
            Reach(start_s=96.8, slot="cream-cheese", delta=1, actor=3),
            Reach(start_s=102.6, slot="yoghurt-greek", delta=2, actor=3, from_side=0.1),
        ),
    )


def snacks_plan() -> ShelfPlan:
    """Eleven events, and every fault: dimmed lamps, a frozen stream, a passer, a covered lens."""
    return ShelfPlan(
        view=snacks_view(),
        actions=(
            Reach(start_s=3.0, slot="cola-can", delta=-1, actor=2, from_side=0.1),
            Reach(start_s=8.8, slot="cola-can", delta=-2, actor=0),
            Dim(start_s=14.0, end_s=27.0),
            Reach(start_s=18.5, slot="crisps-paprika", delta=-1, actor=1, from_side=0.05),
            Reach(start_s=30.0, slot="salsa-jar", delta=-1, actor=2, from_side=-0.1),
            Freeze(start_s=36.0, end_s=44.0),
            Reach(start_s=48.0, slot="cola-can", delta=2, actor=3, from_side=0.12),
            Reach(start_s=53.8, slot="crisps-paprika", delta=-1, actor=0, from_side=-0.1),
            Stand(start_s=59.8, hold_s=0.0, at_x=0.5, person=2),
            Cover(start_s=66.5, end_s=76.5),
            Reach(start_s=80.0, slot="crisps-paprika", delta=2, actor=3, from_side=0.1),
            Reach(start_s=85.8, slot="peanuts", delta=-2, actor=1),
            Reach(start_s=91.6, slot="cola-can", delta=1, actor=3),
            Reach(start_s=97.4, slot="salsa-jar", delta=1, actor=3, from_side=-0.1),
            Reach(start_s=103.2, slot="peanuts", delta=2, actor=3),
        ),
    )


def aisle_plan() -> AislePlan:
    """The entrance and the till: six shoppers, at most three of them queueing."""
    return AislePlan(
        camera_id="cam-aisle",
        name="Entrance and till",
        line_id="entrance",
        line_m=((-2.6, 7.4), (0.0, 7.4)),
        zone_id="queue",
        zone_m=((0.5, 4.0), (2.3, 4.0), (2.3, 6.8), (0.5, 6.8)),
        walkers=(
            _enters(0, 2.0, (7.0, -1.2, 5.2), (10.0, 1.75, 4.5), (29.0, 1.75, 4.5), (34.5, -1.2, 7.0), leaves_s=36.5),
            _enters(
                1,
                11.0,
                (15.5, -0.7, 6.2),
                (17.5, 1.0, 5.7),
                (33.0, 1.0, 5.7),
                (34.0, 1.75, 4.5),
                (47.0, 1.75, 4.5),
                (52.5, -1.0, 7.0),
                leaves_s=54.5,
            ),
            _enters(2, 20.0, (27.0, -1.4, 3.6), (30.0, -5.0, 3.4)),
            Walker(
                person=3,
                way=(
                    (37.0, -5.0, 5.0),
                    (41.0, -0.6, 6.0),
                    (43.0, 1.0, 6.0),
                    (50.0, 1.0, 5.7),
                    (52.5, 1.75, 4.5),
                    (68.0, 1.75, 4.5),
                    (74.0, -1.4, 7.0),
                    *_out_by(76.0),
                ),
            ),
            _enters(4, 63.0, (70.5, -1.7, 3.4), (73.0, -5.2, 3.2)),
            Walker(
                person=5,
                way=(
                    (78.0, -5.0, 4.4),
                    (82.0, -1.0, 5.0),
                    (84.5, 1.7, 4.7),
                    (98.0, 1.7, 4.7),
                    (103.5, -1.2, 7.0),
                    *_out_by(105.5),
                ),
            ),
        ),
    )


def _enters(person: int, start_s: float, *way: tuple[float, float, float], leaves_s: float | None = None) -> Walker:
    """A walker who comes in by the door, and leaves by it when ``leaves_s`` is given."""
    coming = ((start_s, -4.6, 11.4), (start_s + 2.4, -1.4, 10.4), (start_s + 3.0, -1.2, 9.6))
    return Walker(person=person, way=(*coming, *way, *(() if leaves_s is None else _out_by(leaves_s))))


def _out_by(time_s: float) -> tuple[tuple[float, float, float], ...]:
    return (time_s, -1.2, 9.6), (time_s + 0.6, -1.4, 10.4), (time_s + 3.0, -4.6, 11.4)


def all_plans() -> dict[str, Plan]:
    """The three plans by camera id, the dearest to render first."""
    plans: tuple[Plan, ...] = (dairy_plan(), snacks_plan())
    by_camera: dict[str, Plan] = {plan.view.camera_id: plan for plan in plans if isinstance(plan, ShelfPlan)}
    aisle = aisle_plan()
    return {**by_camera, aisle.camera_id: aisle}
