"""What is read of an integration once."""

from __future__ import annotations

from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.readings import Readings


def an_integration(name: str = "hub", etag: str = "1", endpoint: str = "https://a.example") -> Integration:
    found = Integration(integration_id=name, etag=etag)
    found.configuration.endpoint = endpoint
    return found


class Reader:
    def __init__(self, most: int = 8) -> None:
        self.read: list[str] = []
        self.readings = Readings(self._read, most)

    def _read(self, integration: Integration) -> str:
        self.read.append(integration.configuration.endpoint)
        return integration.configuration.endpoint


def test_the_same_configuration_is_read_once_however_often_it_is_loaded() -> None:
    reader = Reader()
    for _ in range(3):
        assert reader.readings.of(an_integration()) == "https://a.example"
    assert len(reader.read) == 1


def test_another_configuration_is_read_whatever_its_etag() -> None:
    reader = Reader()
    # A change that is being checked still has the etag of what it changes.
    for endpoint in ("https://a.example", "https://b.example", "https://a.example"):
        assert reader.readings.of(an_integration(endpoint=endpoint)) == endpoint
    assert len(reader.read) == 3


def test_an_object_that_changes_later_does_not_change_what_was_read() -> None:
    reader = Reader()
    changing = an_integration()
    reader.readings.of(changing)
    changing.configuration.endpoint = "https://b.example"
    assert reader.readings.of(an_integration(endpoint="https://b.example")) == "https://b.example"


def test_what_nobody_asks_about_is_forgotten() -> None:
    reader = Reader(most=2)
    for name in ("a", "b", "a", "c", "a", "b"):
        reader.readings.of(an_integration(name))
    assert len(reader.read) == 4, "a was asked about again, b was not"
