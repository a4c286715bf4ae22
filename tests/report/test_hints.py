from sdrrl_data.report import hints
from sdrrl_data.run import Count, Counts, FilterCount, Kind, Manifest, TargetCount


def manifest(answers=None, only=0, taken=10):
    count = FilterCount(filter="length", weight=0, texts={}, alone={"tgt->tgt": 40}, only={"tgt->tgt": only})
    mix = [
        Kind(kind="src->src", asked=0.5, available=90, taken=90),
        Kind(kind="translate", asked=0.1, available=taken, taken=taken),
    ]
    target = TargetCount(pairs=100, kept=60, kept_texts={}, filters=[count], removed={}, mix=mix, rows={})
    return Manifest(
        state="finished",
        signatures={"pt": "s"},
        recipe={"tgt": ["pt"], "generator": {"max_tokens": 320, "repetition_penalty": 1.1, "max_model_len": 2048}},
        versions={},
        ingredients=[],
        counts=Counts(answers=answers or {}, targets={"pt": target}),
    )


def words(manifest):
    return [str(hint) for hint in hints.of(manifest)]


def test_what_is_usual_needs_no_hint():
    assert hints.of(manifest({"refused": 3})) == []


def test_answers_that_were_cut_or_loop():
    assert words(manifest({"cut": 7, "looping": 1})) == [
        "7 answers were cut at 320 tokens; with more, all are made anew: "
        "sdrrl-data generate --out RUN --set generator.max_tokens=640",
        "1 answer repeats the same words with a repetition penalty of 1.1; with a higher one, all answers are made "
        "anew: sdrrl-data generate --out RUN --set generator.repetition_penalty=1.2",
    ]
    long = manifest({"cut": 7})
    long.recipe["generator"] |= {"max_tokens": 1024, "max_model_len": 2048}
    [hint] = hints.of(long, "runs/mine")
    assert hint.command == (
        "sdrrl-data generate --out runs/mine --set generator.max_tokens=2048 --set generator.max_model_len=4096"
    )


def test_a_filter_that_drops_much_and_a_kind_that_is_scarce():
    assert words(manifest(only=31, taken=2)) == [
        "pt: the filter length alone drops a text of 31% of the pairs; see what other thresholds keep: "
        "sdrrl-data tune RUN --all",
        "pt: translate has 2.2% of the rows, and 10.0% was asked for: there are only 2 such rows",
    ]
    assert words(manifest(taken=0))[0].endswith("there are none")


def test_an_empty_set_has_no_scarce_kinds_and_a_target_that_keeps_nothing_has_no_usual_hint():
    empty = manifest(only=31)
    target = empty.counts.targets["pt"]
    kinds = [kind.model_copy(update={"taken": 0}) for kind in target.mix]
    empty.counts.targets["pt"] = target.model_copy(update={"kept": 0, "mix": kinds})
    assert hints.of(empty) == []


def test_rows_that_left_no_room_are_named_with_the_key_that_makes_room():
    reason = "the prompt has 70 to 92 tokens, {} fit (max_model_len 2048 less max_tokens {})"
    run = manifest()
    run.counts.steps["answers"] = Count(rows_in=9, rows_out=8, set_aside={reason.format(1728, 320): 1})
    quoting = {f"{reason.format(0, 2048)}: …": 5, f"{reason.format(0, 2048)}: “Why?”": 1}
    run.counts.steps["pt/translations"] = Count(rows_in=8, rows_out=2, set_aside=quoting)
    assert words(run) == [
        "answers: 1 row was too long for the model: of the 2048 tokens that it reads and writes, generator.max_tokens "
        "keeps 320 for what it writes: sdrrl-data generate --out RUN --set generator.max_tokens=160",
        "pt/translations: 6 rows were too long for the model: of the 2048 tokens that it reads and writes, "
        "translator.max_tokens keeps 2048 for what it writes: sdrrl-data generate --out RUN --set "
        "translator.max_tokens=1024",
    ]
    run.recipe["targets"] = {"pt": {"translator": [{"kind": "self"}]}}
    assert words(run)[1].endswith("--set targets.pt.translator.max_tokens=1024")
