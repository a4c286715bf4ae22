"""What is in the page, read as text: figures, policy, data that ends no element."""

import base64
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser

import polars as pl
import pytest

from sdrrl_data.pipeline.generate import generate
from sdrrl_data.report import figures, sample
from sdrrl_data.report.page import page
from sdrrl_data.run import NOTHING_SET_ASIDE, Counts, Part, Run
from tests.report.conftest import HOSTILE, small_recipe
from tests.support.copies import trusted_copy
from tests.support.small_models import models


class Parsed(HTMLParser):
    """The elements of a page, and the texts of its scripts and style sheets."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.raw, self.words = [], [], []
        self._within = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._within = (tag, dict(attrs)) if tag in ("script", "style") else None

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self._within = None

    def handle_data(self, text):
        if self._within:
            self.raw.append((*self._within, text))
        else:
            self.words.append(text)

    def text(self):
        return " ".join(" ".join(self.words).split())

    def data(self):
        [text] = [text for _, attributes, text in self.raw if attributes.get("id") == "data"]
        return json.loads(text)


@pytest.fixture(scope="module")
def html(small_run):
    manifest, run = small_run
    return page(run, manifest)


@pytest.fixture(scope="module")
def parsed(html):
    return Parsed(html)


def test_the_same_run_gives_the_same_page(html, small_run):
    manifest, run = small_run
    assert page(run, manifest) == html


def test_only_its_own_script_and_style_are_allowed(parsed):
    [policy] = [
        attributes["content"]
        for tag, attributes in parsed.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    digests = {
        tag: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for tag, attributes, text in parsed.raw
        if attributes.get("type") != "application/json"
    }
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{digests['script']}'; style-src 'sha256-{digests['style']}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_nothing_in_it_is_fetched_and_nothing_has_a_style_or_a_handler_of_its_own(parsed):
    for tag, attributes in parsed.elements:
        assert tag not in {"img", "link", "iframe", "object", "embed", "base"}
        assert not {"style", "src"} & {*attributes}
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("href", "#").startswith("#")


def test_texts_of_rows_stay_texts(html, parsed):
    assert "<img" not in html
    assert html.count("<script") == 2
    shown = {text["text"] for text in parsed.data()["texts"]}
    assert shown.issuperset(HOSTILE)


def test_every_pair_of_a_small_run_is_in_it_with_its_verdict(parsed, small_run):
    manifest, run = small_run
    verdicts = run.table("pt/verdicts").read_all()
    rows = [row for row in parsed.data()["rows"] if row["step"] == sample.PAIRS_STEP]
    assert {row["id"] for row in rows} == {*verdicts["id"]}
    assert sum(row["verdict"] == "kept" for row in rows) == manifest.counts.targets["pt"].kept
    failures = {
        id: {failure["filter"] for failure in failed} for id, failed in verdicts.select("id", "failures").rows()
    }
    assert {row["id"]: {*row["why"]} for row in rows} == failures


def test_a_pair_has_four_texts_each_in_its_language(parsed):
    for row in parsed.data()["rows"]:
        if row["step"] == sample.PAIRS_STEP:
            assert [(cell["label"], cell["lang"]) for cell in row["cells"]] == [
                ("question", "en"),
                ("question", "pt"),
                ("answer", "en"),
                ("answer", "pt"),
            ]


def test_earlier_turns_come_with_their_roles(parsed):
    data = parsed.data()
    [cell] = [
        row["cells"][0]
        for row in data["rows"]
        if row["step"] == sample.PAIRS_STEP and len(row["cells"][0]["turns"]) > 1
    ]
    turns = [(role, data["texts"][number]["text"]) for role, number in cell["turns"]]
    assert turns[0] == ("system", "You are brief.")
    assert [role for role, _ in turns] == ["system", "user", "assistant", "user"]


def test_switched_words_are_where_the_row_says(parsed):
    data = parsed.data()
    switched = 0
    for row in data["rows"]:
        for cell in row["cells"]:
            text = data["texts"][cell["turns"][-1][1]]["text"]
            units = text.encode("utf-16-le")
            for start, end, original in cell.get("switched", ()):
                word = units[2 * start : 2 * end].decode("utf-16-le")
                assert word
                assert word != original
                switched += 1
    assert switched


def test_rows_that_were_set_aside_say_why(parsed, small_run):
    manifest, _ = small_run
    [reason] = manifest.counts.steps["answers"].set_aside
    [row] = [row for row in parsed.data()["rows"] if row.get("verdict") == "set aside"]
    assert (row["step"], row["why"]) == ("set aside: answers", [reason])


def test_figures_are_those_of_the_manifest(parsed, small_run):
    manifest, _ = small_run
    target = manifest.counts.targets["pt"]
    text = parsed.text()
    assert f"({target.rows['train']} train, {target.rows['test']} test)" in text
    assert f"{target.kept} kept by every filter ({target.kept / target.pairs:.0%})" in text
    [length] = [count for count in target.filters if count.filter == "length"]
    texts = [length.texts[text] for text in ("question_src", "answer_src", "question_tgt", "answer_tgt")]
    numbers = [str(number or "–") for number in (*texts, length.alone["tgt->tgt"], length.only["tgt->tgt"])]
    assert f"length {' '.join(numbers)}" in text
    for kind in target.mix:
        assert re.search(rf"{kind.asked:.1%} [0-9.]+% {kind.taken} {kind.available}\b", text)


def test_the_whole_signature_is_behind_its_digest(parsed, small_run):
    manifest, _ = small_run
    signature = manifest.signatures["pt"]
    assert f"pt {signature.rpartition(':')[2]} the whole signature {signature}" in parsed.text()


def test_no_path_of_this_machine_is_in_it(html, small_run):
    assert str(small_run[1].path.parent) not in html


def test_every_chart_says_what_it_shows(parsed):
    charts = [attributes for tag, attributes in parsed.elements if attributes.get("class") == "chart"]
    assert len(charts) == 4
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes in charts)


@pytest.mark.parametrize(
    "lost", ["pt/transfer_set", "pt/verdicts", "pt/scores-heuristics", "pt/translations", "answers"]
)
def test_an_unfinished_run_is_shown_as_far_as_it_is(small_run, tmp_path, lost):
    manifest, run = small_run
    unfinished = Run(trusted_copy(run.path, tmp_path / "run"))
    tables = list(manifest.tables)
    for table in tables[tables.index(lost) :]:
        shutil.rmtree(unfinished.path / table, ignore_errors=True)
    manifest = manifest.model_copy(update={"state": "unfinished", "counts": Counts()})
    text = Parsed(page(unfinished, manifest)).text()
    assert "This run is not finished. What is missing: " in text
    assert f" {lost}" in text
    assert f"{run.table('seeds').count():,} questions" in text
    if lost == "pt/transfer_set":
        assert f"{run.table('pt/verdicts').count():,} pairs translated and judged" in text


def test_parts_may_be_missing_in_the_middle(small_run, tmp_path):
    manifest, run = small_run
    unfinished = Run(trusted_copy(run.path, tmp_path / "run"))
    unfinished.table("pt/verdicts").files(0)[0].unlink()
    rows = Parsed(page(unfinished, manifest.model_copy(update={"state": "unfinished"}))).data()["rows"]
    judged = {row["id"] for row in rows if row["step"] == sample.PAIRS_STEP}
    assert judged
    assert judged.isdisjoint(run.table("pt/verdicts").read(0)["id"])


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.01, "< 0.1 s"), (0.26, "0.3 s"), (45.2, "45 s"), (60, "1 min"), (200, "3 min 20 s"), (7260, "2 h 1 min")],
)
def test_durations(seconds, words):
    assert figures.duration(seconds) == words


@pytest.fixture
def lost_run(tmp_path):
    """A run of which no row is left."""
    run = Run(tmp_path / "run")
    recipe = small_recipe(tmp_path, **{"thresholds.src_finished": {"max": -1}, "limit": 8})
    return generate(recipe, run.path, models()), run


def test_a_run_of_which_no_row_is_left_says_so(lost_run):
    manifest, run = lost_run
    parsed = Parsed(page(run, manifest))
    assert "0 rows in the transfer set" in parsed.text()
    assert {row["verdict"] for row in parsed.data()["rows"] if row["step"] == sample.PAIRS_STEP} <= {
        "kept in part",
        "dropped",
    }


def test_scores_that_are_no_numbers_do_not_break_the_data(lost_run):
    manifest, run = lost_run
    table = run.table("pt/scores-heuristics")
    rows = table.read(0).with_columns(question_length=pl.lit(float("nan")), answer_length=pl.lit(float("inf")))
    table.write(0, Part(rows, NOTHING_SET_ASIDE), table.written(0))
    data = Parsed(page(run, manifest)).data()
    shown = {score[1] for row in data["rows"] for cell in row["cells"] for score in cell.get("scores", ())}
    assert {"nan", "inf"} <= shown


def test_the_page_says_which_texts_have_no_value_of_a_score(html):
    assert re.search(r"\d not scored", html)
    assert re.search("not scored: (?:sources of less|texts of fewer)", html)
