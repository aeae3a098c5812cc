"""A shop's own Home Assistant, told by MQTT discovery: counts, alarms and health, on a broker inside the shop.

Owns the spelling of discovery and states (Home Assistant's MQTT integration, "discovery messages" and "availability")
and a thread with a connection of its own, apart from head office's: neither broker learns of the other. Says only what
it is handed; keeps nothing, since every state is said anew at each connection.
"""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic
from types import TracebackType
from typing import Annotated, Literal, Self

import structlog
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sync.backoff import Backoff
from sync.config import SyncSettings
from sync.errors import LinkSettingsError, LinkUnavailableError
from sync.link import Link, LinkProfile, Message, Settled
from sync.mqtt_link import mqtt_links
from sync.topics import NodeName

_BACKOFF_BASE_S, _BACKOFF_MAX_S = 1.0, 60.0
_ANSWER_S = 5.0
_STOP_S = 15.0
log = structlog.get_logger("sync.home_assistant")


class HomeAssistantSettings(BaseModel):
    """Section ``[home_assistant]``: off without a broker."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    broker: str | None = None
    """``mqtt://host:1883`` or ``mqtts://host:8883`` of the shop's own broker; none: nobody is told."""
    tls_ca_file: Path | None = None
    """PEM of the authority that signed the broker's certificate; none: the system's authorities."""
    username: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """User name at the broker."""
    password_file: Path | None = None
    """File that holds the password and nothing else."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "homeassistant"
    """Where Home Assistant looks for discovery."""
    every_s: Annotated[float, Field(ge=0.05, le=10.0)] = 5.0
    """How often is looked for what changed."""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        self.as_sync()
        return self

    def as_sync(self) -> SyncSettings:
        """The same broker under the rules of every broker: no password in the clear but on this machine."""
        return SyncSettings(
            broker=self.broker,
            tls_ca_file=self.tls_ca_file,
            username=self.username,
            password_file=self.password_file,
        )


@dataclass(frozen=True, slots=True)
class State:
    """One thing that Home Assistant shows. ``value`` None: not known now."""

    id: str
    """Letters, digits, dash and underscore."""
    name: str
    component: Literal["sensor", "binary_sensor"]
    value: str | None
    unit: str | None = None
    device_class: str | None = None


def available_topic(node: NodeName) -> str:
    """Where it is said whether the node is there."""
    return f"backroom/{node.path}/available"


def state_message(node: NodeName, state: State) -> Message:
    """The state as it is now; retained, so that Home Assistant finds it after its own restart."""
    value = "None" if state.value is None else state.value
    return Message(f"backroom/{node.path}/{state.id}", value.encode(), is_retained=True)


def discovery_message(node: NodeName, state: State, prefix: str) -> Message:
    """What makes Home Assistant show a state."""
    box = f"backroom_{node.path.replace('/', '_').replace('.', '_')}"
    body = {
        "name": state.name,
        "unique_id": f"{box}_{state.id}",
        "state_topic": f"backroom/{node.path}/{state.id}",
        "availability_topic": available_topic(node),
        "device": {"identifiers": [box], "name": f"Backroom {node.node}", "manufacturer": "Backroom"},
    }
    extra = {"unit_of_measurement": state.unit, "device_class": state.device_class}
    body.update({name: value for name, value in extra.items() if value is not None})
    return Message(f"{prefix}/{state.component}/{box}/{state.id}/config", json.dumps(body).encode(), is_retained=True)


class HomeAssistant:
    """Context manager around the thread. ``states`` is asked from it and must not block for long."""

    def __init__(self, node: NodeName, settings: HomeAssistantSettings, states: Callable[[], Sequence[State]]) -> None:
        self._node = node
        self._settings = settings
        self._states = states
        self._stopping = threading.Event()
        self._backoff = Backoff(base_s=_BACKOFF_BASE_S, max_s=_BACKOFF_MAX_S, random=Random())
        self._thread = threading.Thread(target=self._run, name="home-assistant", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        is_told = False
        while not self._stopping.is_set():
            try:
                self._live(mqtt_links(self._profile())())
            except (LinkUnavailableError, LinkSettingsError) as error:
                if not is_told:
                    log.warning("home_assistant.down", reason=str(error))
                is_told = True
            self._stopping.wait(self._backoff.next_s())

    def _live(self, link: Link) -> None:
        try:
            link.open()
            self._say(link, Message(available_topic(self._node), b"online", is_retained=True))
            said: dict[str, State] = {}
            while not self._stopping.is_set():
                for state in self._states():
                    self._tell(link, state, said)
                self._backoff.reset()
                link.poll(0.0)
                self._stopping.wait(self._settings.every_s)
            self._say(link, Message(available_topic(self._node), b"offline", is_retained=True))
        finally:
            link.close(is_farewell=self._stopping.is_set())

    def _tell(self, link: Link, state: State, said: dict[str, State]) -> None:
        before = said.get(state.id)
        if before is None:
            self._say(link, discovery_message(self._node, state, self._settings.prefix))
        if before is None or before.value != state.value:
            self._say(link, state_message(self._node, state))
            said[state.id] = state

    @staticmethod
    def _say(link: Link, message: Message) -> None:
        """One at a time: a handful of states needs no window."""
        token, deadline_s = link.publish(message), monotonic() + _ANSWER_S
        while (remaining_s := deadline_s - monotonic()) > 0:
            answers = [e for e in link.poll(remaining_s) if isinstance(e, Settled) and e.token == token]
            if answers and answers[0].is_refused:
                raise LinkUnavailableError(f"the broker refused it with reason {answers[0].reason_code:#04x}")
            if answers:
                return
        raise LinkUnavailableError("the broker did not answer")

    def _profile(self) -> LinkProfile:
        return LinkProfile(
            endpoint=self._settings.as_sync().endpoint(),
            client_id=f"backroom-ha:{self._node.path.replace('/', ':')}",
            subscriptions=(),
            will=Message(available_topic(self._node), b"offline", is_retained=True),
        )
