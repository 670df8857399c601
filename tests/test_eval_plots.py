"""Plots as SVG."""

import math
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from eval.reporting.plots import latency_plot, rank_plot, reliability_plot, risk_coverage_plot, stage_bar, whisker
from eval.scoring.reliability import Bin


def drawn(svg: Markup) -> ET.Element:
    """Parse a picture; every number in it is one."""
    assert "nan" not in svg
    assert "inf" not in svg
    return ET.fromstring(svg)


def test_a_whisker_lies_where_its_score_is() -> None:
    picture = drawn(whisker(0.5, 0.25, 1.0))
    circle = picture.find("circle")
    assert circle is not None
    assert circle.get("cx") == "70.0"
    assert 'd="M38.0 8H134.0"' in whisker(0.5, 0.25, 1.0)
    assert 'class="whisker"' not in whisker(0.5, None, None)
    # MultiHop-RAG's MAP can be above 1: it stays in the picture.
    assert 'cx="134.0"' in whisker(1.2, None, None)
    assert 'cx="70.0"' in whisker(0, -0.1, 0.1, bound=(-0.2, 0.2))


def test_a_bar_has_a_link_for_each_stage_in_their_order() -> None:
    picture = drawn(stage_bar({"right": 3, "error": 0, "not used": 2}, 'a "kind"'))
    assert picture.get("viewBox") == "0 0 5 1"
    links = picture.findall("a")
    assert [(link.get("data-pick"), link.get("data-kind")) for link in links] == [
        ("not-used", 'a "kind"'),
        ("right", 'a "kind"'),
    ]
    assert [rect.get("x") for rect in picture.iter("rect")] == ["0", "2"]
    assert [rect.get("width") for rect in picture.iter("rect")] == ["2", "3"]


def test_a_curve_ends_at_all_questions_and_is_thinned() -> None:
    risks = [i / 4999 for i in range(5000)]
    (line,) = drawn(risk_coverage_plot(risks)).findall("polyline")
    points = (line.get("points") or "").split()
    assert len(points) <= 320
    assert points[-1] == "345.0,18.0"
    assert "most confident half: 50 %" in risk_coverage_plot(risks)


def test_a_reliability_curve_goes_through_its_bins() -> None:
    picture = drawn(reliability_plot([Bin(0.0, 0.0, 20), Bin(0.5, 0.75, 20), Bin(1.0, 1.0, 20)]))
    (line,) = picture.findall("polyline")
    assert line.get("points") == "40.0,172.0 192.5,56.5 345.0,18.0"
    assert [circle.get("cx") for circle in picture.findall("circle")] == ["40.0", "192.5", "345.0"]
    assert "off by 8 %" in (picture.get("aria-label") or "")


def test_ranks_are_counted() -> None:
    picture = drawn(rank_plot([1, 1, 3, 0]))
    assert [title.text for title in picture.iter("title")] == ["1: 2", "3: 1", "none: 1"]
    assert [rect.get("class") for rect in picture.iter("rect")] == ["count", "count", "missed"]


def test_latencies_are_counted_with_their_median() -> None:
    svg = latency_plot([10, 20, 30, 40, 1000])
    picture = drawn(svg)
    assert sum(int(re.sub(r"\D", "", title.text or "")) for title in picture.iter("title")) == 5
    assert "median 30 ms, 95th percentile 808 ms" in svg


@pytest.mark.parametrize("latencies", [[0.0], [5.0], [7.0, 7.0], [0.02, 90_000.0]])
def test_latencies_that_are_odd_are_drawn(latencies: list[float]) -> None:
    assert len(drawn(latency_plot(latencies)).findall("rect")) >= 1


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_every_latency_is_in_some_bar_inside_the_picture(latencies: list[float]) -> None:
    picture = drawn(latency_plot(latencies))
    assert sum(int(re.sub(r"\D", "", title.text or "")) for title in picture.iter("title")) == len(latencies)
    for rect in picture.iter("rect"):
        x, width = float(rect.get("x") or math.nan), float(rect.get("width") or math.nan)
        assert x >= 39.9
        assert x + width <= 345.2
