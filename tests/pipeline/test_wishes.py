"""Wishes on a finished run, such as a smaller limit or another order: nothing finished is lost or asked for again."""

import json
import random
from dataclasses import replace

import pytest

from sdrrl_data.pipeline import redone
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.plan import resolve
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run, unused
from tests.support import small_models
from tests.support.counted_models import Asked

pytestmark = pytest.mark.long

QUESTION = "Why is the water in pond number {} so deep, and what do the {} fish in it eat?"
SEEDS = 24


def write(path, numbers):
    rows = [{"instruction": QUESTION.format(number, number * 3)} for number in numbers]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


class Wishes:
    """A run, the models that are asked for it, and the same recipe in fresh folders."""

    def __init__(self, folder):
        self.folder = folder
        self.seeds = write(folder / "seeds.jsonl", range(SEEDS))
        self.out = folder / "run"
        self.asked = Asked()
        self._fresh = 0

    def recipe(self, **changes):
        seeds = [{"source": str(self.seeds)}]
        return loading.load("quickstart", small_models.CHANGES | {"seeds": seeds, "part_rows": 10} | changes)

    def make(self, models=None, **changes):
        """Make the run as it is wished now; returns what the models were asked."""
        generate(self.recipe(**changes), self.out, models or self.asked.models())
        return self.asked.take()

    def nothing_is_asked(self, **changes):
        """Make the run as it is wished now: no model is loaded, and the transfer set is that of a fresh run."""
        asked = self.make(**changes)
        assert (asked.questions, asked.sentences, asked.loaded) == ([], [], [])
        assert self.is_as_a_fresh_run(**changes)

    def is_as_a_fresh_run(self, **changes):
        self._fresh += 1
        fresh = self.folder / f"fresh{self._fresh}"
        generate(self.recipe(**changes), fresh, small_models.models())
        return rows(fresh).equals(rows(self.out))


def rows(out, tag="pt"):
    return Run(out).dataset(f"{tag}/transfer_set").read()


@pytest.fixture
def wishes(tmp_path):
    return Wishes(tmp_path)


@pytest.mark.parametrize("limit", [7, 10, 12, 20])
def test_a_smaller_limit_is_a_view_on_what_is_finished(wishes, limit):
    wishes.make()
    whole = rows(wishes.out)
    wishes.nothing_is_asked(limit=limit)
    assert Run(wishes.out).table("answers").count() == limit
    wishes.nothing_is_asked()
    assert rows(wishes.out).equals(whole)


def test_limits_go_down_and_up_and_further(wishes):
    wishes.make(limit=15)
    asked = wishes.make(limit=20)
    assert len(asked.questions) == 5
    grown = rows(wishes.out)
    wishes.nothing_is_asked(limit=4)
    wishes.nothing_is_asked(limit=12)
    assert wishes.make(limit=20).loaded == []
    assert rows(wishes.out).equals(grown)  # with its growth
    asked = wishes.make()
    assert len(asked.questions) == 4
    assert Run(wishes.out).manifest().growths == [[10, 5], [5], [4]]


def test_the_order_of_the_seeds_may_change(wishes):
    wishes.make()
    numbers = [*range(SEEDS)]
    random.Random(1).shuffle(numbers)
    write(wishes.seeds, numbers)
    wishes.nothing_is_asked()
    write(wishes.seeds, sorted(numbers, reverse=True))
    wishes.nothing_is_asked()


def test_a_seed_may_be_removed_in_the_middle(wishes):
    wishes.make()
    write(wishes.seeds, [number for number in range(SEEDS) if number not in {3, 11}])
    wishes.nothing_is_asked()
    assert Run(wishes.out).table("answers").count() == SEEDS - 2


def test_of_seeds_added_in_front_only_the_new_ones_are_asked(wishes):
    wishes.make()
    write(wishes.seeds, [100, 101, 102, *range(SEEDS)])
    asked = wishes.make()
    assert asked.questions == [QUESTION.format(number, number * 3) for number in (100, 101, 102)]
    assert all("pond number 10" in text or text in asked.questions for text in asked.questions)
    assert wishes.is_as_a_fresh_run()


