"""The files to run Footnote by name what is there: metrics, settings, commands and paths."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client.metrics_core import Metric

from service.monitoring.metrics import Metrics
from service.settings import Settings

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana-dashboard.json").read_text())


def names(metric: Metric) -> set[str]:
    """Return the names under which Prometheus keeps a metric."""
    if metric.type == "histogram":
        return {metric.name + end for end in ("_bucket", "_sum", "_count")}
    return {metric.name + "_total"} if metric.type == "counter" else {metric.name}


def test_the_dashboard_asks_for_metrics_that_exist_with_labels_that_they_have() -> None:
    metrics = Metrics()
    known = {name for metric in metrics.registry.collect() for name in names(metric)}
    labels = {"le"} | {label for collector in vars(metrics).values() for label in getattr(collector, "_labelnames", ())}
    used: set[str] = set()
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            named = set(re.findall(r"\b(?:footnote|process)_\w+", target["expr"]))
            assert named, target
            assert named <= known, target
            used |= named
            grouped = re.findall(r"by \((\w+)\)", target["expr"]) + re.findall(r"[{,](\w+)[!=]", target["expr"])
            shown = re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])
            assert set(grouped + shown) <= labels, target
    ours = {name for name in known if name.startswith("footnote_")}
    assert {name for name in ours if not name.endswith(("_bucket", "_sum", "_count"))} <= used


def test_the_panels_do_not_lie_over_each_other() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)


def test_settings_named_in_the_files_exist() -> None:
    files = [*DEPLOY.iterdir(), ROOT / "Dockerfile", ROOT / "compose.yaml"]
    named = {name for file in files for name in re.findall(r"FOOTNOTE_([A-Z_]+)", file.read_text())}
    assert {"DATA_DIR", "PUBLIC_URL"} <= named
    assert named <= {name.upper() for name in Settings.model_fields}


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed: it comes with systemd"
)
def test_systemd_knows_every_line_of_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "footnote.service"
    text = (DEPLOY / unit.name).read_text()
    unit.write_text(text.replace("/opt/footnote/.venv/bin/footnote", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_image_copies_what_is_there_and_is_given_no_more() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile, re.MULTILINE) for name in line.split()
    }
    assert {"service", "index", "corpus"} <= copied
    for name in copied:
        assert (ROOT / name).exists(), name
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    assert {line.removeprefix("!/") for line in ignored if line.startswith("!")} == copied


def test_the_compose_file_serves_on_this_machine_alone() -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["footnote"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_databases_of_the_compose_file_are_reached_by_nodes_alone() -> None:
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text())
    assert composed["networks"]["private"] == {"internal": True}
    for name in ("postgres", "chroma"):
        service = composed["services"][name]
        assert (service["networks"], service["profiles"]) == (["private"], ["scale"])
        assert "ports" not in service
    nodes = [composed["services"][name] for name in ("node1", "node2")]
    assert all("ports" not in node and node["profiles"] == ["scale"] for node in nodes)
    folders = [volume.partition(":")[0] for node in nodes for volume in node["volumes"] if volume.endswith(":/data")]
    assert len(set(folders)) == 2  # a data folder has one owner
    upstreams = re.search(r"reverse_proxy (node.*) {", (DEPLOY / "Caddyfile.scale").read_text())
    assert upstreams
    assert upstreams[1].split() == ["node1:8000", "node2:8000"]
