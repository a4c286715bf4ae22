"""What is asked of a server: the body of a request, in the words that this server knows."""

import logging
import re
from typing import Any

from sdrrl_data.errors import RecipeError
from sdrrl_data.protocols import Request
from sdrrl_data.recipe import GeneratorConfig

LENGTHS = ("max_tokens", "max_completion_tokens")  # what most servers call it; OpenAI's o1 and gpt-5
SEEDS = ("seed", "random_seed", "")  # what most servers call it; Mistral; there is none

# "Extra inputs are not permitted" (Mistral), "Unrecognized request argument" (OpenAI), "Unknown name" (Gemini), ...
_NOT_KNOWN = re.compile(
    r"not (?:permitted|supported|allowed|recognized)|un(?:supported|recognized|known|expected)|extra|forbidden", re.I
)
# A parameter as such messages name it: "body.seed", "'seed'", "argument supplied: seed". Not a word of the question.
_NAMED = r"""(?:body\.|["'`]|(?:argument|parameter|field|name)s?(?: supplied)?:? )["'`]?{}\b"""


class RequestBody:
    """The bodies of the requests to one server; learns from its refusals what it calls things.

    Args:
        settings: the generator's.
    """

    def __init__(self, settings: GeneratorConfig) -> None:
        self._settings = settings
        self._length = LENGTHS[0]
        self._seed = SEEDS[0]

    def of(self, request: Request) -> dict[str, Any]:
        """The body of a request.

        Raises:
            RecipeError: it is for the user's turn, which a server does not write.
        """
        if request.speaker == "user":
            raise RecipeError(
                "seeds magpie need generator.engine vllm or transformers: a server does not write the user's turn"
            )
        sampling, settings = request.sampling, self._settings
        body: dict[str, Any] = {
            "model": settings.model,
            "messages": list(request.messages),
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            self._length: sampling.max_tokens,
        }
        if self._seed:
            body[self._seed] = request.seed
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        # What is not OpenAI's, but known to vLLM and others.
        if sampling.repetition_penalty != 1:
            body["repetition_penalty"] = sampling.repetition_penalty
        if settings.template is not None:
            body["chat_template"] = settings.template
        if settings.template_options:
            body["chat_template_kwargs"] = settings.template_options
        return body

    def adapted(self, body: dict[str, Any], refusal: str) -> bool:
        """Whether a request that was refused can be asked again in other words.

        Args:
            body: what was refused.
            refusal: what the server says.
        """
        preferred, other = LENGTHS
        if preferred in body and other in refusal:
            self._length = other
            return True
        name = next((name for name in SEEDS if name and name in body), None)
        if name and re.search(_NAMED.format(name), refusal) and _NOT_KNOWN.search(refusal):
            following = SEEDS[SEEDS.index(name) + 1]
            if self._seed == name:  # the first of the requests under way that is refused
                self._seed = following
                if not following:
                    logging.getLogger(__name__).warning(
                        "the server takes no seed: asked again, it may answer in other words"
                    )
            return True
        return False