def test_several_sources_may_come_in_another_order(wishes):
    more = write(wishes.folder / "more.jsonl", range(50, 58))
    first, second = ({"source": str(path)} for path in (wishes.seeds, more))
    wishes.make(seeds=[first, second])
    wishes.nothing_is_asked(seeds=[second, first])
    wishes.nothing_is_asked(seeds=[second, first], limit=5)  # of which the first source has none
    wishes.nothing_is_asked(seeds=[first, second])


def test_a_source_may_be_added_in_front(wishes):
    wishes.make()
    front = write(wishes.folder / "front.jsonl", range(50, 55))
    sources = [{"source": str(path)} for path in (front, wishes.seeds)]
    assert len(wishes.make(seeds=sources).questions) == 5
    assert wishes.is_as_a_fresh_run(seeds=sources)


def test_another_part_size_keeps_the_parts(wishes):
    wishes.make()
    before = {path: path.read_bytes() for path in wishes.out.rglob("part-*.parquet")}
    wishes.nothing_is_asked(part_rows=4)
    assert {path: path.read_bytes() for path in wishes.out.rglob("part-*.parquet")} == before
    wishes.nothing_is_asked(part_rows=4, limit=17)


def test_another_part_size_with_another_order(wishes):
    wishes.make()
    write(wishes.seeds, reversed(range(SEEDS)))
    wishes.nothing_is_asked(part_rows=7)


def test_fewer_targets_lose_nothing(wishes):
    both = {"tgt": ["pt", "vi"], "parallel": None}
    wishes.make(**both)
    wishes.make(**both | {"tgt": ["pt"]})
    assert Run(wishes.out).targets == ["pt", "vi"]
    asked = wishes.make(**both | {"tgt": ["pt"], "limit": 9})
    assert asked.loaded == []
    assert wishes.is_as_a_fresh_run(**both | {"limit": 9})
    wishes.nothing_is_asked(**both)


def test_a_setting_may_go_back_to_what_it_was(wishes):
    wishes.make()
    before = rows(wishes.out)
    assert len(wishes.make(**{"generator.temperature": 0.9}).questions) == SEEDS
    wishes.nothing_is_asked()
    assert rows(wishes.out).equals(before)
    wishes.nothing_is_asked(**{"generator.temperature": 0.9}, limit=11)


def test_what_was_refused_is_not_asked_again(wishes):
    long = {"instruction": "Why is it so? " * 500}
    with wishes.seeds.open("a") as file:
        file.write(json.dumps(long) + "\n")
    wishes.make()
    refused = Run(wishes.out).table("answers").set_aside()
    assert refused.height == 1
    write(wishes.seeds, reversed(range(SEEDS)))
    with wishes.seeds.open("a") as file:
        file.write(json.dumps(long) + "\n")
    wishes.nothing_is_asked()
    assert Run(wishes.out).table("answers").set_aside().equals(refused)


def test_of_several_translators_nothing_is_asked_again(wishes):
    several = {"translator": ["nllb", "firefox"], "translations.best_by": "round_trip"}
    wishes.make(**several)
    wishes.nothing_is_asked(**several, limit=13)
    write(wishes.seeds, reversed(range(SEEDS)))
    wishes.nothing_is_asked(**several)


def test_replaced_references_stay_with_their_answers(wishes):
    wishes.make(**{"answers.samples": 2})
    wishes.nothing_is_asked(**{"answers.samples": 2}, limit=5)
    rows_with_references = [
        json.loads(line) | {"output": "It is deep by chance."} for line in wishes.seeds.read_text().splitlines()
    ]
    wishes.seeds.write_text("\n".join(map(json.dumps, rows_with_references)))
    wishes.nothing_is_asked(**{"answers.samples": 2})


def test_questions_of_the_model_are_not_written_again(wishes):
    magpie = {"seeds": {"source": "magpie", "near_copies": 0.9}}
    wishes.make(**magpie, limit=24)
    whole = rows(wishes.out)
    wishes.nothing_is_asked(**magpie, limit=12)
    assert Run(wishes.out).manifest().growths == [[10, 2]]
    wishes.nothing_is_asked(**magpie, limit=24)
    assert rows(wishes.out).equals(whole)


