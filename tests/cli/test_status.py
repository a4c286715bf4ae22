import json

from sdrrl_data.run import Run


def test_how_far_a_run_is(invoke, small_run):
    _, run = small_run
    shown = invoke("status", run.path)
    assert shown.exit_code == 0, shown.stderr
    assert shown.stdout.startswith(f"{run.path} is finished\n")
    parts = run.table("answers").parts()
    assert ["answers", f"{parts}", "of", f"{parts}"] in [line.split()[:4] for line in shown.stdout.splitlines()]


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
