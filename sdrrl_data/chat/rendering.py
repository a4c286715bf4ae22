"""Conversations as token ids, and turns as completions, by the model's chat template."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from jinja2 import TemplateError, TemplateSyntaxError

from sdrrl_data import recipe
from sdrrl_data.chat import thinking
from sdrrl_data.errors import UserError
from sdrrl_data.protocols import Completion, Message, Request, SetAside

# Stand for a turn's text in a rendered conversation. Letters alone, so that no template changes them.
USER, ASSISTANT, NEXT = "sdrrlusersdrrl", "sdrrlassistantsdrrl", "sdrrlnextsdrrl"


class Stop(NamedTuple):
    """What ends a turn, besides the model's own end-of-sequence tokens."""

    tokens: list[int]
    texts: list[str]  # not part of the turn


class Chat:
    """What an engine that takes token ids has to know of a model's conversations.

    Engines decode with `skip_special_tokens` as given here: False where the markers of a reasoning section are special
    tokens, which would be lost; `complete` then takes the others out.
    """

    skip_special_tokens: bool

    def __init__(self, tokenizer: Any, settings: recipe.GeneratorConfig) -> None:
        """Read the chat template: the recipe's, or else the model's own.

        Args:
            tokenizer: of transformers.
            settings: the recipe's generator.

        Raises:
            UserError: there is no template, or it is not Jinja.
        """
        if not settings.template and not tokenizer.chat_template:
            raise UserError(
                f"generator {settings.model} has no chat template: choose an instruct model, "
                "or give generator.template (a Jinja file), as for a base model"
            )
        self._tokenizer = tokenizer
        self._settings = settings
        try:
            self._knows_system = self._renders_system()
        except TemplateSyntaxError as error:
            whose = "generator.template" if settings.template else f"the chat template of generator {settings.model}"
            raise UserError(f"{whose} is not Jinja: line {error.lineno}: {error.message}") from error
        # A model tuned on another's template may think all the same, and then mostly between the commonest markers.
        template = settings.template or tokenizer.get_chat_template()
        self._markers = thinking.find(template) or [thinking.MARKERS[0]]
        self._special = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]
        self.skip_special_tokens = not any(
            token in marker for pair in self._markers for marker in pair for token in self._special
        )
        self._stops = self._find_stops()

    def tokenize(self, request: Request) -> list[int] | SetAside:
        """The prompt's token ids, up to where the next turn begins; no special token is to be added.

        Set aside where the template refuses the conversation, or where the prompt leaves no room for the turn.
        """
        try:
            prompt = self._prompt(request)
        except TemplateError as error:
            return SetAside(f"the chat template refuses the conversation: {error}")
        tokens = self._tokens(prompt)
        if not tokens:
            return SetAside("the chat template puts nothing before the turn")
        limit, max_tokens = self._settings.max_model_len, request.sampling.max_tokens
        if len(tokens) <= limit - max_tokens:
            return tokens
        return SetAside(
            f"the prompt has {len(tokens)} tokens, {limit - max_tokens} fit "
            f"(max_model_len {limit} less max_tokens {max_tokens})"
        )

    def stop(self, request: Request) -> Stop:
        """What ends the turn: what the template puts between it and the next one, and the request's own stop texts."""
        tokens, texts = self._stops[request.speaker]
        return Stop(tokens, [*texts, *request.sampling.stop])

    def complete(
        self, request: Request, prompt: Sequence[int], text: str, tokens: int, finish_reason: str
    ) -> Completion:
        """The turn, with its reasoning section apart.

        Args:
            request: what was asked.
            prompt: its token ids, as `tokenize` gave them.
            text: the turn, decoded with `skip_special_tokens`, without what ended it.
            tokens: how many it has, what ended it included.
            finish_reason: "stop" or "length".
        """
        if request.speaker == "user":
            reasoning, answer = None, text.strip()
        else:
            opened = self._opened(prompt)
            reasoning, answer = thinking.split(text, [opened] if opened else self._markers, inside=opened is not None)
        return Completion(
            text=self._plain(answer),
            finish_reason=finish_reason,
            prompt_tokens=len(prompt),
            completion_tokens=tokens,
            reasoning=self._plain(reasoning) if reasoning else None,
        )

    def _prompt(self, request: Request) -> str:
        fold: Callable[[Sequence[Message]], Sequence[Message]] = list if self._knows_system else _fold_system
        if request.speaker == "assistant":
            return self._render(fold(request.messages), add_generation_prompt=True)
        text = self._render(fold([*request.messages, {"role": "user", "content": USER}]))
        before, user, _ = text.partition(USER)
        if not user:
            raise TemplateError("it leaves out the user's turn")
        # A space before a word belongs to the word's token.
        return before.rstrip(" ")

    def _render(self, messages: Sequence[Message], add_generation_prompt: bool = False) -> str:
        rendered: str = self._tokenizer.apply_chat_template(
            messages,
            chat_template=self._settings.template,
            add_generation_prompt=add_generation_prompt,
            tokenize=False,
            **self._settings.template_options,
        )
        return rendered

    def _tokens(self, text: str) -> list[int]:
        tokens: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return tokens

    def _renders_system(self) -> bool:
        """Whether a system message comes through the template: some refuse it, some leave it out."""
        try:
            return ASSISTANT in self._render(
                [{"role": "system", "content": ASSISTANT}, {"role": "user", "content": USER}]
            )
        except TemplateSyntaxError:
            raise
        except TemplateError:
            return False

    def _find_stops(self) -> dict[str, Stop]:
        """What stands between the turns of a conversation."""
        try:
            text = self._render(
                [
                    {"role": "user", "content": USER},
                    {"role": "assistant", "content": ASSISTANT},
                    {"role": "user", "content": NEXT},
                ]
            )
        except TemplateError:
            text = ""
        after_user, _, rest = text.partition(USER)[2].partition(ASSISTANT)
        after_assistant = rest.partition(NEXT)[0]
        user, assistant = self._read_stop(after_user), self._read_stop(after_assistant)
        # gpt-oss ends its reasoning with the token that ends a turn; what ends the whole it knows by itself.
        marks = {token for pair in self._markers for marker in pair for token in self._tokens(marker)}
        return {
            "user": user,
            "assistant": Stop([token for token in assistant.tokens if token not in marks], assistant.texts),
        }

    def _read_stop(self, separator: str) -> Stop:
        """The added tokens in what separates two turns; its first line where it does not begin with one."""
        tokens = [token for token in self._tokens(separator) if self._tokenizer.decode([token]).strip()]
        added = set(self._tokenizer.get_added_vocab().values())
        ends = [token for token in tokens if token in added]
        if not tokens or tokens[0] in added:
            return Stop(ends, [])
        line = separator.strip().splitlines()[0].rstrip()
        begins_a_line = "\n" in separator[: separator.index(line)]
        return Stop(ends, ["\n" + line if begins_a_line else line])

    def _opened(self, prompt: Sequence[int]) -> thinking.Pair | None:
        """The reasoning section that the prompt's end has opened."""
        end = self._tokenizer.decode(prompt[-32:]).rstrip()
        return next((pair for pair in self._markers if end.endswith(pair[0])), None)

    def _plain(self, text: str) -> str:
        """The text without special tokens."""
        if self.skip_special_tokens:
            return text
        for token in self._special:
            text = text.replace(token, "")
        return text.strip()


def _fold_system(messages: Sequence[Message]) -> list[Message]:
    """The system message as the beginning of the user's first turn."""
    if len(messages) < 2 or messages[0]["role"] != "system":
        return list(messages)
    system, first, *rest = messages
    return [{"role": first["role"], "content": f"{system['content']}\n\n{first['content']}"}, *rest]
