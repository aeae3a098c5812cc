"""`backroom demo`: the demo shop on this machine, until Ctrl-C or for so many seconds with a report at the end."""

import sys
from typing import Annotated, Any

import typer

from edge.cli.output import DataFolder, Json, ShopFolder, emit, say, sentences
from edge.cli.places import data_folder, shop_folder
from edge.cli.running import quiet_logs, stop_on_signal, with_ports
from edge.clock import SystemClock
from edge.config import load_shop
from edge.demo import DemoShop, Outage, writable_copy
from edge.node_report import Addresses
from edge.places import Places

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes any free one.", show_default=False)]


@app.command()
def demo(
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Stop after so long and report.", show_default=False)
    ] = None,
    outage_s: Annotated[
        float | None, typer.Option(min=1, help="Take the demo's own broker away for so long.", show_default=False)
    ] = None,
    kiosk_port: Port = None,
    console_port: Port = None,
    openai_port: Port = None,
    mcp_port: Port = None,
    broker: Annotated[str | None, typer.Option(help="A real broker, mqtt://host:1883.", show_default=False)] = None,
    *,
    shop: ShopFolder = None,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Run the demo shop. With --seconds the exit code is 0 only when everything it should have seen was told."""
    quiet_logs()
    tell = _to_stderr if as_json else say
    with sentences(), stop_on_signal() as stop:
        places = Places(data_folder(data))
        folder = shop_folder(shop) if shop is not None else writable_copy(shop_folder(None), places)
        files = with_ports(
            load_shop(folder), kiosk_port, console_port, broker, openai_port=openai_port, mcp_port=mcp_port
        )
        with DemoShop(files, places, clock=SystemClock(), say=lambda t: tell(f"  {t}")) as running:
            _welcome(running.node.addresses, tell)
            outage = None if outage_s is None else Outage(from_s=20.0, for_s=outage_s)
            ran_s = running.wait(seconds, stop=stop, outage=outage)
            report = running.report(ran_s) if seconds is not None else None
            tell("  stopping: screens, cameras, link, store")
        tell("  stopped")
    if report is None:
        return
    if as_json:
        emit(report)
    else:
        _show(report)
    if not report["holds"]:
        raise typer.Exit(1)


def _welcome(addresses: Addresses, tell: Any) -> None:
    tell("")
    tell(f"  Kiosk    {addresses.kiosk}")
    tell(f"  Console  {addresses.console}")
    if addresses.new_password is not None:
        tell(f"           password: {addresses.new_password}")
    if addresses.openai is not None:
        tell(f"  OpenAI   {addresses.openai}")
        tell(f"           key: {addresses.openai_key_file}")
    if addresses.mcp is not None:
        tell(f"  MCP      {addresses.mcp}")
        tell(f"           key: {addresses.mcp_key_file}")
    tell("")
    tell("  Ctrl-C stops the shop.")


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _show(report: dict[str, Any]) -> None:
    say(f"Watched {report['seconds']:.0f} s of the clips.")
    say(f"Units moved {report['units_moved']}, found {report['units_found']}; missed: {report['missed'] or 'none'}")
    say(f"Wrong counts: {report['wrong_counts'] or 'none'}")
    say(f"Out of stock told {report['out_of_stock']} times; false: {report['false_out_of_stock'] or 'none'}")
    say(f"Seconds to tell: median {report['seconds_to_tell_median']}, longest {report['seconds_to_tell_max']}")
    for fault in report["faults"]:
        ended = f"ended after {fault['ended_after_s']} s" if fault["ended"] else "not ended"
        say(f"{fault['camera']} {fault['fault']}: told after {fault['told_after_s']} s, {ended}")
    say(
        f"Facts stored {report['facts_stored']} = at head office {report['facts_at_sink']}"
        f" + declared gaps {report['declared_gaps']} + kept in the shop {report['kept_in_shop']}:"
        f" {'yes' if report['all_accounted_for'] else 'NO'}"
    )
    say("All of it holds." if report["holds"] else "NOT all of it holds.")
