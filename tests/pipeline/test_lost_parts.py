"""Parts of a run that are lost, and written by a model that does not repeat itself."""

from pathlib import Path

import pytest

from sdrrl_data.pipeline.generate import generate
from sdrrl_data.protocols import Completion
from sdrrl_data.run import Run
from tests.publishing import client
from tests.support import small_models

SETTINGS = {"limit": 8, "part_rows": 4}
LOST = ("answers", "pt/translations")


def files(run: Run) -> dict[str, bytes]:
    return {str(path.relative_to(run.path)): path.read_bytes() for path in run.path.rglob("*.parquet")}


@pytest.mark.parametrize("table", LOST)
def test_a_lost_part_that_is_the_same_again_changes_nothing(tmp_path: Path, table: str) -> None:
    recipe, run = client.recipe(tmp_path / "in", **SETTINGS), Run(tmp_path / "run")
    generate(recipe, run.path, small_models.models())
    before = files(run)
    run.table(table).files(0)[0].unlink()
    steps = client.Steps()
    generate(recipe, run.path, small_models.models(), steps)
    assert steps.names == [table]
    assert files(run) == before


def test_what_was_made_from_answers_that_are_lost_is_made_anew_if_they_are_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, run = client.recipe(tmp_path / "in", **SETTINGS), Run(tmp_path / "run")
    generate(recipe, run.path, small_models.models())
    before = files(run)
    run.table("answers").files(0)[0].unlink()
    usual = small_models.Answering._answer

    def another(self, request):
        completion = usual(self, request)
        return (
            completion._replace(text=f"Well, {completion.text}") if isinstance(completion, Completion) else completion
        )

    monkeypatch.setattr(small_models.Answering, "_answer", another)
    generate(recipe, run.path, small_models.models())
    answers, translations = (run.table(name).read(0) for name in ("answers", "pt/translations"))
    assert answers["answer"].str.starts_with("Well, ").all()
    begun = translations["answer"].str.slice(0, 4)
    assert begun.n_unique() == 1  # the word "Well" as the cipher has it
    after = files(run)
    assert after["answers/part-00001.parquet"] == before["answers/part-00001.parquet"]
    assert after["pt/translations/part-00001.parquet"] == before["pt/translations/part-00001.parquet"]
    assert after["pt/translations/part-00000.parquet"] != before["pt/translations/part-00000.parquet"]
    told = run.transfer_set("pt")["completion"].explode().struct.field("content")
    assert told.str.starts_with("Well, ").any()

    settled = files(run)
    steps = client.Steps()
    generate(recipe, run.path, small_models.models(), steps)
    assert steps.names == []
    assert files(run) == settled


def test_an_earlier_run_that_remembers_nothing_goes_on_as_before(tmp_path: Path) -> None:
    recipe, run = client.recipe(tmp_path / "in", **SETTINGS), Run(tmp_path / "run")
    generate(recipe, run.path, small_models.models())
    before = files(run)
    for path in run.path.rglob(".part-*.content"):
        path.unlink()
    run.table("answers").files(0)[0].unlink()
    generate(recipe, run.path, small_models.models())
    assert files(run) == before
