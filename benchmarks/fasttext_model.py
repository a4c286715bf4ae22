"""Our reading of fastText models beside the library's (fasttext-predict): what the language scorer asks of them.

The scorer asks for the probability of each label of a text, and for that of one label of each of its sentences. This
is measured with the packaged lid.176.ftz, and with a model of random weights as large as those that know 2,000
languages. There memory counts, as each process that scores has a model. CPU time of one core, each way in a process of
its own.
"""

import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import psutil

from benchmarks._report import report, sized, versions
from sdrrl_data.text.segments import sentences
from tests.scoring.fasttext_files import LID176, random_model
from tests.support import real_texts

TEXTS = real_texts.folder() / "instructions/dolly-2k.jsonl"
LABELS, BUCKETS, COLUMNS = sized((2_000, 1_000_000, 128), (50, 10_000, 16))
TEXT_COUNT, ROUNDS = sized((None, 3), (50, 1))  # None: all

Text = Sequence[str]  # its sentences
Answer = tuple[np.ndarray, np.ndarray]  # labels of each text, and the first label of each sentence


def ours(path: Path) -> Callable[[Sequence[Text]], Answer]:
    from sdrrl_data.scoring.fasttext_model import FastTextModel, Sums, summed

    model = FastTextModel(path)

    def ask(texts: Sequence[Text]) -> Answer:
        sums = model.sums([sentence for text in texts for sentence in text])
        counts = np.array([len(text) for text in texts])
        whole = Sums(summed(sums.vectors, counts), summed(sums.counts, counts))
        return model.probabilities(whole), model.probabilities(sums, [0])[:, 0]

    return ask


def library(path: Path) -> Callable[[Sequence[Text]], Answer]:
    import fasttext

    model = fasttext.load_model(str(path))
    labels = {f"__label__{label}": number for number, label in enumerate(labels_of(path))}

    def ask(texts: Sequence[Text]) -> Answer:
        whole = np.zeros((len(texts), len(labels)))
        for row, text in zip(whole, texts, strict=True):
            names, values = model.predict(" ".join(text), k=-1)
            row[[labels[name] for name in names]] = values
        first = next(iter(labels))
        lines = [sentence for text in texts for sentence in text]
        return whole, np.array([dict(zip(*model.predict(line, k=-1), strict=True)).get(first, 0.0) for line in lines])

    return ask


def labels_of(path: Path) -> list[str]:
    from sdrrl_data.scoring.fasttext_file import read

    return read(path).labels


WAYS = {"ours": ours, "fasttext-predict": library}


def measure(way: str, path: Path, texts: Sequence[Text]) -> tuple[float, float, Answer]:
    """Seconds, MiB more that other processes cannot share, and what was answered."""
    WAYS[way](LID176)(texts[:2])  # what is loaded only once
    before = own_memory()
    ask = WAYS[way](path)
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        answer = ask(texts)
        best = min(best, time.process_time() - start)
    return best, own_memory() - before, answer


def own_memory() -> float:
    memory = psutil.Process().memory_info()
    return (memory.rss - memory.shared) / 2**20  # pages of files are shared


def apart(ours: Answer, theirs: Answer) -> float:
    """How far probabilities are apart at most, but of texts that the model knows nothing of, where ours are 0."""
    known = ours[0].any(axis=1)
    return max(float(np.abs(ours[0] - theirs[0])[known].max()), float(np.abs(ours[1] - theirs[1])[ours[1] > 0].max()))


def documents() -> list[Text]:
    lines = [json.loads(line)["output"] for line in TEXTS.read_text("utf-8").splitlines()]
    texts = [[" ".join(line[a:b].lower().split()) for a, b in sentences(line, "en")] for line in lines]
    return [text for text in texts if text][:TEXT_COUNT]


def main() -> None:
    used = versions("numpy", "fasttext-predict")
    print(f"One core, {used}")
    texts = documents()
    with tempfile.TemporaryDirectory() as folder:
        words = ["</s>", *{word for text in texts for sentence in text for word in sentence.lower().split()}]
        large = random_model(
            Path(folder) / "large.bin",
            words,
            [f"l{number}_Latn" for number in range(LABELS)],
            buckets=BUCKETS,
            columns=COLUMNS,
        )
        for name, path, some in ("lid.176.ftz", LID176, texts), (f"{LABELS:,} labels", large, texts[:300]):
            length = np.mean(list(map(len, some)))
            print(f"\n{name}, {path.stat().st_size / 2**20:.0f} MiB; {len(some)} texts of {length:.1f} sentences")
            results = {}
            for way in WAYS:
                with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                    seconds, memory, _ = results[way] = pool.submit(measure, way, path, some).result()
                print(f"{way:17} {len(some) / seconds:7.0f} texts/s  {memory:6.0f} MiB")
            (our_seconds, our_memory, our_answer), (seconds, memory, answer) = results.values()
            report(f"fasttext-predict / ours, {name}: seconds", seconds / our_seconds, used)
            report(f"fasttext-predict / ours, {name}: memory", f"{memory:.0f} / {our_memory:.0f} MiB", used)
            report(f"probabilities apart at most, {name}", f"{apart(our_answer, answer):.0e}", used)


if __name__ == "__main__":
    main()
