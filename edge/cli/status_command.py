"""`backroom status`: what the running node says of itself, for people, monitors and health checks."""

from datetime import UTC, datetime
from typing import Any

import typer

from edge.cli.output import DataFolder, Json, emit, say
from edge.cli.places import data_folder
from edge.places import Places
from edge.status import NodeStatus, read_status

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def status(data: DataFolder = None, as_json: Json = False) -> None:
    """Tell how the running node is. Exit code 0 only when it runs and can store facts."""
    found = read_status(Places(data_folder(data)).status, datetime.now(UTC))
    if as_json:
        emit({"running": found.running, "age_s": found.age_s, **found.body})
    else:
        say(_text(found))
    if not found.running or _troubles(found.body):
        raise typer.Exit(1)


def _text(found: NodeStatus) -> str:
    if found.age_s is None:
        return "Not running: no node has written its status here. Start one with: backroom run"
    if not found.running:
        return f"Not running: the last status is {found.age_s:.0f} s old. Start the node with: backroom run"
    return "\n".join(_lines(found.body))


def _troubles(body: Any) -> list[str]:
    """Why facts are not safe now; empty when they are."""
    troubles = []
    if body["store"]["room"] in ("refusing", "full"):
        troubles.append("The disk is full: free space, facts are taken again by themselves.")
    if body["facts_waiting_for_store"]:
        troubles.append(f"{body['facts_waiting_for_store']} batches of facts wait in memory for the store.")
    if body["facts_lost"]:
        troubles.append(f"{body['facts_lost']} facts had to be given up since the start.")
    return troubles


def _programs(openai: Any) -> list[str]:
    if openai is None:
        return []
    told = f"{openai['requests']} requests, {_mishaps(openai)}"
    return [f"openai  {openai['url']}, key in {openai['key_file']}; {told}"]


def _tools(mcp: Any) -> list[str]:
    if mcp is None:
        return []
    return [f"mcp     {mcp['url']}, key in {mcp['key_file']}; {mcp['calls']} calls, {_mishaps(mcp)}"]


def _mishaps(counts: Any) -> str:
    return f"{counts['refused']} refused ({counts['attacks']} attacks), {counts['failed']} failed"


def _model(language: Any) -> str:
    if not language["is_up"]:
        return f"down: {language['down_because']}; answers use templates"
    told = f"up: {language['answered']} answered, {language['cache_hits']} on a cached prefix, {language['late']} late"
    if language["first_token_ms"] is None:
        return told
    speed = language["tokens_per_s"]
    last = f"last one began after {language['first_token_ms']:.0f} ms"
    return f"{told}; {last}" + (f", {speed:.0f} tokens/s" if speed else "")


def _lines(body: Any) -> list[str]:
    link = body["link"]
    waiting = ", ".join(f"{lane} {count}" for lane, count in link["pending"].items())
    return [
        f"{body['shop']} ({body['node']}) runs since {body['started_at']}",
        f"kiosk   {body['kiosk_url']}",
        f"console {body['console_url']}",
        *_programs(body["openai"]),
        *_tools(body["mcp"]),
        f"link    {'up' if link['up'] else 'down'} to {link['broker']}; waiting: {waiting}",
        f"facts   {body['facts']} stored",
        f"model   {_model(body['language'])}",
        f"cores   {_budget(body['budget'])}",
        "cameras",
        *(_camera_line(camera) for camera in body["cameras"]),
        *(f"TROUBLE {trouble}" for trouble in _troubles(body)),
    ]


def _budget(budget: Any) -> str:
    now = f"the language model may use {budget['language_cores']:g}"
    return f"{now}; held back {budget['language_held_s']:.0f} s in all for cameras under their floor"


def _camera_line(camera: Any) -> str:
    left_out = f"too busy for {camera['skipped']}, {camera['late']} looked at late"
    rest = f"{camera['thinned']} left out as set, {camera['unchanged']} unchanged"
    return f"  {camera['id']:<16} {camera['state']:<8} {camera['fps']:.1f} fps; frames: {left_out}, {rest}"
