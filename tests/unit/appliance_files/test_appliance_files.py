import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from models.config import ModelsSettings
from vision.config import CameraSettings

ROOT = Path(__file__).resolve().parents[3]
PROFILES = sorted((ROOT / "firmware-config" / "profiles").glob("*.toml"))
SERVICE = ROOT / "firmware-config" / "systemd" / "backroom.service"
KIOSK = ROOT / "firmware-config" / "kiosk-browser" / "backroom-kiosk.service"
DOCKERFILE = ROOT / "Dockerfile.arm64"
SYSTEMD = shutil.which("systemd-analyze")


def _stages() -> dict[str, str]:
    """Text of each stage of the image by its name."""
    parts = re.split(r"^FROM \S+ AS (\w+)$", DOCKERFILE.read_text(), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _unit(path: Path) -> dict[str, str]:
    """Settings of a unit, the last one of each name."""
    lines = [line for line in path.read_text().splitlines() if line and line[0] not in "#["]
    return dict(line.split("=", 1) for line in lines)


def test_there_is_a_profile_for_each_device() -> None:
    assert [path.stem for path in PROFILES] == ["jetson-orin-nano", "pi5", "rk3588", "x86"]


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_profile_is_accepted_by_the_settings(path: Path) -> None:
    profile = tomllib.loads(path.read_text())

    assert set(profile) == {"profile", "models"}
    assert set(profile["profile"]) == {
        "device",
        "measured",
        "cpus",
        "cameras_max",
        "analyse_fps",
        "memory_max_mb",
    }
    ModelsSettings.model_validate(profile["models"])
    CameraSettings(id="cam", analyse_fps=profile["profile"]["analyse_fps"])


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_a_profile_that_was_not_measured_says_so(path: Path) -> None:
    profile = tomllib.loads(path.read_text())["profile"]

    assert profile["measured"] or re.search(r"[Nn]ot measured|was not\.", path.read_text())


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_a_profile_leaves_cores_for_the_cameras(path: Path) -> None:
    profile = tomllib.loads(path.read_text())
    first, _, last = profile["profile"]["cpus"].partition("-")
    cores = int(last) - int(first) + 1 if last else 2

    assert profile["models"]["language"]["threads"] <= max(2, cores // 2)


def test_the_image_file_has_no_findings() -> None:
    hadolint = shutil.which("hadolint") or str(Path(sys.executable).with_name("hadolint"))
    command = [hadolint, "--config", str(ROOT / ".hadolint.yaml"), str(DOCKERFILE)]

    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert (ran.returncode, ran.stdout) == (0, "")


def test_the_final_image_has_no_compiler_no_root_and_a_health_check() -> None:
    stages = _stages()
    assert list(stages) == ["build", "base", "weights", "appliance"]
    final = stages["base"] + stages["appliance"]

    assert not re.search(r"build-essential|gcc|g\+\+|cmake|-dev\b", final)
    assert "libgomp1" in final
    assert re.search(r"^USER 10501:10501$", final, flags=re.MULTILINE)
    assert 'HEALTHCHECK --interval=30s --timeout=10s --start-period=90s --retries=3 CMD ["backroom", "status"' in final
    assert "VOLUME /var/lib/backroom" in final
    assert "USER root" not in stages["appliance"]


def test_the_image_installs_only_what_is_pinned_by_hash() -> None:
    build = _stages()["build"]

    installs = re.findall(r"pip install ([^&\n]+)", build)
    assert len(installs) == 4
    assert all("--require-hashes" in line or "--editable ." in line for line in installs)


def test_the_weights_are_not_in_the_appliances_layers() -> None:
    stages = _stages()

    assert "/opt/backroom/weights" in stages["weights"]
    assert "weights" not in stages["appliance"]


def test_the_language_engine_is_built_for_any_board_of_the_kind() -> None:
    build = _stages()["build"]

    for flag in ("-DGGML_NATIVE=OFF", "-DLLAMA_CURL=OFF", "-DLLAVA_BUILD=OFF", "-DMTMD_BUILD=OFF"):
        assert flag in build
    assert "-DGGML_CPU_ARM_ARCH=armv8.2-a+dotprod+fp16" in build


def test_the_build_sees_only_what_the_image_needs() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        name.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE.read_text(), flags=re.MULTILINE)
        for name in line.split()[:-1]
    }

    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"
    assert kept == copied


@pytest.mark.parametrize(
    "setting",
    [
        "Type=notify",
        "WatchdogSec=30",
        "Restart=always",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "MemoryDenyWriteExecute=yes",
        "StateDirectory=backroom",
        "MemoryMax=2048M",
    ],
)
def test_the_service_is_hardened_and_watched(setting: str) -> None:
    name, value = setting.split("=", 1)

    assert _unit(SERVICE)[name] == value


@pytest.mark.skipif(SYSTEMD is None, reason="no systemd here")
@pytest.mark.parametrize(("path", "exposure_tenths"), [(SERVICE, 15), (KIOSK, 50)], ids=["backroom", "kiosk"])
def test_systemd_understands_the_units_and_finds_them_little_exposed(path: Path, exposure_tenths: int) -> None:
    verify = [str(SYSTEMD), "verify", "--man=no", str(path)]
    said = subprocess.run(verify, capture_output=True, text=True, timeout=30, check=False).stderr
    # The programs are not installed where the tests run.
    assert [line for line in said.splitlines() if "is not executable" not in line and path.name in line] == []

    secure = [str(SYSTEMD), "security", "--offline=true", f"--threshold={exposure_tenths}", str(path)]
    rated = subprocess.run(secure, capture_output=True, text=True, timeout=30, check=False)
    assert rated.returncode == 0, rated.stdout


def test_the_kiosks_browser_reaches_this_machine_only() -> None:
    unit = _unit(KIOSK)
    policy = json.loads((KIOSK.parent / "kiosk-policy.json").read_text())
    address = re.search(r"^KIOSK_URL=(.+)/$", (KIOSK.parent / "kiosk-browser.env").read_text(), flags=re.MULTILINE)

    assert (unit["IPAddressDeny"], unit["IPAddressAllow"]) == ("any", "localhost")
    assert policy["URLBlocklist"] == ["*"]
    assert address is not None
    assert policy["URLAllowlist"] == [address[1]]
