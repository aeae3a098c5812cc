"""A node that was away until its certificate was over gets a new one by the technician's hand, and loses nothing."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.certificate_check import certificate_check
from edge.certificates import install, make_request, sign_request
from edge.cli import cloud_command
from edge.errors import ConfigError
from edge.places import DEMO_SHOP
from sync.config import SyncSettings
from sync.link import Endpoint, TlsFiles
from sync.records import Lane
from tests.integration.sync.authority import NOW, Authority
from tests.integration.sync.conftest import FAST, HeadOffice, Mosquitto, free_port, wait_until

RUNNER = CliRunner()
NODE = "demo/s001/n1"


def run(*words: object, ends: int = 0) -> str:
    done = RUNNER.invoke(cloud_command.app, ["certificate", *map(str, words)])
    assert done.exit_code == ends, done.output
    return done.output


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def shop(tmp_path: Path, authority: Authority) -> Path:
    folder = tmp_path / "shop"
    shutil.copytree(DEMO_SHOP, folder)
    lines = f'tls_ca_file = "{authority.file}"\ntls_cert_file = "node.pem"\ntls_key_file = "node.key"\n'
    text = (folder / "shop.toml").read_text()
    assert text.count("[sync]\n") == 1
    named = f'[sync]\nbroker = "mqtts://127.0.0.1:8883"\n{lines}'
    (folder / "shop.toml").write_text(text.replace("[sync]\n", named))
    return folder


@pytest.fixture
def broker(tmp_path: Path, authority: Authority) -> Iterator[Endpoint]:
    port, files = free_port(), authority.issue("broker")
    broker = Mosquitto(
        tmp_path,
        "allow_anonymous false\n",
        listener=f"listener {port} 127.0.0.1\ncafile {files.ca_file}\ncertfile {files.cert_file}\n"
        f"keyfile {files.key_file}\nrequire_certificate true\nuse_identity_as_username true\n",
    )
    broker.port = port
    broker.start()
    yield Endpoint("127.0.0.1", port, files)
    broker.kill()


def renew(shop: Path, authority: Authority, tmp_path: Path, *, days: int = 90) -> None:
    run("request", "--shop", shop, "--out", tmp_path / "node.csr")
    by = ("--authority", authority.file, "--authority-key", authority.key_file)
    run("sign", tmp_path / "node.csr", NODE, *by, "--days", days, "--out", tmp_path / "signed.pem")
    run("install", tmp_path / "signed.pem", "--shop", shop)


def test_after_sixty_days_away_a_new_certificate_lets_the_waiting_facts_through(
    shop, broker, authority, tmp_path, outbox, uplink_to
) -> None:
    over = authority.issue(NODE, begins=NOW - timedelta(days=90), days=30)
    for found, name in ((over.cert_file, "node.pem"), (over.key_file, "node.key")):
        shutil.copy(found, shop / name)
    outbox.put_many(Lane.P1, 300)
    office = HeadOffice(
        tmp_path / "office.db", Endpoint("127.0.0.1", broker.port, authority.issue("head-office"))
    ).start()
    own = Endpoint("127.0.0.1", broker.port, TlsFiles(authority.file, shop / "node.pem", shop / "node.key"))
    try:
        with uplink_to(own) as uplink:
            wait_until(
                lambda: "certificate" in uplink.status().reason or "connection" in uplink.status().reason, "refused"
            )
            assert (outbox.pending, uplink.status().published) == (300, 0)
            renew(shop, authority, tmp_path)
            wait_until(lambda: outbox.pending == 0, "everything went")
    finally:
        office.stop()
    assert office.report().is_whole
    assert (shop / "node.pem.previous").read_bytes() == over.cert_file.read_bytes()


def test_a_new_node_makes_its_key_once_and_keeps_it_to_itself(shop, authority, tmp_path) -> None:
    renew(shop, authority, tmp_path)
    key = (shop / "node.key").read_bytes()
    assert (shop / "node.key").stat().st_mode & 0o077 == 0
    renew(shop, authority, tmp_path)
    assert (shop / "node.key").read_bytes() == key
    secret = b"".join(key.splitlines()[1:-1])
    assert secret[:40] not in (tmp_path / "node.csr").read_bytes() + (tmp_path / "signed.pem").read_bytes()


def test_json_tells_whose_and_until_when(shop, authority, tmp_path) -> None:
    renew(shop, authority, tmp_path)
    told = json.loads(run("install", tmp_path / "signed.pem", "--shop", shop, "--json"))
    assert told["name"] == NODE


def test_a_certificate_that_is_not_ours_is_refused_and_the_one_in_place_stays(shop, authority, tmp_path) -> None:
    renew(shop, authority, tmp_path)
    before = (shop / "node.pem").read_bytes()
    stranger = Authority(tmp_path, "stranger")
    request = make_request(NODE, shop / "node.key")

    def signed(by: Authority, days: int = 90, begins=NOW, name: str = NODE) -> bytes:
        wanted = make_request(name, shop / "node.key")
        made, _ = sign_request(wanted, name, authority=by.file, authority_key=by.key_file, days=days, now=begins)
        return made

    wrong: dict[str, bytes] = {
        "no certificate": b"hello",
        "other key": authority.issue(NODE).cert_file.read_bytes(),
        "not signed by": signed(stranger),
        "is for": signed(authority, name="demo/s001/n2"),
        "ended on": signed(authority, 10, NOW - timedelta(days=60)),
        "holds no": request,
    }
    for complaint, content in wrong.items():
        (tmp_path / "wrong.pem").write_bytes(content)
        assert complaint.replace("other key", "another key") in run(
            "install", tmp_path / "wrong.pem", "--shop", shop, ends=1
        ).replace("\n", " "), complaint
    assert (shop / "node.pem").read_bytes() == before


def test_head_office_signs_only_what_the_named_node_asked_for(shop, authority, tmp_path) -> None:
    request = make_request(NODE, shop / "node.key")
    by = {"authority": authority.file, "authority_key": authority.key_file, "days": 90, "now": NOW}
    with pytest.raises(ConfigError, match="not from"):
        sign_request(request, "demo/s001/n2", **by)
    with pytest.raises(ConfigError, match="no request"):
        sign_request(b"hello", NODE, **by)
    stranger = Authority(tmp_path, "stranger")
    with pytest.raises(ConfigError, match="authority"):
        sign_request(request, NODE, **(by | {"authority_key": stranger.key_file}))
    leaf = authority.issue("leaf")
    with pytest.raises(ConfigError, match="authority"):
        sign_request(request, NODE, **(by | {"authority": leaf.cert_file, "authority_key": leaf.key_file}))
    with pytest.raises(ConfigError, match="ended on"):
        sign_request(request, NODE, **(by | {"now": NOW + timedelta(days=2000)}))
    assert sign_request(request, NODE, **(by | {"days": 3650}))[1].ends < NOW + timedelta(days=901)


def test_a_clock_in_1970_judges_no_dates_but_all_the_rest(shop, authority, tmp_path) -> None:
    place = {"key": shop / "node.key", "certificate": shop / "node.pem", "authority": authority.file}
    request = make_request(NODE, shop / "node.key")
    made, validity = sign_request(
        request, NODE, authority=authority.file, authority_key=authority.key_file, days=90, now=NOW
    )
    assert install(made, NODE, **place, now=None) == validity
    with pytest.raises(ConfigError, match="is for"):
        install(made, "demo/s001/n2", **place, now=None)


@pytest.mark.parametrize(
    ("days", "passed", "words"),
    [(200, True, "days from now"), (76, True, "days from now"), (74, False, "days from now"), (-1, False, "is over")],
)
def test_the_doctor_asks_for_a_renewal_in_time(
    authority: Authority, days: int, passed: bool, words: str, tmp_path: Path
) -> None:
    begins = NOW - timedelta(days=2)
    files = authority.issue(NODE, begins=begins, days=days + 2)
    settings = FAST.model_copy(
        update={"tls_ca_file": files.ca_file, "tls_cert_file": files.cert_file, "tls_key_file": files.key_file}
    )
    check = certificate_check(settings, datetime.now(UTC) + timedelta(seconds=1))
    assert check is not None
    assert (check.passed, words in check.found, bool(check.cure)) == (passed, True, not passed)


def test_the_doctor_asks_nothing_without_a_certificate_and_says_what_does_not_match(authority, tmp_path) -> None:
    assert certificate_check(SyncSettings(), NOW) is None
    one, other = authority.issue("one"), authority.issue("other")
    settings = SyncSettings().model_copy(update={"tls_cert_file": one.cert_file, "tls_key_file": other.key_file})
    check = certificate_check(settings, NOW)
    assert check is not None
    assert (check.passed, "another key" in check.found) == (False, True)
