import polars as pl
import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.recipe import ParallelConfig
from sdrrl_data.recipe.loading import load
from sdrrl_data.steps import parallel_rows, prompts
from sdrrl_data.steps.parallel_rows import make

PAIR = "The sky was clear this morning.\tO céu estava limpo hoje de manhã."


def read(path, src="en", tgt="pt", corpus=("en", "pt")):
    parallel = ParallelConfig(source=str(path), src=corpus[0], tgt=corpus[1])
    return parallel_rows.read(parallel, find(src), find(tgt))


def asking(tgt="pt"):
    part = prompts.make(load("quickstart").prompts, find("en"), find(tgt), lambda: None)
    return prompts.PromptChooser(part.rows, seed=42)


def rows(path, *lines):
    path.write_text("\n".join(lines), encoding="utf-8")
    return make(read(path).rows, asking(), "en", "pt", seed=42).to_dicts()


def test_pairs_are_read_and_bad_lines_set_aside(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text(f"{PAIR}\n\nno tab here\n{PAIR}\n a \t b \n\tempty\n", encoding="utf-8")
    part = read(path)
    assert part.rows.select("source", "src", "tgt").rows() == [
        ("pairs.tsv:1", *PAIR.split("\t")),
        ("pairs.tsv:5", "a", "b"),
    ]
    assert part.set_aside["reason"].to_list() == [
        "not source<TAB>target",
        "the same pair stands in an earlier line",
        "not source<TAB>target",
    ]


def test_a_corpus_serves_its_own_two_languages_in_either_direction(tmp_path):
    (tmp_path / "pairs.tsv").write_text(PAIR, encoding="utf-8")
    english, portuguese = PAIR.split("\t")
    assert read(tmp_path / "pairs.tsv", "pt", "en").rows.select("src", "tgt").row(0) == (portuguese, english)
    assert read(tmp_path / "pairs.tsv", "en", "vi").rows.is_empty()
    assert parallel_rows.read(None, find("en"), find("pt")).rows.is_empty()


@pytest.mark.parametrize(
    ("content", "says"), [(None, "cannot be read"), (b"", "no line"), (b"a\n", "no line"), (b"\xff\tb", "not UTF-8")]
)
def test_a_file_without_pairs_is_refused(tmp_path, content, says):
    if content is not None:
        (tmp_path / "pairs.tsv").write_bytes(content)
    with pytest.raises(UserError, match=says):
        read(tmp_path / "pairs.tsv")


def test_a_pair_is_translated_both_ways(tmp_path):
    there, back = [row for row in rows(tmp_path / "a.tsv", PAIR) if row["task"] == "translate"]
    english, portuguese = PAIR.split("\t")
    assert (there["direction"], back["direction"]) == ("en->pt", "pt->en")
    assert there["prompt"][0]["content"].endswith(f"\n\n{english}")
    assert "Portuguese" in there["prompt"][0]["content"]
    assert there["completion"] == [{"role": "assistant", "content": portuguese}]
    assert "inglês" in back["prompt"][0]["content"]


def test_a_sentence_is_completed_in_its_own_language(tmp_path):
    for row, sentence in zip(
        [row for row in rows(tmp_path / "a.tsv", PAIR) if row["task"] == "complete"], PAIR.split("\t"), strict=True
    ):
        request, beginning = row["prompt"][0]["content"].split("\n\n")
        rest = row["completion"][0]["content"]
        assert f"{beginning} {rest}" == sentence
        assert beginning
        assert rest
        assert ("português" if row["direction"] == "pt->pt" else "English") in request


def test_a_compound_is_not_cut(tmp_path):
    pairs = [f"We meet on {n} Fridays.\tNós nos vemos na sexta-feira {n} e na segunda-feira {n}." for n in range(50)]
    completed = [row for row in rows(tmp_path / "a.tsv", *pairs) if row["direction"] == "pt->pt"]
    assert len(completed) == 50
    assert not [row for row in completed if row["prompt"][0]["content"].endswith("-")]


def test_a_short_sentence_is_not_completed(tmp_path):
    candidates = rows(tmp_path / "a.tsv", "It rains.\tChove.")
    assert [row["task"] for row in candidates] == ["translate", "translate"]


def test_real_pairs_in_a_script_without_spaces(real_texts):
    pairs = read(real_texts / "parallel" / "tatoeba.eng-tha.tsv", "en", "th", ("en", "tha")).rows
    words = prompts.make(load("quickstart").prompts, find("en"), find("pt"), lambda: None).rows
    thai = words.with_columns(language=pl.col("language").replace("pt", "th"))
    completed = make(pairs, prompts.PromptChooser(thai, 42), "en", "th", seed=42).filter(
        task="complete", direction="th->th"
    )
    sentences = set(pairs["tgt"])
    assert completed.height > 50
    for row in completed.iter_rows(named=True):
        beginning = row["prompt"][0]["content"].split("\n\n", 1)[1]
        rest = row["completion"][0]["content"]
        assert {beginning + rest, f"{beginning} {rest}"} & sentences
