"""`backroom run`: one shop's node, until Ctrl-C or SIGTERM."""

from typing import Annotated

import typer

from edge.app import Appliance
from edge.cli.output import DataFolder, Json, ShopFolder, emit, fail, say, sentences
from edge.cli.places import data_folder, passed_credentials, shop_folder
from edge.cli.running import quiet_logs, stop_on_signal, with_ports
from edge.clock import SystemClock
from edge.config import ShopFiles, load_shop
from edge.errors import ConfigError
from edge.places import Places

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes any free one.", show_default=False)]

_LOOK_S = 1.0


@app.command()
def run(
    kiosk_port: Port = None,
    console_port: Port = None,
    openai_port: Port = None,
    mcp_port: Port = None,
    broker: Annotated[str | None, typer.Option(help="mqtts://host:8883", show_default=False)] = None,
    new_password: Annotated[bool, typer.Option("--new-password", help="Make a new staff password.")] = False,
    *,
    shop: ShopFolder = None,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Run a shop. Without a broker in its settings, facts wait in the outbox."""
    if shop is None:
        raise fail("Which shop? backroom run --shop DIR, a folder with shop.toml. The demo shop is: backroom demo")
    quiet_logs()
    with sentences(), stop_on_signal() as stop:
        files = with_ports(
            load_shop(shop_folder(shop)), kiosk_port, console_port, broker, openai_port=openai_port, mcp_port=mcp_port
        )
        _require_urls(files)
        sync = files.settings.sync
        endpoint = None if sync.broker is None else sync.endpoint()
        places = Places(data_folder(data), passed_credentials())
        with Appliance(files, places, clock=SystemClock(), endpoint=endpoint, new_password=new_password) as node:
            if as_json:
                emit(node.addresses)
            else:
                say(f"Kiosk    {node.addresses.kiosk}")
                say(f"Console  {node.addresses.console}")
                if node.addresses.new_password is not None:
                    say(f"         password: {node.addresses.new_password}")
                    say("         It is shown only now; --new-password makes another.")
                if node.addresses.openai is not None:
                    say(f"OpenAI   {node.addresses.openai}")
                    say(f"         key: {node.addresses.openai_key_file}")
                if node.addresses.mcp is not None:
                    say(f"MCP      {node.addresses.mcp}")
                    say(f"         key: {node.addresses.mcp_key_file}")
            while not stop.wait(_LOOK_S):
                if node.vision.failure is not None:
                    raise fail(f"The cameras' worker ended: {node.vision.failure}. Start the node again.")


def _require_urls(files: ShopFiles) -> None:
    """A camera without an address is the demo's, which renders its clips: a shop's own would never give a picture."""
    for name, camera in zip(files.settings.shop.cameras, files.cameras, strict=True):
        if not camera.url:
            raise ConfigError(
                f"{files.path(name)}: url is missing; give the camera's address, such as rtsp://192.168.1.20/stream2"
            )
