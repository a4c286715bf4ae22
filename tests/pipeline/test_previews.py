from sdrrl_data.pipeline.generate import generate
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from tests.support.counted_models import Asked
from tests.support.small_models import CHANGES

RECIPE = CHANGES | {"limit": 10, "part_rows": 4}


def contents(run):
    files = (path for path in run.path.rglob("*") if path.is_file() and path.name != "timings.jsonl")
    return {str(path.relative_to(run.path)): path.read_bytes() for path in files}


def test_answers_and_translations_of_a_preview_are_taken_over(tmp_path):
    asked = Asked()
    recipe = loading.load("quickstart", RECIPE)
    preview, run, other = (Run(tmp_path / name) for name in ("run-preview", "run", "other"))
    generate(recipe.model_copy(update={"limit": 3}), preview.path, asked.models())
    in_preview = asked.take()
    generate(recipe, run.path, asked.models(), previews=[preview, Run(tmp_path / "none")])
    in_run = asked.take()
    generate(recipe, other.path, asked.models())
    alone = asked.take()
    assert len(in_preview.questions) == 3
    assert sorted(in_run.questions + in_preview.questions) == sorted(alone.questions)
    assert len(in_run.sentences) < len(alone.sentences)
    assert contents(run) == contents(other)


def test_a_preview_with_other_settings_gives_nothing(tmp_path):
    asked = Asked()
    preview = Run(tmp_path / "run-preview")
    hotter = loading.load("quickstart", RECIPE | {"limit": 3, "generator.temperature": 0.9})
    generate(hotter, preview.path, asked.models())
    asked.take()
    generate(loading.load("quickstart", RECIPE), tmp_path / "run", asked.models(), previews=[preview])
    assert len(asked.take().questions) == 10