def test_what_is_unused_stays_until_it_is_pruned(wishes):
    wishes.make()
    wishes.make(limit=5)
    (state,) = unused.states(Run(wishes.out))
    assert state.table("answers").count() == SEEDS
    wishes.make(limit=5, **{"thresholds.repetition.max": 0.2})  # replaces nothing that is worth keeping
    wishes.make()
    wishes.make(limit=5)
    wishes.make()
    assert len(unused.states(Run(wishes.out))) == 2  # each state is kept once
    unused.prune(Run(wishes.out))
    assert not (wishes.out / "unused").exists()
    assert Run(wishes.out).table("answers").count() == SEEDS
    assert wishes.make().loaded == []


def told(wishes, **changes):
    return redone.sentences(redone.redone(resolve(wishes.recipe(**changes), wishes.out, small_models.models())))


def test_what_would_be_made_anew_is_said_with_the_reason(wishes):
    wishes.make(limit=12)
    temperature = wishes.recipe().generator.temperature
    assert told(wishes, limit=12) == told(wishes, limit=24) == told(wishes, limit=5) == []
    assert told(wishes, limit=12, **{"generator.temperature": 0.9}) == [
        "12 answers, 12 rows of pt/translations and 12 rows of pt/scores-round_trip would be made anew because "
        f"generator.temperature changed from {temperature} to 0.9"
    ]
    assert told(wishes, limit=5, **{"generator.temperature": 0.9})[0].startswith("5 answers, 5 rows of")
    assert told(wishes, limit=12, translator=["nllb"]) == [
        "12 rows of pt/translations and 12 rows of pt/scores-round_trip would be made anew because translator.firefox "
        "was removed and translator.nllb was added"
    ]


def test_a_model_that_is_another_now_is_named(wishes):
    wishes.make(limit=12)
    small = small_models.models()
    newer = replace(small, identify_generator=lambda config: replace(small.identify_generator(config), revision="2"))
    (sentence,) = redone.sentences(redone.redone(resolve(wishes.recipe(limit=12), wishes.out, newer)))
    assert sentence.endswith("would be made anew because the generator Answering@1 is now Answering@2")


def test_it_is_said_before_anything_is_changed_and_may_be_refused(wishes):
    wishes.make(limit=12)
    before = {path: path.read_bytes() for path in wishes.out.rglob("*") if path.is_file()}

    def refuse(sentences):
        raise KeyboardInterrupt(*sentences)

    hotter = wishes.recipe(limit=12, **{"generator.temperature": 0.9})
    with pytest.raises(KeyboardInterrupt, match="12 answers, "):
        generate(hotter, wishes.out, wishes.asked.models(), agreed=refuse)
    assert {path: path.read_bytes() for path in wishes.out.rglob("*") if path.is_file()} == before


def test_an_unfinished_part_is_taken_up_in_another_cut(wishes):
    wishes.make()
    answers = Run(wishes.out).table("answers")
    rows_before = answers.read(0)
    journal_rows = [
        [f"{row['id']}/0", [row["answer"], "stop", row["prompt_tokens"], row["completion_tokens"], None]]
        for row in rows_before.head(4).iter_rows(named=True)
    ]
    part, journal_path = answers.files(0)
    journal = answers.journal(0, answers.written(0))
    part.unlink()
    for key, value in journal_rows:
        journal.add(key, value)
    journal.close()
    assert journal_path.exists()
    asked = wishes.make(limit=6)
    assert len(asked.questions) == 2
    assert wishes.is_as_a_fresh_run(limit=6)


def test_another_engine_is_named_only_for_the_rows_that_it_made(wishes):
    def engine(name):
        small = small_models.models()
        return wishes.asked.models(
            identify_generator=lambda config: replace(small.identify_generator(config), engine=name)
        )

    def named():
        manifest = Run(wishes.out).manifest()
        (generator,) = (part for part in manifest.ingredients if part.role == "generator")
        written = rows(wishes.out)["generator"].drop_nulls().unique().to_list()
        assert written == [f"Answering@1({generator.engine})"]
        assert f"|generator:Answering@1({generator.engine})|".replace(" ", "_") in manifest.signatures["pt"]
        assert generator.engine in (wishes.out / "README.md").read_text()
        return generator.engine

    wishes.make(engine("slow 1"), limit=12)
    wishes.make(engine("fast 2"), limit=12, **{"generator.engine": "vllm", "thresholds.repetition.max": 0.2})
    assert named() == "slow 1"
    wishes.make(engine("fast 2"), limit=20)
    assert named() == "slow 1, fast 2"
