import sys

from sdrrl_data.run import Run


def test_a_worker_on_a_finished_run_ends_at_once(invoke, small_run):
    _, run = small_run
    done = invoke("work", run.path)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"{run.path} is finished: sdrrl-data inspect {run.path} shows what is in it\n"


def test_a_run_that_was_not_begun_is_one_sentence(invoke, tmp_path):
    done = invoke("work", "nothing")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: nothing is not a run")


def test_without_ray_it_is_said_what_to_install_and_nothing_is_written(invoke, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    done = invoke("generate", "--recipe", "quickstart", "--out", "run", "--runner", "ray")
    assert done.exit_code == 2
    assert "pip install 'sdrrl-data[ray]'" in done.stderr
    assert Run(tmp_path / "run").manifest() is None
