"""Requests as token ids, and turns as completions, for the engines that take token ids."""

from collections.abc import Sequence
from typing import Any

from sdrrl_data import recipe
from sdrrl_data.chat import thinking
from sdrrl_data.chat.messages import ConversationRefused
from sdrrl_data.chat.shape import opened
from sdrrl_data.chat.stops import Stop, find_stops
from sdrrl_data.chat.template import ChatTemplate
from sdrrl_data.protocols import Completion, Request, SetAside


class Chat:
    """What an engine that takes token ids needs to know about a model's conversations.

    Attributes:
        skip_special_tokens: how an engine is to decode. False where the markers of a reasoning section, or what the
            template puts before an answer, are special tokens, which would be lost; `complete` then takes the others
            out.
        doubt: see `ChatTemplate`.
    """

    def __init__(self, tokenizer: Any, settings: recipe.GeneratorConfig) -> None:
        """Read the chat template: the recipe's, or else the model's.

        Args:
            tokenizer: of transformers.
            settings: the recipe's generator.

        Raises:
            UserError: there is no template, it is not Jinja, or it leaves out a part of a conversation.
        """
        self._settings = settings
        self._template = ChatTemplate(
            tokenizer,
            f"generator {settings.model}",
            settings.template,
            settings.template_options,
            setting="generator.template",
            date=settings.date,
        )
        self.doubt = self._template.doubt
        self._special = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]
        texts = [self._template.shape.lead, *(marker for pair in self._template.markers for marker in pair)]
        self.skip_special_tokens = not any(token in text for text in texts for token in self._special)
        self._stops = find_stops(self._template)

    def tokenize(self, request: Request) -> list[int] | SetAside:
        """The token ids of the prompt, special tokens included, up to where the next turn begins.

        Set aside where the template refuses the conversation, or where the prompt leaves no room for the turn.
        """
        render = self._template.prompt if request.speaker == "assistant" else self._template.prompt_of_user
        try:
            tokens = render(request.messages)
        except ConversationRefused as error:
            return SetAside(f"the chat template refuses the conversation: {error}")
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
        """What ends the turn: what the template puts between it and the next one, and the request's own stop texts.

        The texts end an answer, not a reasoning section, so an engine asks `stop_place` where they do.
        """
        tokens, texts = self._stops[request.speaker]
        return Stop(tokens, [*texts, *request.sampling.stop])

    def stop_place(self, request: Request, prompt: Sequence[int], text: str) -> int | None:
        """Where a stop text ends the turn; None where none does.

        Args:
            request: what was asked.
            prompt: its token ids, as `tokenize` gave them.
            text: the turn so far, decoded with `skip_special_tokens`.
        """
        stops = [stop for stop in self.stop(request).texts if stop in text]
        if not stops:
            return None
        begin: int | None = 0
        if request.speaker == "assistant":
            markers, inside = self._section(prompt)
            begin = thinking.answer_place(text, markers, inside)
        if begin is None:
            return None
        answer = text[begin:]
        begin += len(answer) - len(self._without_lead(answer))
        places = [self._place(stop, text, begin) for stop in stops]
        return min((place for place in places if place >= 0), default=None)

    def complete(
        self, request: Request, prompt: Sequence[int], text: str, tokens: int, finish_reason: str
    ) -> Completion:
        """The turn, divided into its reasoning section and its text.

        Args:
            request: what was asked.
            prompt: its token ids, as `tokenize` gave them.
            text: the turn, decoded with `skip_special_tokens`, without the token that ended it.
            tokens: how many it has, what ended it included.
            finish_reason: "stop" or "length".
        """
        place = self.stop_place(request, prompt, text)
        if place is not None:
            text, finish_reason = text[:place], "stop"
        if request.speaker == "user":
            reasoning, answer = None, text.strip()
        else:
            reasoning, answer = thinking.split(text, *self._section(prompt))
            answer = self._without_lead(answer)
        return Completion(
            text=self._plain(answer),
            finish_reason=finish_reason,
            prompt_tokens=len(prompt),
            completion_tokens=tokens,
            reasoning=self._plain(reasoning) if reasoning else None,
        )

    def _place(self, stop: str, text: str, begin: int) -> int:
        """Where a stop text stands in a turn, but not within the name of a special token; -1: nowhere."""
        if not any(token in stop for token in self._special):
            for token in self._special:
                text = text.replace(token, "\0" * len(token))
        return text.find(stop, begin)

    def _section(self, prompt: Sequence[int]) -> tuple[Sequence[thinking.Pair], bool]:
        """The markers that a turn may have, and whether its prompt has opened a reasoning section."""
        pair = opened(self._template.tokenizer.decode(prompt[-32:]), self._template.markers)
        return ([pair], True) if pair else (self._template.markers, False)

    def _without_lead(self, answer: str) -> str:
        """The answer without what the template puts before one, where the model wrote it."""
        lead = self._template.shape.lead
        if lead.strip() and answer.lstrip().startswith(lead.strip()):
            return answer.lstrip().removeprefix(lead.strip()).lstrip()
        return answer.removeprefix(lead)

    def _plain(self, text: str) -> str:
        """The text without special tokens."""
        if self.skip_special_tokens:
            return text
        for token in self._special:
            text = text.replace(token, "")
        return text.strip()
