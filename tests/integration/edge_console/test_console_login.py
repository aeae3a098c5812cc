import itertools
from collections.abc import Iterator

import pytest
from nicegui import core
from starlette.routing import Mount, Route
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from edge.clock import SystemClock
from edge.console.app import create_console
from edge.console.auth import PasswordHash
from edge.console.config import ConsoleSettings
from edge.console.errors import ConsoleError
from tests.integration.edge_console.console_fake import PASSWORD, SHOP, FakeSource, RunningConsole
from tests.integration.edge_console.desk_fake import FakeDesk

SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
OPEN = {"/login", "/login.css", "/favicon.svg"}


def _paths(console: RunningConsole) -> Iterator[str]:
    """Every route of the console and of NiceGUI, with something in place of each parameter."""
    for route in itertools.chain(console.app.routes, core.app.routes):
        if isinstance(route, Route):
            yield route.path.replace("{camera_id}", "cam-dairy").replace("{key:path}", "x").split("{")[0]
        elif isinstance(route, Mount):
            yield f"{route.path}/anything"


def _socket(console: RunningConsole, cookie: str, origin: str | None = None) -> ClientConnection:
    headers = {"Cookie": cookie} if cookie else {}
    return connect(
        f"ws://{console.netloc}{SOCKET}", origin=origin or f"http://{console.netloc}", additional_headers=headers
    )


def _read_to_the_end(socket: ClientConnection) -> None:
    for _ in range(10):
        socket.recv(timeout=5)


def test_no_route_answers_without_a_login(console: RunningConsole) -> None:
    paths = set(_paths(console)) - OPEN
    assert {"/", "/cameras/cam-dairy", "/facts", "/sync", "/privacy", "/health"} <= paths

    for path in paths | {"/pictures/cam-dairy.jpg", "/static/theme.css", "/_nicegui_ws/socket.io/?EIO=4"}:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            response, body = console.ask(method, path, Origin=f"http://{console.netloc}")
            assert response.status == 401, f"{method} {path}"
            assert b"nicegui" not in body.lower()
    assert set(console.source.asked) <= {"link"}


def test_a_browser_without_a_login_is_sent_to_the_login_page(console: RunningConsole) -> None:
    response, _ = console.ask("GET", "/facts", Accept="text/html,*/*")

    assert (response.status, response.getheader("Location")) == (303, "/login")


def test_the_socket_is_refused_without_a_login(console: RunningConsole) -> None:
    with pytest.raises(InvalidStatus) as refused:
        _socket(console, "")
    assert refused.value.response.status_code == 403


def test_the_right_password_opens_pages_pictures_and_the_socket(console: RunningConsole) -> None:
    response, cookie = console.log_in()
    assert (response.status, response.getheader("Location")) == (303, "/")

    page, body = console.ask("GET", "/", cookie=cookie)
    assert page.status == 200
    assert b"Dairy fridge" in body
    picture, jpeg = console.ask("GET", "/pictures/cam-dairy.jpg", cookie=cookie)
    assert (picture.status, picture.getheader("Content-Type"), jpeg[:2]) == (200, "image/jpeg", b"\xff\xd8")
    with _socket(console, cookie) as socket:
        assert str(socket.recv(timeout=5)).startswith("0{")


def test_the_cookie_is_for_this_site_only_and_out_of_reach_of_scripts(console: RunningConsole) -> None:
    response, _ = console.log_in()

    cookie = (response.getheader("Set-Cookie") or "").lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "max-age=28800" in cookie


@pytest.mark.parametrize(
    "body", ["password=wrong", "password=", "", "nonsense", "password=" + "x" * 9000, "password=%ff"]
)
def test_anything_but_the_password_opens_nothing(console: RunningConsole, body: str) -> None:
    response, _ = console.ask("POST", "/login", body=body, Origin=f"http://{console.netloc}")

    assert response.status in (400, 401)
    assert response.getheader("Set-Cookie") is None


def test_a_made_up_or_altered_cookie_opens_nothing(console: RunningConsole) -> None:
    _, cookie = console.log_in()

    for forged in (cookie[:-2] + "xx", "backroom_console=eyJsb2dpbiI6ICJ4In0=.aaaa.bbbb", "backroom_console="):
        assert console.ask("GET", "/session", cookie=forged)[0].status == 401


def test_logging_out_ends_the_session_for_every_copy_of_the_cookie(console: RunningConsole) -> None:
    _, cookie = console.log_in()
    _, other = console.log_in()
    assert console.ask("GET", "/session", cookie=cookie)[0].status == 204

    response, _ = console.ask("POST", "/logout", cookie=cookie, Origin=f"http://{console.netloc}")

    assert response.getheader("Location") == "/login"
    assert console.ask("GET", "/session", cookie=cookie)[0].status == 401
    assert console.ask("GET", "/session", cookie=other)[0].status == 204


