"""Settings as YAML."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sdrrl_data.errors import UserError
from sdrrl_data.training.settings import TrainingConfig
from sdrrl_data.training.settings_files import load


def test_a_file_and_changes_are_laid_over_the_usual(tmp_path: Path) -> None:
    (tmp_path / "own.jinja").write_text("{{ messages }}", encoding="utf-8")
    path = tmp_path / "own.yaml"
    path.write_text("method: full\nlora: {rank: 4}\ntemplate: own.jinja\nweights: {en->pt: 2}\n", encoding="utf-8")
    found = load(path, {"lora.alpha": 8, "weights.translate": 0.5, "replay.share": 0.1})
    assert (found.method, found.lora.rank, found.lora.alpha, found.template) == ("full", 4, 8, "{{ messages }}")
    assert found.weights == {"en->pt": 2.0, "translate": 0.5}
    assert found.replay is not None
    assert found.resolved((2e-4, 2e-5)).learning_rate == 2e-5
    assert load() == TrainingConfig()


def test_what_is_written_is_read_again() -> None:
    own = load(None, {"lora.targets": ["q_proj", "v_proj"], "patience": 3}).resolved((2e-4, 2e-5))
    assert load(None, yaml.safe_load(yaml.safe_dump(own.model_dump(mode="json")))) == own


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"lora.rnk": 4}, "lora.rnk is not a key .*, did you mean rank?"),
        ({"method": "dora"}, "method: input should be 'lora', 'qlora' or 'full', found 'dora'"),
        ({"weights.translate": -1}, "weights.translate: input should be greater than or equal to 0, found -1"),
        ({"epochs": "two"}, "epochs: input should be a valid number, found 'two'"),
        ({"warmup": 1}, "warmup: input should be less than 1, found 1"),
        ({"replay.share": 1}, "replay.share: input should be less than 1, found 1"),
        ({"template": "missing.jinja"}, "template: missing.jinja cannot be read"),
    ],
)
def test_a_mistake_is_named(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        load(None, changes)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("a: [", "is not YAML"), ("- lora", "expected a mapping"), (None, "there is no such file")],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str | None, sentence: str) -> None:
    if text is not None:
        (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=sentence):
        load(tmp_path / "own.yaml")
