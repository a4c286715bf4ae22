import random

import polars as pl
import pytest

from sdrrl_data import recipe
from sdrrl_data.languages import find
from sdrrl_data.protocols import Completion, SetAside
from sdrrl_data.run import Run, Task
from sdrrl_data.steps.magpie import Writer
from sdrrl_data.steps.seed_ids import identity
from sdrrl_data.steps.seeds import SCHEMA

SETTINGS = recipe.MagpieConfig(source="magpie")
FAMOUS = "What should I look at first when I buy an old house in the country?"
FAULTS = {
    f"near copy of {identity([('user', FAMOUS)])}": Completion(f" {FAMOUS} Thanks!", "stop", 1, 16),
    "the question is empty": Completion(" \n", "stop", 1, 1),
    "the question was cut at 6 tokens": Completion("How do I tell my neighbour", "length", 1, 6),
    "the question is not in English": Completion("Como posso guardar o pão fresco durante a semana?", "stop", 1, 9),
    "the prompt is too long": SetAside("the prompt is too long"),
}
ANIMALS = ["dog", "cat", "horse", "parrot", "rabbit", "spider", "turtle", "mouse", "goat", "camel"]
PEOPLE = ["uncle", "teacher", "doctor", "farmer", "sister", "painter", "soldier", "neighbour", "friend", "cousin"]
PLACES = ["castle", "garden", "harbour", "market", "museum", "river", "school", "station", "temple", "village"]


class Wondering:
    """Writes a question from a vocabulary, or one of the faults; finishes in any order, and counts what it wrote.

    Args:
        share: of attempts that have a fault.
        order: in which the requests are answered, from their number.
        breaks_after: this many attempts an error comes.
    """

    def __init__(self, share=0.4, order=lambda number: 0, breaks_after=None):
        self._share, self._order, self._breaks_after = share, order, breaks_after
        self.requests = []

    def generate(self, requests):
        numbered = list(enumerate(requests))
        for _, request in sorted(numbered, key=lambda one: self._order(one[0])):
            if len(self.requests) == self._breaks_after:
                raise ConnectionError
            self.requests.append(request)
            yield request.key, self.written(random.Random(request.seed))

    def written(self, draw):
        if draw.random() < self._share:
            return draw.choice([Completion(FAMOUS, "stop", 1, 15), *FAULTS.values()])
        animal, person, place = map(draw.choice, (ANIMALS, PEOPLE, PLACES))
        question = f"Why did the {animal} of my {person} run {draw.randrange(1000)} miles to the {place}?"
        return Completion(f"{question}\n", "stop", 1, 15)

    def close(self):
        pass


def write(run, generator, *sizes, first=0, settings=SETTINGS, advance=lambda _: None):
    """Parts of these sizes, each written to the run's seeds as soon as it is made."""
    seeds = Run(run).table("seeds")
    tasks = (Task(part, [], rows, seeds.journal(part, "settings")) for part, rows in enumerate(sizes, first))
    parts = []
    for number, part in Writer(generator, settings, find("en"), 42).parts(tasks, seeds, advance):
        seeds.write(number, part, "settings")
        parts.append(part)
    return parts


def same(first, second):
    return all(a.rows.equals(b.rows) and a.set_aside.equals(b.set_aside) for a, b in zip(first, second, strict=True))


def test_a_part_has_as_many_questions_as_it_is_to_have(tmp_path):
    done = []
    (part,) = write(tmp_path, Wondering(), 50, advance=done.append)
    assert part.rows.schema == pl.Schema(SCHEMA)
    assert part.rows.height == sum(done) == 50
    for id, messages, reference, source in part.rows.iter_rows():
        (message,) = messages
        assert message["role"] == "user"
        assert message["content"] == message["content"].strip()
        assert id == identity([("user", message["content"])])
        assert reference is None
        assert source.startswith("magpie:0/")
    assert part.rows["id"].is_unique().all()


def test_every_attempt_has_a_question_or_a_reason(tmp_path):
    (part,) = write(tmp_path, Wondering(), 50)
    assert set(part.set_aside["reason"]) == set(FAULTS)
    places = [*part.rows["source"], *part.set_aside["id"]]
    assert sorted(places) == sorted(f"magpie:0/{attempt}" for attempt in range(len(places)))


