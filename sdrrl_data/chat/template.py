"""A model's chat template: one conversation as token ids, the same for generating, training and evaluating."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from jinja2 import TemplateSyntaxError

from sdrrl_data import recipe
from sdrrl_data.chat import thinking
from sdrrl_data.chat.messages import ConversationRefused, TemplateMessage
from sdrrl_data.chat.shape import QUESTION, USER, Texts, common_length, examine
from sdrrl_data.chat.time_limit import time_limit
from sdrrl_data.errors import UserError
from sdrrl_data.protocols import Message, SetAside

RENDERING = 30.0  # seconds that a template may take for one conversation
Conversation = tuple[Sequence[Message], Sequence[Message]]
"""What is asked, and the turns that answer it."""


class Example(NamedTuple):
    """An answered conversation as token ids."""

    prompt: list[int]  # what a generator is sent
    completion: list[int]  # with what ends the turn
    reasoning_lost: bool  # the answer has a reasoning section that the template leaves out


class ChatTemplate:
    """Renders the conversations of one model.

    Jinja runs in the sandbox of transformers, for a template comes from outside.

    Attributes:
        tokenizer: of transformers.
        text: the template.
        markers: those of reasoning sections that the model may write.
        shape: how the template renders.
        within: the tokens before an answer or around its reasoning, which do not end a turn.
        ends: the tokens that end an answer in the template; may be empty.
        doubt: a sentence for the user if a conversation begins with the beginning-of-sequence token twice, or
            without it though the tokenizer puts it before other texts, or if the template does not read an option;
            otherwise empty.
    """

    def __init__(
        self,
        tokenizer: Any,
        model: str,
        given: str | None = None,
        options: Mapping[str, Any] | None = None,
        setting: str | None = None,
        date: str = recipe.DEFAULT_DATE,
    ) -> None:
        """Read the template and render a small conversation with it.

        Args:
            tokenizer: of transformers.
            model: what errors call the model, such as "generator Qwen/Qwen3-8B".
            given: a template (Jinja) instead of the tokenizer's, or the name of one of several that it has.
            options: what the template understands, such as enable_thinking.
            setting: what errors call the place of `given`, such as "generator.template"; None: it cannot be given.
            date: the day that a template is told which asks for today's date (YYYY-MM-DD).

        Raises:
            UserError: there is no template, it is not Jinja, or it leaves out the question or the answer.
        """
        self.tokenizer = tokenizer
        self._strftime_now = datetime.fromisoformat(date).strftime
        self._options = dict(options or {})
        self.text = _find(tokenizer, model, given, setting)
        # A model tuned on another's template may think all the same, and then mostly between the commonest markers.
        self.markers = thinking.find(self.text) or [thinking.MARKERS[0]]
        try:
            self.shape = examine(self._render, model, self.markers, self._marks())
        except TemplateSyntaxError as error:
            whose = setting if given and setting else f"the chat template of {model}"
            raise UserError(f"{whose} is not Jinja: line {error.lineno}: {error.message}") from error
        except ConversationRefused as error:  # one that is as plain as a question and its answer
            raise UserError(f"the chat template of {model} refuses a plain conversation: {error}") from error
        # gpt-oss ends its reasoning with the token that ends turns; others begin an answer with one that begins turns.
        within = [self.shape.lead, *(marker for pair in self.markers for marker in pair)]
        self.within = frozenset(token for tokens in self.tokens(within) for token in tokens)
        self.ends = [token for token in self.added_tokens(self.shape.after) if token not in self.within]
        self.doubt = "; ".join(filter(None, (self._begin_doubt(model), self._options_doubt(model))))

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The token ids, special tokens included, up to where the assistant begins.

        Raises:
            ConversationRefused: the template does not render these messages.
        """
        return self.tokens([self.shape.text(messages, prompt=True)])[0]

    def answered(self, messages: Sequence[Message], text: str) -> list[int]:
        """The token ids of a conversation with its answer, as the template ends it.

        Raises:
            ConversationRefused: the template does not render these messages.
        """
        return self.tokens([self.shape.text([*messages, {"role": "assistant", "content": text}])])[0]

    def prompt_of_user(self, messages: Sequence[Message]) -> list[int]:
        """The token ids up to where the user's next turn begins.

        Raises:
            ConversationRefused: the template does not render these messages, or leaves out the turn.
        """
        text = self.shape.text([*messages, QUESTION])
        before, user, _ = text.partition(USER)
        if not user:
            raise ConversationRefused("it leaves out the user's turn")
        # A space before a word belongs to the word's token.
        return self.tokens([before.rstrip(" ")])[0]

    def examples(self, conversations: Iterable[Conversation]) -> Iterator[Example | SetAside]:
        """Each conversation as the prompt that is sent and the completion that is learned; or why it is set aside.

        Where a template does not end a turn with a token, the tokenizer's end-of-sequence token does.
        """
        rendered = [self._texts(*conversation) for conversation in conversations]
        texts = [text for text in rendered if not isinstance(text, SetAside)]
        prompts = self.tokens([text.prompt for text in texts])
        pairs = zip(prompts, self._continue([(text.prompt, text.completion) for text in texts], prompts), strict=True)
        missing_end = [] if self.ends else [self.tokenizer.eos_token_id]
        for text in rendered:
            if isinstance(text, SetAside):
                yield text
            else:
                prompt, completion = next(pairs)
                yield Example(prompt, [*completion, *missing_end], text.reasoning_lost)

    def answer(self, messages: Sequence[Message], text: str) -> tuple[list[int], list[int]]:
        """The token ids before an answer, and those of the answer alone, as `examples` has them.

        The first include what the template puts before an answer. What ends it is in neither.

        Raises:
            ConversationRefused: the template does not render these messages, or leaves out the reasoning of the answer.
        """
        asked, completion, reasoning_lost = self.shape.texts(messages, [{"role": "assistant", "content": text}])
        if reasoning_lost:
            raise ConversationRefused("it takes no reasoning")
        written = completion.removesuffix(self.shape.after)
        lead = self.shape.lead if written.startswith(self.shape.lead) else ""  # it is another one before reasoning
        (prompt,) = self.tokens([asked])
        begun, answered = self._continue([(asked, lead), (asked, written)], [prompt, prompt])
        shared = common_length(begun, answered)
        return [*prompt, *answered[:shared]], answered[shared:]

    def with_options(self) -> str:
        """The template with its options written into it, so that servers render conversations in the same way."""
        settings = (f"{{% set {name} = {value!r} +%}}" for name, value in self._options.items() if name.isidentifier())
        return "".join(settings) + self.text

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of rendered texts, in which the template has written all special tokens."""
        if not texts:
            return []
        ids: list[list[int]] = self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        return ids

    def added_tokens(self, text: str) -> list[int]:
        """The tokens in a text that are not pieces of words: special ones, and those added for a template.

        White space does not count, even if it was added as a token: it would end a turn at its first line.
        """
        added = set(self.tokenizer.get_added_vocab().values()) | set(self.tokenizer.all_special_ids)
        return [token for token in self.tokens([text])[0] if token in added and self.tokenizer.decode([token]).strip()]

    def _marks(self) -> list[str]:
        """The texts of the tokens that a template may mark turns with: the added ones except the very first."""
        added: set[str] = {*self.tokenizer.get_added_vocab(), *self.tokenizer.all_special_tokens}
        return sorted(text for text in added if text.strip() and text != self.tokenizer.bos_token)

    def _render(self, messages: Sequence[TemplateMessage], add_generation_prompt: bool) -> str:
        try:
            with time_limit(RENDERING):
                text: str = self.tokenizer.apply_chat_template(
                    messages,
                    chat_template=self.text,
                    add_generation_prompt=add_generation_prompt,
                    tokenize=False,
                    # Replaces the function of transformers that tells a template today's date.
                    **{"strftime_now": self._strftime_now, **self._options},
                )
            text.encode()  # no tokenizer takes lone surrogates
        except TemplateSyntaxError:
            raise
        except Exception as error:  # a template is a program: there is no list of what it raises
            raise ConversationRefused(str(error).strip().partition("\n")[0] or type(error).__name__) from error
        return text

    def _options_doubt(self, model: str) -> str:
        unread = [name for name in self._options if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", self.text)]
        return f"the chat template of {model} does not read the option {', '.join(unread)}" if unread else ""

    def _begin_doubt(self, model: str) -> str:
        tokenizer = self.tokenizer
        begin = tokenizer.bos_token_id
        if begin is None:
            return ""
        prompt, alone = self.prompt([QUESTION]), tokenizer("x")["input_ids"]
        if prompt[:2] == [begin, begin]:
            return f"the chat template of {model} begins a conversation with {tokenizer.bos_token} twice: correct it"
        if prompt[:1] != [begin] and alone[:1] == [begin]:
            return (
                f"the chat template of {model} begins a conversation without {tokenizer.bos_token}, which its "
                "tokenizer puts before other texts: conversations go without it"
            )
        return ""

    def _texts(self, asked: Sequence[Message], answered: Sequence[Message]) -> Texts | SetAside:
        try:
            return self.shape.texts(asked, answered)
        except ConversationRefused:
            return SetAside("refused by the chat template")

    def _continue(self, texts: Sequence[tuple[str, str]], prompts: Sequence[list[int]]) -> list[list[int]]:
        """The token ids of each second text when it follows the first, whose token ids do not change."""
        wholes = self.tokens([before + after for before, after in texts])
        return [
            whole[len(prompt) :] if whole[: len(prompt)] == prompt else self._apart(after)
            for prompt, whole, (_, after) in zip(prompts, wholes, texts, strict=True)
        ]

    def _apart(self, text: str) -> list[int]:
        """The token ids of a text that follows another one, without sharing a token with it.

        Some tokenizers put a space before a text that stands alone, so another text is put before it.
        """
        anchor = "x" if text[:1].isspace() else "\n"
        before, both, alone = self.tokens([anchor, anchor + text, text])
        return both[len(before) :] if both[: len(before)] == before else alone


def has_template(tokenizer: Any) -> bool:
    """Whether a tokenizer has a chat template; those of mistral-common do not."""
    return bool(getattr(tokenizer, "chat_template", None))


def _find(tokenizer: Any, model: str, given: str | None, setting: str | None) -> str:
    remedy = f", or give {setting} (a Jinja file), as for a base model" if setting else ""
    if not given and not has_template(tokenizer):
        raise UserError(f"{model} has no chat template: choose an instruct model{remedy}")
    named = getattr(tokenizer, "chat_template", None)
    if not isinstance(named, dict):
        return given or str(named)
    if not given and "default" not in named:
        choice = f": name one with {setting}" if setting else ", which is needed here"
        raise UserError(f"{model} has several chat templates ({', '.join(sorted(named))}) and no default{choice}")
    return str(named.get(given or "default", given))
