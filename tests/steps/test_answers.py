import polars as pl
import pytest

from sdrrl_data.languages import find
from sdrrl_data.protocols import Completion, SetAside
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run, Task
from sdrrl_data.scoring.chrf import ChrfScorer
from sdrrl_data.steps import answers
from sdrrl_data.steps.schemas import MESSAGES

LOOP = "the same words over and over again and " * 10
REFUSAL = "I'm sorry, but I can't help with that."


def varied(text, seed):
    return text if seed % 3 else f"quite another thing {seed}"


class Obeying:
    """Says what the last message tells it to: `STOP text`, `LENGTH text` or `THINK reasoning | text`."""

    def __init__(self, fails_after=None):
        self.requests = []
        self.fails_after = fails_after

    def generate(self, requests):
        for request in requests:
            if len(self.requests) == self.fails_after:
                raise ConnectionError("gone")
            self.requests.append(request)
            order, _, text = request.messages[-1]["content"].partition(" ")
            reasoning, bar, answer = text.partition(" | ")
            if order == "LONG":
                yield request.key, SetAside("the prompt is too long")
            elif order == "VARY":
                yield request.key, Completion(varied(text, request.seed), "stop", 1, 1)
            else:
                finish = "length" if order == "LENGTH" else "stop"
                yield request.key, Completion(answer if bar else text, finish, 1, 2, reasoning if bar else None)


def seeds(*questions):
    return pl.DataFrame(
        {
            "id": [f"id{number}" for number in range(len(questions))],
            "messages": [[{"role": "user", "content": question}] for question in questions],
            "reference": [f"reference {number}" if number % 2 else None for number in range(len(questions))],
        },
        schema={"id": pl.String, "messages": MESSAGES, "reference": pl.String},
    )


def recipe(**changes):
    return loading.load("quickstart", changes)


def answer(folder, parts, generator=None, **changes):
    """Parts by number, made from these seeds."""
    table = Run(folder).table("answers")
    tasks = [Task(number, [part], 0, table.journal(number, "x")) for number, part in enumerate(parts)]
    scorer = ChrfScorer() if changes.get("answers.samples", 1) > 1 else None
    answering = answers.Answering(generator or Obeying(), recipe(**changes), find("en"), scorer)
    return dict(answering.parts(iter(tasks), lambda rows: None))


def rows(folder, *questions, **changes):
    return answer(folder, [seeds(*questions)], **changes)[0]


def test_a_row_of_the_table(tmp_path):
    part = rows(tmp_path, "STOP  Lima. ")
    assert part.rows.schema == pl.Schema(answers.SCHEMA)
    assert part.rows.row(0) == ("id0", "Lima.", "model", [], None, "stop", 1, 2, 0, None)


@pytest.mark.parametrize(
    ("question", "faults"),
    [("LENGTH Lima is", ["cut"]), (f"STOP {LOOP}", ["looping"]), (f"STOP {REFUSAL}", ["refused"]), ("STOP Lima.", [])],
)
def test_faults_are_marked(question, faults, tmp_path):
    assert rows(tmp_path, question).rows["faults"].to_list() == [faults]


@pytest.mark.parametrize("question", ["LENGTH Lima is", f"STOP {LOOP}", f"STOP {REFUSAL}", "STOP ", "THINK hm | "])
def test_a_reference_stands_in_for_a_faulty_answer_where_the_recipe_says_so(question, tmp_path):
    part = rows(tmp_path, question, question, "STOP Fine.", "STOP Fine.", **{"answers.faulty": "reference"})
    by_id = {row["id"]: row for row in part.rows.iter_rows(named=True)}
    assert (by_id["id1"]["answer"], by_id["id1"]["author"]) == ("reference 1", "reference")
    assert (by_id["id3"]["answer"], by_id["id3"]["author"]) == ("Fine.", "model")
    if "id0" in by_id:  # it has no reference
        assert by_id["id0"]["author"] == "model"
        assert by_id["id0"]["faults"] == by_id["id1"]["faults"] != []


def test_what_has_no_answer_is_set_aside_with_the_reason(tmp_path):
    part = rows(tmp_path, "LONG ago", "STOP  ", "THINK long and hard | ", "STOP Lima.")
    assert part.rows["id"].to_list() == ["id3"]
    assert part.set_aside["reason"].to_list() == [
        "the prompt is too long",
        "the answer is empty",
        "the answer is empty, all tokens went to the reasoning",
    ]


@pytest.mark.parametrize(("thinking", "text"), [("drop", "Lima."), ("keep", "<think>\nhm\n</think>\n\nLima.")])
def test_reasoning_is_kept_out_of_the_answer_or_in_it(thinking, text, tmp_path):
    answered = rows(tmp_path, "THINK hm | Lima.", **{"answers.thinking": thinking}).rows
    assert answered["answer"].to_list() == [text]
    assert answered["reasoning"].to_list() == ["hm"]


def test_of_several_samples_the_one_most_like_the_others_is_taken(tmp_path):
    generator = Obeying()
    changes = {"answers.samples": 5}
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
    part = answer(tmp_path, [seeds(*(f"VARY {word} more" for word in words), "LONG no")], generator, **changes)[0]
    assert len({request.seed for request in generator.requests}) == 45
    varying = [request for request in generator.requests if request.messages[-1]["content"].startswith("VARY")]
    assert any(varied("", request.seed) for request in varying if request.key.endswith("/0"))  # not simply the first
    for row, word in zip(part.rows.iter_rows(named=True), words, strict=True):
        texts = [varied(f"{word} more", request.seed) for request in varying if f"/{row['id']}/" in request.key]
        assert texts[row["sample"]] == row["answer"]
        if texts.count(f"{word} more") > 2:  # otherwise the other samples are like each other
            assert row["answer"] == f"{word} more"
            assert row["sample_score"] > 0
    assert part.set_aside["id"].to_list() == ["id8"]


def test_the_first_sample_is_the_same_however_many_there_are(tmp_path):
    single, several = Obeying(), Obeying()
    answer(tmp_path / "one", [seeds("STOP a")], single)
    answer(tmp_path / "several", [seeds("STOP a")], several, **{"answers.samples": 3})
    assert single.requests[0] == several.requests[0]


def test_finished_rows_outlive_a_crash_within_a_part(tmp_path):
    parts = [seeds(*(f"STOP {part} {row}" for row in range(10))) for part in range(3)]
    broken = Obeying(fails_after=25)
    with pytest.raises(ConnectionError):
        answer(tmp_path, parts, broken)
    second = Obeying()
    resumed = answer(tmp_path, parts, second)
    # Two parts were yielded but never written by the crashed run: their journals are as good.
    assert len(second.requests) == 5
    expected = answer(tmp_path / "whole", parts)
    assert {number: part.rows.rows() for number, part in resumed.items()} == {
        number: part.rows.rows() for number, part in expected.items()
    }


def test_parts_share_the_engine(tmp_path):
    """A part's last rows do not keep the next part's first ones waiting."""

    class Late(Obeying):
        def generate(self, requests):
            yield from reversed(list(super().generate(requests)))

    finished = answer(tmp_path, [seeds("STOP a"), seeds("STOP b")], Late())
    assert list(finished) == [1, 0]
    assert finished[0].rows["answer"].to_list() == ["a"]
