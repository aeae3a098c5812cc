"""Pulling weights over real TLS from a server that cuts, lies, stalls and comes back; and joining parts."""

import errno
import random
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from models.download import Downloader, Patience
from models.durable import LocalDisk
from models.errors import (
    ArtefactInvalidError,
    ArtefactMissingError,
    ArtefactRejectedError,
    ModelsError,
    RegistryUnavailableError,
    SourceUnavailableError,
)
from models.manifest import Manifest, Task
from models.registry import Registry, Slots
from tests.integration.models.tls_server import (
    Answer,
    ScriptedServer,
    cut_after,
    ignore_range,
    make_certificate,
    other,
    running,
    serve,
    silent,
    status,
    wrong_part,
)
from tests.unit.models.artefacts import (
    RecordedDisk,
    after_power_cut,
    manifest,
    no_trial,
    plant,
    put_default,
    tree,
    weights,
)

CONTENTS = weights("better" * 40)
PATIENCE = Patience(silence_s=0.5, slow_window_s=0.2, slow_bytes=64, tries=3, first_wait_s=0.0, longest_wait_s=0.0)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server(certificate: tuple[Path, Path]) -> Iterator[ScriptedServer]:
    with running(CONTENTS, *certificate) as started:
        yield started


@dataclass
class Shop:
    """A registry with a default, and weights that are to be had from a server."""

    root: Path
    defaults: Path
    server: ScriptedServer
    wanted: Manifest
    waits: list[float] = field(default_factory=list)

    def registry(self, disk: LocalDisk | None = None) -> Registry:
        downloader = Downloader(tls=self.server.tls, patience=PATIENCE, rng=random.Random(1), wait=self.waits.append)
        return Registry(self.root, self.defaults, trial=no_trial, fetcher=downloader, disk=disk)

    def part(self) -> Path:
        return self.root / "parts" / f"{self.wanted.sha256}.part"

    def untouched(self) -> None:
        """Nothing was added and the default is in use."""
        registry = self.registry()
        assert registry.active(Task.PERSONS).manifest.name == "stock"
        assert [entry.manifest.name for entry in registry.list()] == ["stock"]
        assert not [*self.root.glob("blobs/*"), *self.root.glob("parts/*")]


def https(url: str, contents: bytes = CONTENTS) -> Manifest:
    return manifest("better", contents, source={"kind": "https", "url": url})


@pytest.fixture
def shop(server: ScriptedServer, tmp_path: Path) -> Shop:
    put_default(tmp_path / "defaults", "stock")
    return Shop(tmp_path / "data", tmp_path / "defaults", server, https(server.url()))


def test_pulled_weights_are_the_candidate_and_can_be_put_in_use(shop: Shop) -> None:
    seen: list[tuple[int, int]] = []
    registry = shop.registry()
    registry.pull(shop.wanted, progress=lambda done, whole: seen.append((done, whole)))
    assert seen[-1] == (len(CONTENTS), len(CONTENTS))
    assert registry.slots(Task.PERSONS) == Slots(candidate="better")
    registry.activate("better", judge=None)
    assert registry.active(Task.PERSONS).path.read_bytes() == CONTENTS
    assert not shop.part().exists()


@pytest.mark.parametrize(
    ("answers", "ranges"),
    [
        pytest.param([cut_after(100), serve], [None, "bytes=100-"], id="cut in the middle"),
        pytest.param([cut_after(100), cut_after(70), serve], [None, "bytes=100-", "bytes=170-"], id="cut twice"),
        pytest.param([cut_after(100), ignore_range], [None, "bytes=100-"], id="a server that ignores the range"),
        pytest.param([status(503), serve], [None, None], id="a busy server"),
        pytest.param([cut_after(100), status(416), serve], [None, "bytes=100-", None], id="a range it cannot serve"),
        pytest.param([cut_after(100), wrong_part, serve], [None, "bytes=100-", "bytes=100-"], id="another part"),
        pytest.param([other(CONTENTS, without_length=True)], [None], id="no length said"),
        pytest.param([status(302, Location="/elsewhere"), serve], [None, None], id="sent on"),
    ],
)
def test_what_a_server_does_by_mistake_is_got_over(shop: Shop, answers: list[Answer], ranges: list[str | None]) -> None:
    shop.server.answers = answers
    registry = shop.registry()
    registry.pull(shop.wanted)
    assert shop.server.ranges == ranges
    assert registry.verified("better").path.read_bytes() == CONTENTS


