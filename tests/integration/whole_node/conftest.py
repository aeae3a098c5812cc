"""The broker and head office of the link's tests."""

from tests.integration.sync.conftest import head_office, mosquitto

__all__ = ["head_office", "mosquitto"]
