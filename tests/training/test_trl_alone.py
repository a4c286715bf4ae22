"""A published set needs no code of ours: `datasets` loads it, and TRL's own trainer takes it as it is."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from tests.publishing import client
from tests.support import hub

pytestmark = pytest.mark.long

TRAIN = """
import contextlib, json, sys
from datasets import load_dataset
from trl import SFTConfig, SFTTrainer

rows = load_dataset("ann/set", "pt")
trainer = SFTTrainer(
    sys.argv[1],
    SFTConfig(sys.argv[2], max_steps=1, per_device_train_batch_size=2, report_to="none", use_cpu=True, bf16=False),
    train_dataset=rows["train"],
    eval_dataset=rows["test"],
)
batch = next(iter(trainer.get_train_dataloader()))
with contextlib.redirect_stdout(sys.stderr):
    trained = trainer.train()
print(json.dumps({
    "rows": {split: own.num_rows for split, own in rows.items()},
    "learned": trainer.processing_class.decode([token for token in batch["labels"][0].tolist() if token != -100]),
    "loss": trained.training_loss,
    "ours": [name for name in sys.modules if name.startswith("sdrrl_data.")],
}))
"""


def test_trl_trains_on_a_published_set(model: Path, tmp_path: Path) -> None:
    run, manifest = client.make_run(client.recipe(tmp_path / "in"), tmp_path / "run")
    with hub.serving() as served:
        served.user("ann's", "ann")
        ann = client.Client(served, tmp_path / "home")
        (pushed,) = ann.ask({"run": run.path, "repo": "ann/set"})
        ann.close()
        assert pushed["error"] is None
        command = [sys.executable, "-c", TRAIN, str(model), str(tmp_path / "out")]
        variables = served.environment(tmp_path / "home", "ann's")
        printed = subprocess.run(command, env=variables, stdout=subprocess.PIPE, text=True, check=True).stdout
    done = json.loads(printed)
    assert done["rows"] == manifest.counts.targets["pt"].rows
    answers = {row[-1]["content"] for row in run.dataset("pt/transfer_set").read()["completion"]}
    assert done["learned"].strip().removesuffix("<|im_end|>") in answers
    assert math.isfinite(done["loss"])
    assert done["ours"] == []