def test_a_silent_server_is_given_up_and_the_next_pull_goes_on_from_there(shop: Shop) -> None:
    shop.server.answers = [cut_after(200), silent(shop.server)]
    with pytest.raises(
        SourceUnavailableError, match=r"localhost: does not answer in time; 2\d\d of \d+ bytes are here"
    ):
        shop.registry().pull(shop.wanted)
    kept = shop.part().stat().st_size
    assert kept >= 200
    entry = shop.registry().show("better")
    assert entry.problem == "better is not here yet: `backroom models pull better`"
    shop.server.answers, shop.server.ranges = [serve], []
    shop.registry().pull(entry.manifest)
    assert shop.server.ranges == [f"bytes={kept}-"]
    assert shop.registry().verified("better").path.read_bytes() == CONTENTS


def test_waits_grow_to_a_limit_and_vary(shop: Shop) -> None:
    patience = Patience(silence_s=1.0, tries=6, first_wait_s=1.0, longest_wait_s=5.0)
    shop.server.answers = [status(503)]
    downloader = Downloader(tls=shop.server.tls, patience=patience, rng=random.Random(3), wait=shop.waits.append)
    with pytest.raises(SourceUnavailableError, match="answers 503"):
        Registry(shop.root, shop.defaults, fetcher=downloader).pull(shop.wanted)
    assert len(shop.waits) == 5
    assert all(
        low <= waited <= high
        for waited, low, high in zip(shop.waits, [1, 2, 2.5, 2.5, 2.5], [2, 4, 5, 5, 5], strict=True)
    )


def test_what_arrived_before_and_was_damaged_is_fetched_anew(shop: Shop) -> None:
    shop.server.answers = [cut_after(200), status(503)]
    with pytest.raises(SourceUnavailableError):
        shop.registry().pull(shop.wanted)
    shop.part().write_bytes(b"\0" * 150)
    shop.server.answers, shop.server.ranges = [serve], []
    shop.registry().pull(shop.wanted)
    assert shop.server.ranges == ["bytes=150-", None]
    assert shop.registry().verified("better").path.read_bytes() == CONTENTS


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        pytest.param(other(CONTENTS + b"!"), ArtefactInvalidError, r"offers a file of \d+ bytes", id="too long"),
        pytest.param(other(CONTENTS[:-1]), ArtefactInvalidError, r"offers a file of \d+ bytes", id="too short"),
        pytest.param(
            other(CONTENTS + b"!", without_length=True), ArtefactInvalidError, "sends more than", id="endless"
        ),
        pytest.param(other(CONTENTS[:-1] + b"!"), ArtefactInvalidError, "its contents are not those", id="wrong hash"),
        pytest.param(other(b"<" + CONTENTS[1:]), ArtefactInvalidError, "is not ONNX but a web page", id="a page"),
        pytest.param(status(404), ArtefactMissingError, "answers 404", id="not there"),
        pytest.param(status(302, Location="http://localhost/"), ArtefactRejectedError, "no https address", id="plain"),
        pytest.param(status(302, Location="file:///etc/passwd"), ArtefactRejectedError, "no https", id="a local file"),
        pytest.param(status(302, Location="https://[::1/"), ArtefactRejectedError, "no https", id="no address"),
        pytest.param(status(302, Location="/again"), ArtefactRejectedError, "more than 5 times", id="in circles"),
    ],
)
def test_what_is_not_the_right_file_leaves_nothing_behind(
    shop: Shop, answer: Answer, error: type[ModelsError], sentence: str
) -> None:
    shop.server.answers = [answer]
    with pytest.raises(error, match=sentence):
        shop.registry().pull(shop.wanted)
    shop.untouched()


def test_weights_with_the_right_hash_and_a_hostile_header_leave_nothing_behind(shop: Shop) -> None:
    hostile = b"\x08\x08\x3a\xff\xff\xff\xff\x0f" + bytes(100)
    shop.server.contents = hostile
    with pytest.raises(ArtefactInvalidError, match="its header is refused"):
        shop.registry().pull(https(shop.server.url(), hostile))
    shop.untouched()


