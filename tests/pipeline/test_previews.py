from dataclasses import replace

from sdrrl_data.pipeline import estimate, previews
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.plan import resolve
from sdrrl_data.protocols import Silent
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


def test_rows_that_are_taken_over_count_with_the_first_that_is_made(tmp_path):
    recipe = loading.load("quickstart", RECIPE | {"part_rows": 10})
    events = []

    class Watching(Silent):
        def start(self, what, total, done, unit="rows"):
            events.append(what)

        def advance(self, amount, note=""):
            events.append(amount)

    models = Asked().models()
    build = models.build_generator
    loading_noted = replace(models, build_generator=lambda config: (events.append("loaded"), build(config))[1])
    preview = Run(tmp_path / "run-preview")
    generate(recipe.model_copy(update={"limit": 3}), preview.path, models)
    generate(recipe, tmp_path / "run", loading_noted, Watching(), previews=[preview])
    start, end = events.index("answers"), events.index("pt/translations")
    loaded, first, *others = events[start + 1 : end]
    assert (loaded, first > 3, sum([first, *others])) == ("loaded", True, 10)


def test_what_a_probe_made_is_taken_over_and_is_measured_once(tmp_path):
    asked = Asked()
    recipe = loading.load("quickstart", CHANGES | {"limit": 60, "part_rows": 16})
    plan = resolve(recipe, tmp_path / "run", asked.models())
    probe = estimate.probe(plan, asked.models(), Silent())
    probed = asked.take()
    assert len(probed.questions) == probe.rows == 48
    assert [state.path for state in previews.states(tmp_path / "run")] == [probe.folder]
    again = estimate.probe(resolve(recipe, tmp_path / "run", asked.models()), asked.models(), Silent())
    assert again == probe
    assert not asked.take().questions
    generate(recipe, tmp_path / "run", asked.models(), previews=previews.states(tmp_path / "run"))
    in_run = asked.take()
    assert len(in_run.questions) == 12
    assert not {*in_run.questions} & {*probed.questions}


def test_questions_that_the_model_wrote_for_a_preview_are_the_first_ones_of_the_run(tmp_path):
    asked = Asked()
    recipe = loading.load("quickstart", RECIPE | {"seeds": {"source": "magpie", "near_copies": 0.95}, "part_rows": 8})
    preview, run, other = (Run(tmp_path / name) for name in ("run-preview", "run", "other"))
    generate(recipe.model_copy(update={"limit": 3}), preview.path, asked.models())
    asked.take()
    generate(recipe, run.path, asked.models(), previews=[preview])
    in_run = asked.take()
    generate(recipe, other.path, asked.models())
    alone = asked.take()
    written = preview.table("seeds").read(0)
    assert run.table("seeds").read(0).head(3).equals(written)
    attempts = 3 + preview.table("seeds").set_aside().height
    assert len(in_run.questions) == len(alone.questions) - attempts - 3
    assert contents(run) == contents(other)


def test_the_earlier_states_of_a_preview_count_too(tmp_path):
    asked = Asked()
    recipe = loading.load("quickstart", RECIPE)
    hotter = loading.load("quickstart", RECIPE | {"generator.temperature": 0.9})
    for tried in (recipe, hotter):
        generate(tried.model_copy(update={"limit": 3}), tmp_path / "run-preview", asked.models())
    asked.take()
    generate(recipe, tmp_path / "run", asked.models(), previews=previews.states(tmp_path / "run"))
    assert len(asked.take().questions) == 7


def test_other_things_beside_a_run_are_no_previews(tmp_path):
    for name in ("run-preview", "run-preview-x", "run[1]-preview", "run-probe-12345678"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text("mine")
    assert previews.states(tmp_path / "run") == []
    assert previews.states(tmp_path / "none" / "run") == []


def test_a_preview_with_other_settings_gives_nothing(tmp_path):
    asked = Asked()
    preview = Run(tmp_path / "run-preview")
    hotter = loading.load("quickstart", RECIPE | {"limit": 3, "generator.temperature": 0.9})
    generate(hotter, preview.path, asked.models())
    asked.take()
    generate(loading.load("quickstart", RECIPE), tmp_path / "run", asked.models(), previews=[preview])
    assert len(asked.take().questions) == 10
