"""Reasoning sections: what a thinking model writes before its answer."""

from collections.abc import Sequence

Pair = tuple[str, str]
"""The texts that open and close a section."""

MARKERS: tuple[Pair, ...] = (
    ("<think>", "</think>"),  # Qwen3, DeepSeek-R1, GLM, Nemotron, SmolLM3, OLMo 3 and many more
    ("[THINK]", "[/THINK]"),  # Magistral
    ("<seed:think>", "</seed:think>"),  # Seed-OSS
    ("<mm:think>", "</mm:think>"),  # MiniMax-M3
    ("<thought>", "</thought>"),  # EXAONE Deep
    ("<|channel>thought", "<channel|>"),  # Gemma 4
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A Reasoning
    ("<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus
    ("<|begin_of_thought|>", "<|end_of_thought|>"),  # OpenThinker
    ("◁think▷", "◁/think▷"),  # Kimi-VL-Thinking
    ("Here is my thought process:", "Here is my response:"),  # Granite 3.2
    # gpt-oss: the analysis channel, then the final one; the second pair is for an answer without analysis
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("<|channel|>final", "<|message|>"),
    ("to=self<|message|>", "<|eom|><|start|>assistant to=user<|message|>"),  # Muse Glimmer
)


def find(template: str) -> list[Pair]:
    """The markers that a chat template mentions."""
    return [pair for pair in MARKERS if pair[0] in template or pair[1] in template]


def split(text: str, markers: Sequence[Pair] = MARKERS, inside: bool = False) -> tuple[str | None, str]:
    """A turn's reasoning, None if it has none, and its answer; both without the markers.

    Only a section at the beginning of the turn counts, because an answer may mention markers. A section that is
    never closed reaches to the end, and the answer is empty.

    Args:
        text: the turn.
        markers: those to look for.
        inside: the prompt has opened the section, so that the turn begins within it.
    """
    body = text.lstrip()
    for start, end in markers:
        if body.startswith(start):
            return _close(body.removeprefix(start), end)
    if inside:
        return _close(body, min((end for _, end in markers if end in body), key=body.find, default=markers[0][1]))
    return None, text


def answer_place(text: str, markers: Sequence[Pair] = MARKERS, inside: bool = False) -> int | None:
    """Where the answer begins in a turn that is being written, with the white space before it.

    None: the turn is in its reasoning section, or may be about to open one.

    Args:
        text: the turn so far.
        markers: those to look for.
        inside: the prompt has opened the section, so that the turn begins within it.
    """
    body = text.lstrip()
    place = len(text) - len(body)
    for start, end in markers:
        if body.startswith(start):
            return _end_place(text, [end], place + len(start))
    if inside:
        return _end_place(text, [end for _, end in markers], place)
    return None if any(start.startswith(body) for start, _ in markers) else 0


def _end_place(text: str, ends: Sequence[str], place: int) -> int | None:
    """Where the first of these texts ends, from a place on."""
    return min((start + len(end) for end in ends if (start := text.find(end, place)) >= 0), default=None)


def _close(section: str, end: str) -> tuple[str | None, str]:
    reasoning, _, answer = section.partition(end)
    return reasoning.strip() or None, answer.strip()
