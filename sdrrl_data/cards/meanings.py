"""What the names in a card mean: of kinds of rows, of controls. What a score means, its scorer says."""

# Of the rows that are mixed.
KINDS = {
    "src->src": "question and answer in the source language",
    "src->tgt": "question in the source language, answer in the target language",
    "tgt->src": "question in the target language, answer in the source language",
    "tgt->tgt": "question and answer in the target language",
    "code_switched": "question and answer in one language, with some of the other in either or both",
    "translate": "a sentence of the parallel corpus, translated",
    "complete": "the end of a sentence of the parallel corpus",
    "pivot": "question in the target language; put into the source language and answered there, then in the target's",
    "contrast": "a question of tgt->src once more, with a request for an answer in the target language",
}

# Of the sets that a transfer set is compared with.
CONTROLS = {
    "sft": "source questions with the reference answers of the seeds",
    "t-sft": "translated questions with translated reference answers",
    "respond": "translated questions with the model's own answers in the target language",
    "sdrrl": "the transfer set itself, cut to the controls' number of tokens",
    "no-code-switch": "the transfer set without code-switched rows",
    "no-crossing": "the transfer set without rows whose question and answer differ in language",
    "no-parallel": "the transfer set without rows of the parallel corpus",
    "no-self-answers": "the transfer set with reference answers in the place of the model's own",
    "no-tgt-src": "the transfer set without target questions that are answered in the source language",
    "no-complete": "the transfer set without sentences to complete",
    "pivot": "the transfer set with target questions that are first answered in the source language, in one completion",
    "contrast": "the transfer set with target questions in pairs that differ in the language that is asked for",
}

# Of the datasets beside a transfer set.
BESIDE = {
    "preferences": "pairs of answers to one question, one chosen and one rejected,",
    "distillation": "questions in the target language with what only the teacher of a self-distillation sees,",
}

# What chooses among several answers to a question; a scorer of answers is named itself.
BEST_BY = {
    "chrf": "the one most like the others (chrF++)",
    "similarity": "the one most like the others (cosine of sentence embeddings)",
    "first": "the first",
}

# Of rejected answers.
REJECTED = {
    "other_language": "the same answer in the other language",
    "code_switched": "the chosen answer with some of the other language in it",
    "direct": "the generator's own answer to the question in the target language",
    "samples": "another answer to the question in the source language, with a lower score",
}