def test_a_server_that_nobody_vouches_for_is_not_talked_to(shop: Shop) -> None:
    stranger = Downloader(tls=ssl.create_default_context(), patience=PATIENCE)
    with pytest.raises(SourceUnavailableError, match="certificate is not trusted"):
        Registry(shop.root, shop.defaults, fetcher=stranger).pull(shop.wanted)
    assert shop.server.ranges == []


def test_a_full_disk_is_said_and_leaves_nothing_half(shop: Shop) -> None:
    with pytest.raises(RegistryUnavailableError, match="No space left on device"):
        shop.registry(_FullDisk()).pull(shop.wanted)
    shop.untouched()


def test_a_download_that_cannot_fit_does_not_begin(shop: Shop) -> None:
    huge = shop.wanted.model_copy(update={"size_bytes": 1 << 40})
    with pytest.raises(RegistryUnavailableError, match=r"needs \d+ MB more"):
        shop.registry().pull(huge)
    assert shop.server.ranges == []


def test_weights_beside_their_manifest_are_not_pulled(shop: Shop) -> None:
    with pytest.raises(ArtefactRejectedError, match="use `backroom models add`"):
        shop.registry().pull(manifest("beside", CONTENTS))


def test_parts_of_a_package_are_joined_and_verified(shop: Shop) -> None:
    parts = ("pytest/__main__.py", "pytest/py.typed", "pytest/__main__.py")
    source = {"kind": "package", "distribution": "pytest", "parts": parts}
    with pytest.raises(ArtefactInvalidError, match=r"is not ONNX|bytes long"):
        shop.registry().pull(manifest("joined", CONTENTS, source=source))
    shop.untouched()


def test_parts_that_make_the_right_file_are_put_in_use(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path / "site", {"split_weights/a.bin": CONTENTS[:50], "split_weights/b.bin": CONTENTS[50:]})
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    parts = ("split_weights/a.bin", "split_weights/b.bin")
    joined = manifest("joined", CONTENTS, source={"kind": "package", "distribution": "split-weights", "parts": parts})
    (shop.defaults / "joined.json").write_text(joined.model_copy(update={"task": Task.FACES}).model_dump_json())
    registry = shop.registry()
    with pytest.raises(ArtefactMissingError, match="backroom models pull joined"):
        registry.active(Task.FACES)
    registry.pull(registry.show("joined").manifest)
    assert registry.active(Task.FACES).path.read_bytes() == CONTENTS


def _install(site: Path, files: dict[str, bytes]) -> None:
    """A distribution as an installer leaves it."""
    (site / "split_weights-1.dist-info").mkdir(parents=True)
    (site / "split_weights-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: split-weights\nVersion: 1\n"
    )
    for name, contents in files.items():
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_bytes(contents)


Change = Callable[[Registry, Shop], None]


def _pull(registry: Registry, shop: Shop) -> None:
    registry.pull(shop.wanted)


def _activate(registry: Registry, _shop: Shop) -> None:
    registry.activate("better", judge=None)


@pytest.mark.parametrize(("before", "change"), [([], _pull), ([_pull], _activate)], ids=["pull", "activate"])
def test_a_power_cut_at_any_step_leaves_a_whole_active_artefact_and_the_next_try_succeeds(
    shop: Shop, tmp_path: Path, before: list[Change], change: Change
) -> None:
    for step in before:
        step(shop.registry(), shop)
    kept, disk = tree(shop.root), RecordedDisk()
    change(shop.registry(disk), shop)
    assert len(disk.steps) >= 4
    for cut_after_step in range(len(disk.steps) + 1):
        for i, files in enumerate(after_power_cut(kept, disk.steps[:cut_after_step])):
            found = plant(files, root=shop.root, elsewhere=tmp_path / f"cut-{cut_after_step}-{i}")
            survivor = Shop(found, shop.defaults, shop.server, shop.wanted)
            active = survivor.registry().active(Task.PERSONS)
            assert active.path.read_bytes() == (CONTENTS if active.manifest.name == "better" else weights("stock"))
            _pull(survivor.registry(), survivor)
            _activate(survivor.registry(), survivor)
            assert survivor.registry().active(Task.PERSONS).path.read_bytes() == CONTENTS


class _FullDisk(LocalDisk):
    def append(self, path: Path, chunk: bytes) -> None:
        super().append(path, chunk[: len(chunk) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")
