"""What the names in a card mean: of scores, of kinds of rows, of controls."""

# Score -> what it says, and what it does not see. One with `src_` before its name says the same of the source text.
SCORES = {
    "src_finished": (
        "1 if the model ended its answer by itself, 0 if it was cut at the limit",
        "whether a finished answer says all that it should",
    ),
    "src_refused": (
        "1 if the model declined to answer, going by how its answer begins, else 0",
        "a refusal in words that it does not know, or in a language whose phrases it does not have",
    ),
    "language": (
        "probability of the language that the text should be in, by a model of language identification (0 to 1)",
        "short texts; some words of another language; very similar languages count as one",
    ),
    "language_min": (
        "as `language`, of the sentence where it is lowest",
        "short sentences; very similar languages count as one",
    ),
    "language_best": (
        "probability of the language that the text seems to be in, whichever it is (0 to 1)",
        "whether that is the wanted one",
    ),
    "language_unsure": (
        "1 if the text is too short for `language`, else 0",
        "everything else",
    ),
    "script": (
        "share of the letters that are of a script in which the language is written (0 to 1)",
        "which language it is; texts without letters",
    ),
    "similarity": (
        "mean cosine of source and translated sentences, embedded by a multilingual encoder",
        "a wrong number, name or negation hardly changes it",
    ),
    "similarity_min": (
        "as `similarity`, of the sentence where it is lowest",
        "a wrong number, name or negation hardly changes it; very short sentences",
    ),
    "comet": (
        "mean quality of the translated sentences, by a COMET model that wants no reference",
        "whether sentences fit together; kinds of text and languages that it has not learned",
    ),
    "comet_min": (
        "as `comet`, of the sentence where it is lowest",
        "kinds of text and languages that it has not learned; very short sentences",
    ),
    "round_trip": (
        "chrF++ of the translation, translated back, against its source (0 to 100)",
        "mistakes that the way back undoes; a low value may be the fault of the way back",
    ),
    "length": (
        "characters of the translation against what is usual for its source in this run (1: as usual)",
        "anything but length; very short texts",
    ),
    "length_words": (
        "words of the translation against what is usual for its source in this run (1: as usual)",
        "anything but length; very short texts",
    ),
    "repetition": (
        "share of the words in a run of five words that occurred before (0 to 1)",
        "the same said again in other words; texts of fewer than ten words",
    ),
    "repeated_lines": (
        "share of the lines that occurred before (0 to 1)",
        "what is repeated within a line; texts of few lines",
    ),
    "compression": (
        "size of the text when it is compressed, as a share of its own (low: it repeats itself)",
        "the same said again in other words; short texts",
    ),
    "overlap": (
        "share of the translation's words in runs of words that the source has too (0 to 1)",
        "copied names and numbers, which it leaves out; very short texts",
    ),
    "numbers": (
        "share of the source's numbers that the translation has too (0 to 1)",
        "numbers written out in words; numbers that only the translation has",
    ),
    "protected": (
        "share of the source's code, links, formulas and placeholders that the translation has too (0 to 1)",
        "where in the translation they stand",
    ),
    "finished": (
        "1 if the translation ends a sentence where its source does, 0 if it does not",
        "what is missing before the end; sources that end without a mark, languages that have none",
    ),
    "duplicate": (
        "likeness to the nearest earlier text of the run, or of the sets that it is compared with (0 to 1)",
        "the same said in other words; very short texts",
    ),
    "contamination": (
        "largest share of a test item's words that the text holds in runs (0 to 1)",
        "items in other words or in another language; other test sets than those named",
    ),
    "personal": (
        "how many e-mail addresses and secret keys stand in the text",
        "other personal data: names, telephone numbers, places; keys of shapes that it does not know",
    ),
    "judge": (
        "rating of the translation by a language model (1 to 5)",
        "what that model does not know; it may prefer its own wording",
    ),
}

# Of the rows that are mixed.
KINDS = {
    "src->src": "question and answer in the source language",
    "src->tgt": "question in the source language, answer in the target language",
    "tgt->src": "question in the target language, answer in the source language",
    "tgt->tgt": "question and answer in the target language",
    "code_switched": "question and answer in one language, with some of the other in either or both",
    "translate": "a sentence of the parallel corpus, translated",
    "complete": "the end of a sentence of the parallel corpus",
}

# Of the sets that a transfer set is compared with.
CONTROLS = {
    "sft": "source questions with the reference answers of the seeds",
    "t-sft": "translated questions with translated reference answers",
    "sdrrl": "the transfer set itself, cut to the controls' number of tokens",
    "no-code-switch": "the transfer set without code-switched rows",
    "no-crossing": "the transfer set without rows whose question and answer differ in language",
    "no-parallel": "the transfer set without rows of the parallel corpus",
    "no-self-answers": "the transfer set with reference answers in the place of the model's own",
}