def test_an_open_socket_ends_with_its_session(console: RunningConsole) -> None:
    _, cookie = console.log_in()
    with _socket(console, cookie) as socket:
        socket.recv(timeout=5)
        console.ask("POST", "/logout", cookie=cookie, Origin=f"http://{console.netloc}")
        with pytest.raises(ConnectionClosed):
            _read_to_the_end(socket)


def test_a_session_expires_after_eight_hours(console: RunningConsole) -> None:
    _, cookie = console.log_in()
    console.clock.ahead_s += 8 * 3600.0 - 60.0
    assert console.ask("GET", "/session", cookie=cookie)[0].status == 204

    console.clock.ahead_s += 61.0
    assert console.ask("GET", "/session", cookie=cookie)[0].status == 401


def test_wrong_passwords_lock_the_address_out_and_even_the_right_one_must_wait(console: RunningConsole) -> None:
    assert [console.log_in("wrong")[0].status for _ in range(5)] == [401, 401, 401, 401, 429]
    response, cookie = console.log_in()
    assert (response.status, cookie) == (429, "")
    assert 0 < int(response.getheader("Retry-After") or 0) <= 31

    console.clock.ahead_s += 31.0
    assert console.log_in()[0].status == 303


def test_made_up_forwarded_addresses_are_locked_out_together_and_lock_nobody_else_out(console: RunningConsole) -> None:
    def forwarded(number: int, password: str) -> int:
        origin = f"http://{console.netloc}"
        body = f"password={password}"
        return console.ask("POST", "/login", body=body, Origin=origin, X_Forwarded_For=f"10.0.0.{number}")[0].status

    assert [forwarded(number, "wrong") for number in range(6)] == [401, 401, 401, 401, 429, 429]
    assert forwarded(7, PASSWORD) == 429
    assert console.log_in()[0].status == 303


def test_the_kiosks_page_on_the_same_machine_can_do_nothing_with_a_staff_cookie(console: RunningConsole) -> None:
    _, cookie = console.log_in()
    kiosk = "http://127.0.0.1:8080"

    assert console.ask("POST", "/logout", cookie=cookie, Origin=kiosk)[0].status == 403
    assert console.ask("POST", "/logout", cookie=cookie)[0].status == 403
    fetched, _ = console.ask(
        "GET", "/pictures/cam-dairy.jpg", cookie=cookie, Sec_Fetch_Site="same-site", Sec_Fetch_Mode="no-cors"
    )
    assert fetched.status == 403
    with pytest.raises(InvalidStatus):
        _socket(console, cookie, origin=kiosk)
    assert console.ask("GET", "/session", cookie=cookie)[0].status == 204


def test_every_answer_carries_the_security_headers_and_scripts_run_by_nonce(console: RunningConsole) -> None:
    _, cookie = console.log_in()

    for path in ("/", "/login", "/pictures/cam-dairy.jpg", "/nowhere", "/static/theme.css"):
        response, body = console.ask("GET", path, cookie=cookie)
        policy = response.getheader("Content-Security-Policy") or ""
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        script_rule = policy.split("script-src")[1].split(";")[0]
        assert "unsafe-inline" not in script_rule
        assert response.getheader("X-Content-Type-Options") == "nosniff"
        assert response.getheader("Cache-Control") == "no-store" or path.startswith("/static/")
        assert response.getheader("Server") is None
        nonce = script_rule.split("'nonce-")[1].split("'")[0].encode()
        assert body.count(b"<script") == body.count(b'<script nonce="' + nonce)


def test_a_page_names_no_other_host(console: RunningConsole) -> None:
    _, cookie = console.log_in()

    for path in ("/", "/cameras", "/facts", "/sync", "/privacy", "/health"):
        _, body = console.ask("GET", path, cookie=cookie)
        assert b"//" not in body.replace(b"http://www.w3.org/2000/svg", b"").replace(b"// ", b"").replace(b"//)", b"")


def test_an_unknown_forwarded_prefix_is_not_reflected(console: RunningConsole) -> None:
    _, cookie = console.log_in()

    response, body = console.ask("GET", "/", cookie=cookie, X_Forwarded_Prefix="//elsewhere.example")

    assert response.status == 200
    assert b"elsewhere" not in body


def test_a_process_makes_one_console(console: RunningConsole) -> None:
    with pytest.raises(ConsoleError, match="already"):
        create_console(
            FakeSource(),
            FakeDesk(),
            ConsoleSettings(),
            password=PasswordHash.of(PASSWORD),
            shop=SHOP,
            clock=SystemClock(),
        )
