import polars as pl

from sdrrl_data.protocols import Completion, SetAside
from sdrrl_data.steps.answers import answer
from sdrrl_data.steps.schemas import MESSAGES


class Echo:
    """Says the question again; refuses long ones and has nothing to say to "…"."""

    def __init__(self):
        self.seeds = {}

    def generate(self, prompts, seeds, advance):
        texts = [prompt[-1]["content"] for prompt in prompts]
        self.seeds |= dict(zip(texts, seeds, strict=True))
        advance(len(texts))
        return [
            SetAside("too long")
            if len(text) > 20
            else Completion(f" {text}\n", "stop", 3, 4)
            if text != "…"
            else Completion("  ", "stop", 1, 1)
            for text in texts
        ]

    def close(self):
        pass


def seeds(*texts):
    rows = [{"id": text[:4], "messages": [{"role": "user", "content": text}]} for text in texts]
    return pl.DataFrame(rows, schema={"id": pl.String, "messages": MESSAGES})


def test_every_seed_is_answered_or_set_aside():
    part = answer(seeds("one?", "two? " * 9, "…", "three?"), Echo(), 42, lambda _: None)
    assert part.rows.rows() == [("one?", "one?", "stop", 3, 4), ("thre", "three?", "stop", 3, 4)]
    assert part.set_aside.select("id", "reason").rows() == [("two?", "too long"), ("…", "the answer is empty")]


def test_a_row_keeps_its_random_seed_whatever_its_neighbours():
    first, second = Echo(), Echo()
    answer(seeds("one?", "two?", "three?"), first, 42, lambda _: None)
    answer(seeds("three?", "one?"), second, 42, lambda _: None)
    assert first.seeds["three?"] == second.seeds["three?"]
    assert len(set(first.seeds.values())) == 3


def test_a_part_in_which_everything_is_refused_is_a_part_all_the_same():
    part = answer(seeds("long " * 9), Echo(), 42, lambda _: None)
    assert part.rows.is_empty()
    assert part.rows.columns == ["id", "answer", "finish_reason", "prompt_tokens", "completion_tokens"]
