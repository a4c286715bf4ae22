"""The real thing on a dozen seeds: SmolLM2 through vLLM, Firefox's models, a real aligner, real scorers."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from sdrrl_data.recipe.loading import PACKAGED
from sdrrl_data.run import Run
from tests.support.copies import trusted_copy

pytestmark = pytest.mark.long

COMMAND = Path(sys.executable).with_name("sdrrl-data")


def sdrrl_data(*arguments):
    return subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    """The quickstart on its first twelve seeds, and what it printed."""
    folder = tmp_path_factory.mktemp("quickstart")
    lines = (PACKAGED / "quickstart" / "seeds.jsonl").read_text(encoding="utf-8").splitlines()
    seeds = folder / "dozen.jsonl"
    seeds.write_text("\n".join([*lines[:12], "not JSON"]), encoding="utf-8")
    command = [
        "generate", "--recipe", "quickstart", "--src", "en", "--tgt", "pt", "--seeds", seeds,
        "--out", folder / "run", "--set", "generator.max_tokens=120",
    ]  # fmt: skip
    done = sdrrl_data(*command)
    assert done.returncode == 0, done.stderr
    return folder / "run", command, done.stdout


@pytest.fixture(scope="module")
def rows(quickstart):
    return Run(quickstart[0]).dataset("pt/transfer_set").read()


def test_it_ran_on_vllm(quickstart):
    manifest = Run(quickstart[0]).manifest()
    assert manifest.state == "finished"
    generator = next(i for i in manifest.ingredients if i.role == "generator")
    assert generator.name == "SmolLM2-135M-Instruct"
    assert generator.engine.startswith("vllm")


def test_every_direction_is_there(rows):
    answers = rows.filter(task="answer", code_switched=False)
    assert set(answers["direction"]) == {"en->en", "en->pt", "pt->en", "pt->pt"}
    assert {"translate", "complete"} <= set(rows["task"])


def test_questions_and_answers_are_in_their_languages(rows):
    texts = {"en": "", "pt": ""}
    for row in rows.filter(task="answer", code_switched=False).iter_rows(named=True):
        asked, answered = row["direction"].split("->")
        texts[asked] += row["prompt"][-1]["content"].lower() + " "
        texts[answered] += row["completion"][0]["content"].lower() + " "
    common = {"en": {"the", "and", "is", "of"}, "pt": {"o", "de", "que", "uma"}}
    found = {language: set(text.split()) for language, text in texts.items()}
    assert common["en"] <= found["en"]
    assert common["pt"] <= found["pt"]


def test_switched_words_stand_where_the_row_says(rows):
    switched = rows.filter(code_switched=True)
    assert not switched.is_empty()
    for row in switched.iter_rows(named=True):
        for span in row["switched"]:
            assert row["prompt"][-1]["content"][span["start"] : span["end"]] == span["replacement"]


def test_scores_are_real(rows):
    scores = rows.filter(direction="pt->pt", code_switched=False, task="answer")["scores"].struct.unnest()
    assert scores["answer_confidence"].min() >= 0.85
    assert scores["question_round_trip"].min() >= 25
    assert scores["answer_round_trip"].is_null().all()  # only questions are translated back
    assert scores["answer_length"].is_between(0.7, 1.8).all()


def test_the_summary_says_what_became_of_the_rows(quickstart):
    _, _, printed = quickstart
    for word in ("12 answers", "set aside", "not JSON", "kept by every filter", "lost", "rows of pt/", "signature"):
        assert word in printed


def test_nothing_is_done_a_second_time(quickstart):
    run, command, _ = quickstart
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}
    assert sdrrl_data(*command).returncode == 0
    assert before == {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}


def test_datasets_reads_prompts_and_completions_as_messages(quickstart, tmp_path):
    script = (
        "import sys; from datasets import load_dataset;"
        "data = load_dataset(sys.argv[1], split='train', cache_dir=sys.argv[2]);"
        "print(data[0]['prompt'][-1]['role'], data[0]['completion'][0]['role'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, quickstart[0] / "pt" / "transfer_set", tmp_path],
        capture_output=True,
        text=True,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
    )
    assert done.stdout.split() == ["user", "assistant"], done.stderr


def in_terminal(answer, *arguments):
    """The exit code and the output of a command in a terminal, in which a question is answered."""
    process, terminal = pty.fork()
    if not process:
        os.execv(COMMAND, [str(COMMAND), *map(str, arguments)])
    output = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the command has ended
            break
        output += piece
        if output.rstrip().endswith(b"[y/N]:"):
            os.write(terminal, answer + b"\n")
            output += b" "
        if not piece:
            break
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), output.decode(errors="replace")


def contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "timings.jsonl")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_command_that_names_only_the_run_changes_what_it_names(quickstart, tmp_path):
    out = trusted_copy(quickstart[0], tmp_path / "run")
    done = sdrrl_data("generate", "--out", out, "--set", "thresholds.confidence.min=0.86")
    assert "changed    thresholds.confidence.min changed from 0.85 to 0.86" in done.stdout.splitlines()
    before = contents(out)

    code, said = in_terminal(b"n", "generate", "--out", out, "--set", "generator.temperature=0.9")
    assert code != 0
    assert "12 answers" in said
    assert "would be made anew because generator.temperature changed from 0.2 to 0.9" in " ".join(said.split())
    assert contents(out) == before

    done = sdrrl_data("generate", "--out", out, "--limit", "5")
    assert "limit was set to 5" in done.stdout
    assert Run(out).table("answers").count() == 5
    done = sdrrl_data("generate", "--out", out, "--limit", "12", "--prune")
    assert done.stdout.splitlines()[-1].startswith("pruned: ")
    assert not (out / "unused").exists()
    tables = ("answers", "pt/translations", "pt/verdicts")
    assert {name: data for name, data in contents(out).items() if name.startswith(tables)} == {
        name: data for name, data in before.items() if name.startswith(tables)
    }
