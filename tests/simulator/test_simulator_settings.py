"""Settings: what cannot be played is refused by name."""

import json

import pytest

from crawler.simulator import Fault, SimulatorSettings


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"faults": {"earthquake": 0.1}}, "earthquake"),
        ({"faults": {"301": 0.6, "500": 0.6}}, "faults"),
        ({"faults": {"301": -0.1}}, "faults"),
        ({"faults": {"301": "often"}}, "faults"),
        ({"end_style": "abrupt"}, "end_style"),
        ({"http_way": "2027"}, "http_way"),
        ({"layouts": {"D": 1}}, "layouts"),
        ({"layouts": {}}, "layouts"),
        ({"creators": 0}, "creators"),
        ({"rate_limit": 0}, "rate_limit"),
        ({"night": 256}, "night"),
        ({"night": -1}, "night"),
        ({"pages_per_keyword": [3, 1]}, "pages_per_keyword"),
        ({"latency_seconds": [1]}, "latency_seconds"),
        ({"latency_seconds": ["a", "b"]}, "latency_seconds"),
        ({"night": "one"}, "night"),
        ({"seed": None}, "seed"),
        ({"replies": {}}, "replies"),
        ({"colour": "red"}, "colour"),
        ([1], "object"),
    ],
)
def test_what_cannot_be_played_is_refused_by_name(changes, named):
    with pytest.raises(ValueError, match=named):
        SimulatorSettings().changed(changes)


def test_settings_survive_json():
    settings = SimulatorSettings(
        faults={Fault.HANG: 0.1}, tokens=("a",), latency_seconds=(0, 2), slow_301_seconds=(7, 50), balance=3
    )
    assert SimulatorSettings().changed(json.loads(json.dumps(settings.as_json()))) == settings


def test_a_limit_can_be_lifted():
    assert SimulatorSettings(rate_limit=5).changed({"rate_limit": None}) == SimulatorSettings()
