"""A shop's own Home Assistant finds the node on the shop's broker: what it is told, and what it is not."""

import json

import pytest
from pydantic import ValidationError

from sync.home_assistant import HomeAssistant, HomeAssistantSettings, State, available_topic
from sync.link import Arrived, LinkProfile
from sync.mqtt_link import MqttLink
from tests.integration.sync.conftest import NODE, wait_until

BOX = "backroom_acme_store-7_node-1"


class Listener:
    """Hears everything, as Home Assistant does."""

    def __init__(self, mosquitto) -> None:
        topics = ("homeassistant/#", "backroom/#")
        self._link = MqttLink(LinkProfile(endpoint=mosquitto.endpoint, client_id="ha", subscriptions=topics))
        self._link.open()
        self.heard: dict[str, str] = {}

    def hears(self, topic: str, payload: str | None = None) -> bool:
        for event in self._link.poll(0.05):
            if isinstance(event, Arrived):
                self.heard[event.message.topic] = event.message.payload.decode()
                self._link.confirm(event.token)
        return topic in self.heard and payload in (None, self.heard[topic])

    def close(self) -> None:
        self._link.close(is_farewell=True)


def test_states_are_found_follow_what_changes_and_end_as_not_available(mosquitto) -> None:
    settings = HomeAssistantSettings(broker=mosquitto.endpoint.address, every_s=0.05)
    units: list[str | None] = ["7"]
    states = lambda: [State("units_a", "Units a", "sensor", units[0], unit="packs")]  # noqa: E731
    listener = Listener(mosquitto)
    with HomeAssistant(NODE, settings, states):
        wait_until(lambda: listener.hears(f"backroom/{NODE.path}/units_a", "7"), "the count came")
        assert listener.hears(available_topic(NODE), "online")
        found = json.loads(listener.heard[f"homeassistant/sensor/{BOX}/units_a/config"])
        assert found["state_topic"] == f"backroom/{NODE.path}/units_a"
        assert (found["unique_id"], found["unit_of_measurement"]) == (f"{BOX}_units_a", "packs")
        units[0] = None
        wait_until(lambda: listener.hears(f"backroom/{NODE.path}/units_a", "None"), "it became unknown")
    wait_until(lambda: listener.hears(available_topic(NODE), "offline"), "it left")
    listener.close()


def test_it_comes_back_when_the_broker_does(mosquitto) -> None:
    settings = HomeAssistantSettings(broker=mosquitto.endpoint.address, every_s=0.05)
    with HomeAssistant(NODE, settings, lambda: [State("a", "A", "sensor", "1")]):
        for _ in range(2):
            listener = Listener(mosquitto)
            wait_until(lambda heard=listener: heard.hears(f"backroom/{NODE.path}/a", "1"), "it is told")
            listener.close()
            mosquitto.kill()
            mosquitto.start()


def test_a_password_in_the_clear_over_the_network_is_refused(tmp_path) -> None:
    with pytest.raises(ValidationError, match="in the clear"):
        HomeAssistantSettings(broker="mqtt://192.0.2.1", username="shop", password_file=tmp_path / "password")
