"""Our generators beside a bare call of vLLM: SmolLM2-135M-Instruct on 512 questions of mixed length, in one run.

Each way runs in a process of its own and answers one question before the clock starts, so that loading does not
count. Reads ../shared/data.
"""

import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sdrrl_data import recipe
from sdrrl_data.chat.conversations import sampling
from sdrrl_data.models import packaged
from sdrrl_data.protocols import Completion, Request

DATA = Path(__file__).resolve().parents[2] / "shared/data/instructions/dolly-2k.jsonl"
QUESTIONS, MOST_CHARACTERS = 512, 1000
SETTINGS = recipe.GeneratorConfig(model=packaged.NAME, temperature=0.7, top_p=1.0, max_tokens=64, max_model_len=2048)
WAYS = ("bare vLLM", "our vLLM", "our transformers")


def main() -> None:
    print(f"{QUESTIONS} questions, at most {SETTINGS.max_tokens} tokens each; {os.cpu_count()} cores, {_versions()}")
    measured: dict[str, dict[str, float]] = {}
    for way in WAYS:
        command = [sys.executable, __file__, way]
        output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        measured[way] = found = json.loads(output.splitlines()[-1])
        print(
            f"    {way:18}{found['tokens']:8,} tokens in {found['seconds']:6.1f} s{_speed(found):8.1f} tokens/s",
            flush=True,
        )
    bare, ours, transformers = (_speed(measured[way]) for way in WAYS)
    print(f"our vLLM beside bare vLLM          {ours / bare:5.2f} (wanted: 0.95)")
    print(f"our vLLM beside our transformers   {ours / transformers:5.2f} (wanted: 2)")
    print(f"padding of our transformers        {measured[WAYS[2]]['wasted']:5.1%} of all tokens (wanted: up to 15%)")


def measure(way: str) -> dict[str, float]:
    """Tokens written and seconds, and the share of padding where it is known."""
    lines = DATA.read_text("utf-8").splitlines()
    texts = [" ".join(row["instruction"].split()) + "\n\n" + row["input"] for row in map(json.loads, lines)]
    requests = [
        Request(str(number), [{"role": "user", "content": text.strip()}], number, sampling(SETTINGS))
        for number, text in enumerate([text for text in texts if len(text) < MOST_CHARACTERS][:QUESTIONS])
    ]
    return _bare(requests) if way == WAYS[0] else _ours(way, requests)


def _bare(requests: list[Request]) -> dict[str, float]:
    """`LLM.chat` with the settings that are known to be fast on a CPU."""
    os.environ |= {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_CPU_NUM_OF_RESERVED_CPU": "0",
        "VLLM_CPU_KVCACHE_SPACE": "2",
    }
    from vllm import LLM, SamplingParams

    how = SETTINGS.model_dump(include={"temperature", "top_p", "repetition_penalty", "max_tokens"})
    parameters = [SamplingParams(**how, seed=request.seed) for request in requests]
    conversations: Any = [request.messages for request in requests]
    options: dict[str, Any] = {"dtype": "float32", "enforce_eager": True, "distributed_executor_backend": "uni"}
    # Without it, vLLM fails on seeded rows whose prompt it reads in two steps.
    options |= {"enable_chunked_prefill": False, "max_num_batched_tokens": 4096}
    llm = LLM(packaged.unpack().path, max_model_len=SETTINGS.max_model_len, disable_log_stats=True, **options)
    llm.chat(conversations[:1], parameters[:1], use_tqdm=False)
    start = time.perf_counter()
    outputs = llm.chat(conversations, parameters, use_tqdm=False)
    seconds = time.perf_counter() - start
    return {"tokens": sum(len(output.outputs[0].token_ids) for output in outputs), "seconds": seconds}


def _ours(way: str, requests: list[Request]) -> dict[str, float]:
    generator: Any
    if way == "our vLLM":
        from sdrrl_data.generation.vllm import VllmGenerator

        generator = VllmGenerator(SETTINGS, packaged.unpack())
    else:
        from sdrrl_data.generation.transformers import TransformersGenerator

        generator = TransformersGenerator(SETTINGS, packaged.unpack())
    list(generator.generate(requests[:1]))
    start = time.perf_counter()
    results = [result for _, result in generator.generate(requests)]
    seconds = time.perf_counter() - start
    tokens = sum(result.completion_tokens or 0 for result in results if isinstance(result, Completion))
    wasted = generator.wasted_tokens / generator.computed_tokens if way == WAYS[2] else 0.0
    generator.close()
    return {"tokens": tokens, "seconds": seconds, "wasted": wasted}


def _speed(found: dict[str, float]) -> float:
    return found["tokens"] / found["seconds"]


def _versions() -> str:
    found = [f"Python {platform.python_version()}"]
    for package in ("vllm", "vllm-cpu", "transformers", "torch"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        os.environ |= {"VLLM_LOGGING_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"}
        print(json.dumps(measure(sys.argv[1])))
    else:
        main()
