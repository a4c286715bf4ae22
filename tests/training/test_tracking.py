"""What trackers write: read with what reads it."""

import json
import zipfile
from pathlib import Path

import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.training import tracking
from sdrrl_data.training.settings import TrainingConfig
from sdrrl_data.training.train import train

from .conftest import SIGNATURE

KEY = "thisIsNoRealKeyButLooksLikeOne"


@pytest.fixture(scope="module")
def out(dataset: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tracked") / "out"
    settings = TrainingConfig(max_steps=2, batch_size=4, at_once=4, evaluate_every=2, samples=1)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COMET_START_ONLINE", "0")
        environment.setenv("COMET_API_KEY", KEY)
        train(dataset, model, folder, settings=settings, trackers=["comet", "tensorboard"])
    return folder


def test_comet_writes_an_archive_without_a_connection(out: Path) -> None:
    (archive,) = (out / "comet").glob("*.zip")
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        lines = [json.loads(line) for line in opened.read("messages.json").splitlines()]
        texts = [opened.read(name).decode() for name in opened.namelist() if not name.endswith(".json")]
    metrics = [line["payload"]["metric"] for line in lines if line["type"] == "metric_msg"]
    found = {(metric["metricName"], metric["step"]) for metric in metrics}
    assert {("loss", 1), ("loss", 2), ("test/loss", 0), ("test/loss", 2)} <= found
    assert {("test/en->pt", 2), ("test/translate", 2), ("test/pt->pt", 0)} <= found
    others = {line["payload"]["key"]: line["payload"]["value"] for line in lines if line["type"] == "log_other"}
    assert others["signature"] == SIGNATURE
    assert sum("model: " in text for text in texts) == 2  # before and after


def test_tensorboard_reads_the_events(out: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(out / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("train/loss")] == [1, 2]
    assert [event.step for event in events.Scalars("test/en->pt")] == [0, 2]
    tags = events.Tags()["tensors"]
    assert {"signature/text_summary", "sample/0/text_summary"} <= set(tags)
    (signature,) = events.Tensors("signature/text_summary")
    assert signature.tensor_proto.string_val[0].decode() == SIGNATURE


def test_no_key_is_written_anywhere(out: Path) -> None:
    for path in out.rglob("*"):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as opened:
                assert not any(KEY.encode() in opened.read(name) for name in opened.namelist())
        elif path.is_file():
            assert KEY.encode() not in path.read_bytes(), path


def test_a_tracker_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sdrrl_data.training.tracking.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"--track comet needs .* pip install 'sdrrl-data\[track\]'"):
        tracking.build("comet", tmp_path)
