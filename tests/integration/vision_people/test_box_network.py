"""Networks of every layout as real ONNX files through the real session, and those that are not what they say."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.errors import ArtefactInvalidError, ModelsError
from models.headers import check_header
from models.manifest import ActiveArtefact, FileSource, Manifest, PictureInput, Task
from tests.unit.vision_people.layouts import ENCODERS, Encoder, Seen, network_that_says
from vision.box_network import BoxNetwork
from vision.decoders import DECODERS
from vision.detector import FaceDetector, PersonDetector

LABELS = ("cart", "person", "basket")
INPUT_PX = (320, 320)
Open = Callable[..., BoxNetwork]


def describe(contents: bytes, decoder: str, *, labels: tuple[str, ...], picture: PictureInput) -> Manifest:
    return Manifest(
        name="brought",
        version="1",
        task=Task.PERSONS,
        format="onnx",
        sha256=hashlib.sha256(contents).hexdigest(),
        size_bytes=len(contents),
        licence="MIT",
        input=picture,
        labels=labels,
        decoder=decoder,
        source=FileSource(path="brought.onnx"),
        origin="made by this test",
    )


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Writes a network of one layout that sees two things, and opens it as a manifest with another word may say."""

    def build(
        layout: str,
        *,
        decoder: str | None = None,
        labels: tuple[str, ...] = LABELS,
        fit: Any = "letterbox",
        outputs: Mapping[str, NDArray[Any]] | None = None,
    ) -> BoxNetwork:
        encode: Encoder = ENCODERS[layout]
        seen = [Seen((80, 60, 160, 240), 0.8, labels.index("person")), Seen((200, 40, 240, 120), 0.6)]
        said = outputs if outputs is not None else encode(seen, len(labels), INPUT_PX)
        contents = network_that_says(said, INPUT_PX, sizes_input=layout == "detr")
        (tmp_path / "brought.onnx").write_bytes(contents)
        picture = PictureInput(colour="RGB", width=INPUT_PX[0], height=INPUT_PX[1], std=(255, 255, 255), fit=fit)
        manifest = describe(contents, decoder or layout, labels=labels, picture=picture)
        return BoxNetwork.open(ActiveArtefact(tmp_path / "brought.onnx", manifest))

    return build


@pytest.mark.parametrize("layout", [name for name in DECODERS if name != "centerface"])
@pytest.mark.parametrize(
    ("fit", "wanted"),
    [
        pytest.param("letterbox", (160, 120, 320, 480), id="top left"),
        pytest.param("letterbox-centred", (160, 40, 320, 400), id="in the middle"),
        pytest.param("stretch", (160, 90, 320, 360), id="stretched"),
    ],
)
def test_a_person_is_found_by_weights_of_any_layout(
    opened: Open, layout: str, fit: str, wanted: tuple[float, ...]
) -> None:
    with opened(layout, fit=fit) as network:
        found = PersonDetector(network, threshold=0.4).detect(np.full((480, 640, 3), 90, np.uint8))
    assert found.xyxy_px == pytest.approx(np.array([wanted]), abs=0.1)
    assert (found.score.tolist(), found.label.tolist()) == (pytest.approx([0.8], abs=1e-4), [1])


def test_a_face_is_found_by_weights_for_faces(opened: Open) -> None:
    said = ENCODERS["centerface"]([Seen((80, 60, 120, 100), 0.8)], 1, INPUT_PX)
    with pytest.raises(ArtefactInvalidError, match="no label is called face; there are person"):
        FaceDetector(opened("centerface", labels=("person",), outputs=said), threshold=0.4)


@pytest.mark.parametrize("layout", DECODERS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_weights_of_another_layout_are_refused_or_look_the_same(opened: Open, layout: str, decoder: str) -> None:
    same = {"yolo-end-to-end", "rtdetr"}
    labels = ("person",) if "centerface" in (layout, decoder) else LABELS
    said = ENCODERS[layout]([], len(labels), INPUT_PX)
    if layout == decoder or {layout, decoder} == same:
        opened(layout, decoder=decoder, labels=labels, outputs=said)
        return
    sentence = rf"decoder {decoder} expects .*; these weights give .*decoder.* {layout}\b.* reads$"
    with pytest.raises(ArtefactInvalidError, match=sentence):
        opened(layout, decoder=decoder, labels=labels, outputs=said)


def test_the_sentence_says_what_came_and_what_was_expected(opened: Open) -> None:
    with pytest.raises(ArtefactInvalidError) as refused:
        opened("yolo", labels=("person", "cart"), outputs=ENCODERS["yolo"]([], 3, INPUT_PX))
    assert str(refused.value) == (
        "brought: for 2 labels and a picture of 320 x 320 the decoder yolo expects 1 x 6 x any; "
        "these weights give output0 1 x 7 x 2100"
    )


def test_weights_that_want_another_size_are_refused(opened: Open, tmp_path: Path) -> None:
    contents = network_that_says(ENCODERS["yolo"]([], 3, (640, 640)), (640, 640))
    (tmp_path / "brought.onnx").write_bytes(contents)
    manifest = describe(contents, "yolo", labels=LABELS, picture=PictureInput(colour="RGB", width=320, height=320))
    with pytest.raises(ModelsError, match="expected float32 1 x 3 x 640 x 640; got float32 1 x 3 x 320 x 320"):
        BoxNetwork.open(ActiveArtefact(tmp_path / "brought.onnx", manifest))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param({"decoder": "yolo9000"}, "decoder yolo9000 reads no boxes; there are nanodet, ", id="decoder"),
        pytest.param({"decoder": None}, "decoder None reads no boxes", id="none"),
        pytest.param({"input": PictureInput(colour="GREY")}, "look at pictures in BGR or RGB", id="grey"),
    ],
)
def test_a_manifest_that_describes_no_such_network_is_refused(
    opened: Open, tmp_path: Path, change: Mapping[str, Any], sentence: str
) -> None:
    opened("yolo")
    contents = (tmp_path / "brought.onnx").read_bytes()
    manifest = describe(contents, "yolo", labels=LABELS, picture=PictureInput(colour="RGB")).model_copy(update=change)
    with pytest.raises(ArtefactInvalidError, match=sentence):
        BoxNetwork.open(ActiveArtefact(tmp_path / "brought.onnx", manifest))


def test_weights_without_persons_are_refused_for_persons(opened: Open) -> None:
    labels = ("cart", "basket", "trolley", "person", "bag", "shelf")
    with opened("yolo", labels=labels) as network:
        assert PersonDetector(network, threshold=0.4).detect(np.zeros((320, 320, 3), np.uint8)).label.tolist() == [3]
        with pytest.raises(ArtefactInvalidError, match=r"no label is called face; there are cart, .*bag, \.\.\."):
            FaceDetector(network, threshold=0.4)


@pytest.mark.parametrize("layout", DECODERS)
def test_networks_of_every_layout_pass_the_look_at_their_header(layout: str, tmp_path: Path) -> None:
    said = ENCODERS[layout]([], 1, INPUT_PX)
    contents = network_that_says(said, INPUT_PX, sizes_input=layout == "detr")
    path = tmp_path / "brought.onnx"
    path.write_bytes(contents)
    check_header(path, "onnx")
