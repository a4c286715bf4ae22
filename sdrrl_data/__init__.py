"""Distillation datasets for multilingual language models, made from a model's own answers (SDRRL)."""


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version  # slow to import, and seldom asked for

        return version("sdrrl-data")
    raise AttributeError(name)
