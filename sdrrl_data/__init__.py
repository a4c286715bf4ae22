"""Distillation datasets for multilingual language models, made from a model's own answers (SDRRL).

Make a transfer set, and look at its rows:

    >>> from sdrrl_data import Run, generate, load_recipe
    >>> recipe = load_recipe("quickstart", {"limit": 8, "generator.max_tokens": 64})
    >>> manifest = generate(recipe, "runs/eight")
    >>> rows = Run("runs/eight").transfer_set("Portuguese")
    >>> "en->pt" in rows["direction"]
    True

`push` and `pull` exchange runs with the Hugging Face Hub; `train` and `evaluate` work on models. If something is wrong
that the caller can fix, they raise a `UserError`; its subclasses tell the reasons apart.

Importing this module is cheap: each name is loaded when it is first used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sdrrl_data.errors import (
        DatasetNotFound,
        DiskFailed,
        DiskFull,
        EngineFailed,
        FileDamaged,
        HubUnavailable,
        ModelNotFound,
        NotARun,
        NotInstalled,
        OutOfMemory,
        OutputExists,
        RecipeError,
        RunBusy,
        RunMismatch,
        RunUnfinished,
        ScorerFailed,
        ServerLost,
        ServerUnavailable,
        Stopped,
        StoreUnavailable,
        UnknownLanguage,
        UntrustedRecipe,
        UserError,
        VersionMismatch,
    )
    from sdrrl_data.evaluation.evaluate import evaluate
    from sdrrl_data.pipeline.generate import generate
    from sdrrl_data.publishing.pull import pull
    from sdrrl_data.publishing.push import push
    from sdrrl_data.recipe import Recipe
    from sdrrl_data.recipe.loading import load as load_recipe
    from sdrrl_data.run import Run
    from sdrrl_data.training.train import train

    __version__: str

__all__ = [
    "DatasetNotFound",
    "DiskFailed",
    "DiskFull",
    "EngineFailed",
    "FileDamaged",
    "HubUnavailable",
    "ModelNotFound",
    "NotARun",
    "NotInstalled",
    "OutOfMemory",
    "OutputExists",
    "Recipe",
    "RecipeError",
    "Run",
    "RunBusy",
    "RunMismatch",
    "RunUnfinished",
    "ScorerFailed",
    "ServerLost",
    "ServerUnavailable",
    "Stopped",
    "StoreUnavailable",
    "UnknownLanguage",
    "UntrustedRecipe",
    "UserError",
    "VersionMismatch",
    "__version__",
    "evaluate",
    "generate",
    "load_recipe",
    "pull",
    "push",
    "train",
]

_MODULES = {  # of each name, and after a colon its name there if it is another one; all other names are errors
    "Recipe": "sdrrl_data.recipe",
    "Run": "sdrrl_data.run",
    "evaluate": "sdrrl_data.evaluation.evaluate",
    "generate": "sdrrl_data.pipeline.generate",
    "load_recipe": "sdrrl_data.recipe.loading:load",
    "pull": "sdrrl_data.publishing.pull",
    "push": "sdrrl_data.publishing.push",
    "train": "sdrrl_data.training.train",
}

if not TYPE_CHECKING:  # so that a type checker takes the imports above, and knows no other name

    def __getattr__(name: str) -> object:
        if name == "__version__":
            from importlib.metadata import version  # slow to import, and rarely needed

            return version("sdrrl-data")
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        module, _, other_name = _MODULES.get(name, "sdrrl_data.errors").partition(":")
        return getattr(import_module(module), other_name or name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
