import json
import os
import shlex

from sdrrl_data.run import Run


def test_how_far_a_run_is(invoke, small_run):
    _, run = small_run
    shown = invoke("status", run.path)
    assert shown.exit_code == 0, shown.stderr
    assert shown.stdout.startswith(f"{run.path} is finished\n")
    lines = [line.split() for line in shown.stdout.splitlines()]
    assert ["answers", "62", "of", "62"] in [line[:4] for line in lines]
    assert ["look", "sdrrl-data", "report", str(run.path)] in lines


def test_whole_names_and_lines_in_a_narrow_terminal(invoke, small_run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    _, run = small_run
    table = invoke("status", run.path).stdout.splitlines()[1:-1]
    assert max(map(len, table)) <= 60
    assert [line.split()[0] for line in table[1:]] == list(run.manifest().tables)


def test_of_a_run_that_was_stopped_the_answers_in_unfinished_parts_count(invoke, small_run, tmp_path):
    manifest, run = small_run
    stopped = Run(tmp_path / "stopped run")
    stopped.write_manifest(manifest.model_copy(update={"state": "unfinished"}))
    stopped.table("seeds").write(0, run.table("seeds").part(0), "f")
    stopped.note_time("answers", 2.0)
    stopped.note_time("answers", 1.0, part=0, rows=0)
    journal = stopped.table("answers").journal(0, "f")
    for number in range(5):
        journal.add(f"{number}/0", ["an answer", "stop", 1, 1, None])
    journal.close()
    os.utime(stopped.table("answers").files(0)[1], (0, 0))  # before the times were noted
    shown = [line.split() for line in invoke("status", stopped.path).stdout.splitlines()]
    assert ["answers", "5", "of", "62", "0", "of", "4", "0", "5", "0:00:11"] in shown
    assert ["seeds", "16", "of", "62", "1", "of", "4", "0"] in shown
    assert ["continue", "sdrrl-data", "generate", "--out", *shlex.quote(str(stopped.path)).split()] in shown


def test_one_line_for_a_program(invoke, small_run):
    _, run = small_run
    now = json.loads(invoke("status", run.path, "--json", "--watch").stdout)
    assert now["state"] == "finished"
    assert {table["table"] for table in now["tables"]} >= {"seeds", "answers", "pt/transfer_set"}


def test_the_command_that_began_a_run_is_kept_without_secrets(command, tmp_path):
    (tmp_path / "seeds.txt").write_text("Why is the sky so blue in the morning?\n")
    words = ("generate", "--recipe", "quickstart", "--seeds", "seeds.txt", "--out", "run", "--begin")
    done = command(*words, "--set", "description=hf_abcdefghijklmnop")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "run is begun: start workers with sdrrl-data work run\n"
    kept = Run(tmp_path / "run").manifest().command
    assert kept.startswith("sdrrl-data generate --recipe quickstart --seeds seeds.txt --begin")
    assert "hf_abc" not in kept
    assert "--out" not in kept
