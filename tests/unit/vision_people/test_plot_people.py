"""The plot of people in view and crossings: well-formed, and every crossing is a tick on its own side."""

from xml.etree import ElementTree

from scripts.plot_people import Seen, drawing

LOOKS = [
    Seen(0.0, 0, ()),
    Seen(0.2, 2, (("door", "in"),)),
    Seen(0.4, 3, (("door", "in"), ("till <1>", "out"))),
    Seen(0.6, 1, ()),
]


def test_each_crossing_is_a_tick_and_each_look_a_point() -> None:
    text = drawing(LOOKS, ["door", "till <1>", "yard"])
    root = ElementTree.fromstring(text)  # noqa: S314 (our own text)
    names = ["".join(element.itertext()) for element in root if element.tag.endswith("text")]
    assert "door: in 2 (up), out 0 (down)" in names
    assert "till <1>: in 0 (up), out 1 (down)" in names
    assert "yard: in 0 (up), out 0 (down)" in names
    assert (text.count("v-14"), text.count("v14")) == (2, 1)
    curve = next(element for element in root if element.tag.endswith("polyline"))
    assert len(curve.attrib["points"].split()) == len(LOOKS)


def test_a_recording_without_people_and_lines_is_a_flat_curve() -> None:
    assert "polyline" in drawing([Seen(0.0, 0, ())], [])