@pytest.mark.parametrize("reason", FAULTS)
def test_what_is_set_aside_keeps_its_text(tmp_path, reason):
    (part,) = write(tmp_path, Wondering(), 50)
    written, text = FAULTS[reason], None
    if isinstance(written, Completion):
        text = written.text
    rows = part.set_aside.filter(reason=reason)["row"].str.json_decode(pl.Struct({"text": pl.String}))
    assert text in rows.struct.field("text")


@pytest.mark.parametrize("order", [lambda number: -number, lambda number: number * 7 % 11])
def test_the_order_in_which_attempts_finish_changes_nothing(tmp_path, order):
    expected = write(tmp_path / "one", Wondering(), 30, 20)
    assert same(write(tmp_path / "other", Wondering(order=order), 30, 20), expected)


def test_attempts_beyond_what_is_needed_leave_no_trace(tmp_path):
    generator = Wondering(share=0)
    (part,) = write(tmp_path, generator, 20)
    assert len(generator.requests) == 24  # a fifth more than are missing
    assert part.rows["source"].to_list() == [f"magpie:0/{attempt}" for attempt in range(20)]
    assert part.set_aside.is_empty()


def test_a_generator_that_repeats_itself_is_given_up(tmp_path):
    class Famous(Wondering):
        def written(self, draw):
            return Completion(FAMOUS, "stop", 1, 15)

    generator = Famous()
    (part,) = write(tmp_path, generator, 20)
    assert part.rows.height == 1
    assert part.set_aside.height == 99
    assert len(generator.requests) == 100


def test_a_question_of_an_earlier_part_is_not_asked_again(tmp_path):
    first, *others = write(tmp_path, Wondering(share=0.6), 20, 20, 20)
    for part in others:
        reasons = [reason for reason in part.set_aside["reason"] if reason.startswith("near copy of ")]
        assert len(reasons) > 1
        assert {reason.removeprefix("near copy of ") for reason in reasons} <= set(first.rows["id"])


def test_a_part_that_is_added_later_is_the_same(tmp_path):
    expected = write(tmp_path / "one", Wondering(), 20, 15, 10)
    parts = write(tmp_path / "other", Wondering(), 20)
    parts += write(tmp_path / "other", Wondering(), 15, 10, first=1)
    assert same(parts, expected)


@pytest.mark.parametrize("breaks_after", [0, 1, 37, 50])
def test_what_was_written_before_a_crash_is_not_written_again(tmp_path, breaks_after):
    expected = write(tmp_path / "one", every := Wondering(), 40)
    broken, rest = Wondering(breaks_after=breaks_after, order=lambda number: -number), Wondering()
    with pytest.raises(ConnectionError):
        write(tmp_path / "other", broken, 40)
    assert same(write(tmp_path / "other", rest, 40), expected)
    refused = [
        request for request in broken.requests if isinstance(broken.written(random.Random(request.seed)), SetAside)
    ]
    assert len(broken.requests) + len(rest.requests) - len(refused) == len(every.requests)


def test_the_request_is_for_a_turn_of_the_user(tmp_path):
    generator = Wondering()
    settings = recipe.MagpieConfig(
        source="magpie", system_prompt="Ask of maps.", temperature=0.9, max_tokens=99, stop=("END",)
    )
    (part,) = write(tmp_path, generator, 10, settings=settings)
    request = generator.requests[0]
    assert request.speaker == "user"
    assert request.messages == [{"role": "system", "content": "Ask of maps."}]
    assert request.sampling == (0.9, 1.0, 1.0, 99, ("END",))
    assert len({request.seed for request in generator.requests}) == len(generator.requests)
    assert all(len(messages) == 1 for messages in part.rows["messages"])
    plain = Wondering()
    write(tmp_path / "plain", plain, 10)
    assert plain.requests[0].messages == []


def test_code_does_not_tell_the_language_of_a_question(tmp_path):
    class Coding(Wondering):
        def written(self, draw):
            query = "SELECT nome, idade FROM alunos WHERE nota > 7 ORDER BY nome;\n" * 3
            return Completion(f"Fix this:\n\n```sql\n{query}```", "stop", 1, 99)

    (part,) = write(tmp_path, Coding(), 1)
    assert part.rows.height == 1
