"""Writes the corpora from a clone of AlpacaEval: `python tests/data/texts/corpora.py CLONE/results FOLDER`."""

import json
import sys
from pathlib import Path

MODELS = ("Qwen2-72B-Instruct", "gemma-2-9b-it-SimPO")
ROWS = 400

results, folder = Path(sys.argv[1]), Path(sys.argv[2]) / "answers"
folder.mkdir(parents=True, exist_ok=True)
for model in MODELS:
    answers = json.loads((results / model / "model_outputs.json").read_text(encoding="utf-8"))[:ROWS]
    rows = [
        {"id": f"alpaca-eval-{number:03}", **{key: answer[key] for key in ("dataset", "instruction", "output")}}
        for number, answer in enumerate(answers)
    ]
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (folder / f"{model}.jsonl").write_text("".join(lines), encoding="utf-8")
