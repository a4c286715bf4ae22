from xml.etree import ElementTree

import numpy as np
import pytest

from sdrrl_data.report import charts, svg

LENGTHS = {"question": np.array([3.0, 40, 55]), "answer": np.array([100.0, 2000, 2500])}


@pytest.fixture
def chart():
    return charts.lengths("first", "How <long> & why", LENGTHS)


def test_colours_are_classes_and_nothing_has_a_style(chart):
    root = ElementTree.fromstring(chart)
    classes = {name for element in root.iter() for name in element.get("class", "").split()}
    assert {"chart", "fill-area", "stroke-answer", "stroke-ink"} <= classes
    assert not [element for element in root.iter() if "style" in element.attrib or element.tag == "style"]
    assert "#" not in "".join(element.get("fill", "") + element.get("stroke", "") for element in root.iter())


def test_a_chart_says_what_it_shows(chart):
    assert ElementTree.fromstring(chart).get("aria-label") == "How <long> & why"


def test_ids_of_two_charts_are_apart_and_each_reference_has_its_element(chart):
    other = charts.lengths("second", "the same", LENGTHS)
    ids = [{element.get("id") for element in ElementTree.fromstring(each).iter()} - {None} for each in (chart, other)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for each, its_ids in zip((chart, other), ids, strict=True):
        values = [value for element in ElementTree.fromstring(each).iter() for value in element.attrib.values()]
        assert {id for value in values for id in svg._referred(value)} == its_ids


def test_a_path_loses_only_points_between_its_neighbours():
    assert svg._shortened("M 0 5 L 1 5 L 2 5 L 2 3 L 2 1 L 4 0 z") == "M0 5L2 5L2 1L4 0z"
    assert svg._shortened("M 0 5 Q 1 1 2 2") == "M 0 5 Q 1 1 2 2"


def test_equal_lengths_can_be_drawn():
    assert "<svg" in charts.lengths("same", "the same", {"question": np.array([7.0, 7.0])})
    assert "<svg" in charts.switched("none", "none", np.zeros(4), 0.0)
