import json
from pathlib import Path

import pytest

from sdrrl_data.pipeline.generate import generate
from sdrrl_data.recipe import loading
from sdrrl_data.run import Manifest, Run
from tests.support.small_models import CHANGES, models

HOSTILE = [
    "Why does </script><script>document.title='pwned'</script> stand here?",
    'What is <img src="http://127.0.0.1:9/x.png" onerror="document.title=1"> and "this" & \u2028 that?',
    "ما هي أفضل طريقة لتعلم السباحة في البحر؟ <b>قل</b>",
    "การเรียนว่ายน้ำในทะเลที่ดีที่สุดคืออะไร",
    "តើវិធីល្អបំផុតក្នុងការរៀនហែលទឹកគឺជាអ្វី?",
    "海で泳ぎを習うのに一番よい方法は何ですか。😀 `code()` ですか。",
    "What does `print('x')` do, and where is https://example.org/a_b for it, \U0001f600 say?",
    "Is the sky blue or yellow, and who says that it is blue?",  # the translator fails at it
    " ".join(["Why is the sky so grey today?"] * 20),  # too long for the model
]
TURNS = [
    {"role": "system", "content": "You are brief."},
    {"role": "user", "content": "Who swims?"},
    {"role": "assistant", "content": "Fish do."},
    {"role": "user", "content": "And who flies over the sea?"},
]


def small_recipe(folder: Path, **changes: object):
    """A recipe of small models, with questions that try to do harm, in several scripts."""
    packaged = loading.PACKAGED / "quickstart" / "seeds.jsonl"
    rows = [{"instruction": question} for question in HOSTILE] + [{"messages": TURNS}]
    (folder / "seeds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return loading.load(
        "quickstart",
        CHANGES
        | {"seeds": [{"source": str(folder / "seeds.jsonl")}, {"source": str(packaged)}]}
        | {"generator.max_model_len": 400, "thresholds.length": {"max": "80%"}, "part_rows": 16}
        | changes,
    )


@pytest.fixture(scope="session")
def small_run(tmp_path_factory) -> tuple[Manifest, Run]:
    """A run with rows that are hostile, dropped and set aside."""
    folder = tmp_path_factory.mktemp("report")
    run = Run(folder / "run")
    return generate(small_recipe(folder), run.path, models()), run
