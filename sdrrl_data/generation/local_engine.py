"""What engines that load a model on this machine have in common."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from sdrrl_data.models import packaged, tokenizers
from sdrrl_data.models.locating import Located, loading
from sdrrl_data.protocols import Ingredient, Request, SetAside
from sdrrl_data.recipe import GeneratorConfig, GeneratorEngine


def too_long(context: int, settings: GeneratorConfig) -> str:
    """The reason why a model with so short a context cannot be loaded with these settings."""
    return (
        f"it reads {context} tokens at most, and generator.max_model_len is {settings.max_model_len}: "
        f"set that to {context} or less"
    )


class LocalEngine(GeneratorEngine):
    """Loads a model from a directory, the Hub, or the package that carries one."""

    def identify(self, settings: GeneratorConfig) -> Ingredient:
        """The model, by its commit or a digest of its directory.

        Raises:
            UserError: it cannot be found.
        """
        if settings.model == packaged.NAME:
            return packaged.identify(self._versioned())
        located = self.locate(settings)
        return Ingredient("generator", located.name, located.revision, located.licence, self._versioned())

    def locate(self, settings: GeneratorConfig) -> Located:
        """Where the model is.

        Raises:
            UserError: it cannot be found.
        """
        return packaged.locate(settings.model, settings.revision, "generator", "--model", "--recipe quickstart or ")

    def prompt_lengths(self, settings: GeneratorConfig, requests: Sequence[Request]) -> list[int | SetAside]:
        """The number of tokens in each prompt, counted with the model's tokenizer alone."""
        from sdrrl_data.chat.rendering import Chat

        located = self.locate(settings)
        with loading("generator", located.name):
            tokenizer = tokenizers.load(located)
        prompts = map(Chat(tokenizer, settings).tokenize, requests)
        return [prompt if isinstance(prompt, SetAside) else len(prompt) for prompt in prompts]

    def _versioned(self) -> str:
        for distribution in (self.kind, f"{self.kind}-cpu"):
            try:
                return f"{distribution} {version(distribution)}"
            except PackageNotFoundError:
                continue
        return self.kind
