from sdrrl_data.pipeline import continuing
from sdrrl_data.pipeline import generate as library
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from tests.support.small_models import CHANGES, models

DRY = ("generate", "--recipe", "quickstart", "--dry-run", "--verbose")


def test_questions_in_another_language_are_told_in_one_line(invoke, tmp_path):
    questions = [f"Why is the sky so very blue this morning above village number {number}?" for number in range(8)]
    (tmp_path / "seeds.txt").write_text("\n".join(questions))
    done = invoke(*DRY, "--src", "pt", "--tgt", "en", "--seeds", "seeds.txt")
    assert done.exit_code == 0, done.stderr
    assert done.stderr.splitlines() == [
        "warning: seeds: most of the first questions are not in Portuguese (English is the likeliest language): "
        "give others with --seeds, or name their language with --src"
    ]


def test_parts_of_recipes_go_by_name(invoke):
    done = invoke(*DRY, "--with", "no-parallel", "--with", "no-code-switch")
    assert done.exit_code == 0, done.stderr
    assert "recipe:no-code-switch|" in done.stdout
    assert "parallel.en-pt.tsv" not in done.stdout
    assert "pt/code_switched" not in done.stdout
    assert "did you mean no-crossing?" in invoke(*DRY, "--with", "no-crosing").stderr


def test_a_run_keeps_the_settings_that_a_command_leaves_out(invoke, tmp_path):
    out = tmp_path / "run"
    changes = CHANGES | {"thresholds.repetition.max": 0.21, "limit": 6}
    library.generate(loading.load("quickstart", changes), out, models())
    for words in ((), ("--recipe", str(out / "recipe.yaml"))):
        recipe = continuing.read(out, *(words[1:] or [None])).recipe
        assert (recipe.thresholds["repetition"].max, recipe.limit) == (0.21, 6)
    changed = continuing.read(out, None, {"limit": 4}).recipe
    assert (changed.thresholds["repetition"].max, changed.limit) == (0.21, 4)
    assert (
        "generator.temprature is not a key"
        in invoke("generate", "--out", out, "--dry-run", "--set", "generator.temprature=0.9").stderr
    )


def test_a_file_counts_where_it_was_edited_since(tmp_path):
    before = {"limit": 5, "generator": {"temperature": 0.7, "top_p": 0.9}}
    run = {"limit": 5, "generator": {"temperature": 0.3, "top_p": 0.9}, "seed": 7}  # after --set
    now = {"limit": 9, "generator": {"temperature": 0.7, "top_p": 0.5}}
    assert continuing.merged(run, before, now) == {
        "limit": 9, "generator": {"temperature": 0.3, "top_p": 0.5}, "seed": 7
    }  # fmt: skip


def test_a_new_run_beside_one_of_nearly_the_same_name_is_said(invoke, small_run, tmp_path):
    manifest, _ = small_run
    earlier = Run(tmp_path / "runs" / "quickstart")
    earlier.path.mkdir(parents=True)
    earlier.write_manifest(manifest.model_copy(update={"state": "unfinished"}))
    words = ("generate", "--recipe", "quickstart", "--limit", 4, "--dry-run", "--out")
    sentence = "a new run begins in runs/quikstart; runs/quickstart is another run of the recipe quickstart\n"
    assert sentence in invoke(*words, "runs/quikstart").stderr
    assert "a new run" not in invoke(*words, "runs/quickstart-two").stderr + invoke(*words, "runs/others").stderr
