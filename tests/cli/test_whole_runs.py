"""The recipe `quickstart` as a user runs it, with real models, but few and short answers by transformers."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

BESIDE = ("pair preferences of pt (rows: 2)", "collect rows for distillation of pt (rows: 2)")
WORDS = [
    *("generate", "--recipe", "quickstart", "--limit", "2", "--out", "run"),
    *("--set", "generator.engine=transformers", "--set", "generator.max_tokens=16"),
    *("--set", "parallel=null", "--set", "scorers=[length]", "--set", "thresholds={}"),
]


@pytest.mark.long
def test_stopped_finished_and_filtered_to_nothing(command, tmp_path):
    program = Path(sys.executable).with_name("sdrrl-data")
    # A process of its own group, as a shell starts it.
    with subprocess.Popen(
        [program, *WORDS], cwd=tmp_path, stderr=subprocess.PIPE, text=True, process_group=0
    ) as process:
        said = []
        for line in process.stderr:
            said.append(line)
            if line == "answer questions (rows: 2)\n":
                os.killpg(process.pid, signal.SIGINT)
    assert process.returncode == 130
    assert said[0] == "seeds seeds.jsonl: 2 questions (question: 'instruction')\n"
    assert said[1].startswith("answers by SmolLM2-135M-Instruct on transformers ")
    assert said[3:] == ["stopped; what is finished is kept: sdrrl-data generate --out run continues\n"]

    done = command("generate", "--out", "run")
    assert done.returncode == 0
    # On a busy machine the clock of a step says how long it takes.
    assert [line for line in done.stderr.splitlines()[2:] if " so far" not in line] == [
        *("answer questions (rows: 2)", "translate into pt (rows: 2)", "translate prompts into pt"),
        *("learn word pairs of pt (rows: 2)", "switch words of pt (rows: 2)", "learn usual lengths of pt (rows: 2)"),
        *("score pt: heuristics (rows: 2)", "apply thresholds to pt (rows: 2)", "mix the transfer set of pt (rows: 2)"),
        *(*BESIDE, "count rows of pt", "count rows"),
    ]
    assert done.stdout.startswith("made       2 questions, 2 answers\n")
    assert "\x1b" not in done.stdout + done.stderr
    rows = pl.concat(pl.read_parquet(path) for path in (tmp_path / "run" / "pt" / "transfer_set").glob("*.parquet"))
    assert set(rows["direction"]) == {"en->en", "en->pt", "pt->en", "pt->pt"}

    nothing = command(*WORDS, "--set", "thresholds.src_finished.min=1")
    assert nothing.returncode == 1
    assert nothing.stderr.splitlines() == [
        *("apply thresholds to pt (rows: 2)", "mix the transfer set of pt (rows: 2)", *BESIDE),
        "count rows of pt",
        "error: no row is left in pt/transfer_set; most were lost here: 2 pairs of pt: answers cut at 16 tokens "
        "(src_finished < 1)",
    ]
    assert "\nlost       2 pairs of pt: answers cut at 16 tokens (src_finished < 1)\n" in nothing.stdout
    assert "\nkeep 2     sdrrl-data generate --out run --set thresholds.src_finished.min=0\n" in nothing.stdout
