"""Checks that the packages that training needs are installed."""

from importlib.util import find_spec

from sdrrl_data.errors import NotInstalled

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate")


def require() -> None:
    """Check for the packages that every training needs.

    Raises:
        NotInstalled: one is missing.
    """
    missing = [name for name in PACKAGES if not find_spec(name)]
    if missing:
        raise NotInstalled(f"training needs {', '.join(missing)}: pip install 'sdrrl-data[train]'", "train")
