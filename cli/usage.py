"""Mistakes in a command line: what was typed, what is wanted, and an example that is right."""

import inspect
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import typer
from annotated_types import Ge
from pydantic import ValidationError
from rich.text import Text

from sdrrl_data.recipe import types_in_words as words
from sdrrl_data.suggestions import closest, instead, listed

from . import completion
from .boundary import UsageError

# Other commands, and other programs, call it so.
MEANT = {
    **{"--rows": "--limit", "--limit": "--rows", "--output": "--out", "--dataset": "--seeds", "--questions": "--seeds"},
    **{"--target": "--tgt", "--source": "--src", "--language": "--tgt", "--config": "--recipe"},
}
AS_IT_IS = "TRL and `datasets` read RUN/TARGET/transfer_set as it is"
MISTYPED = 0.8  # similarity to an option from which on it is that one, and no key of a recipe
NOT_NEEDED = dict.fromkeys([("--format", name) for name in ("trl", "datasets", "parquet")], AS_IT_IS)


def sentence(error: Any) -> str:
    """What is wrong with a command line.

    Args:
        error: click's; a `UsageError`.
    """
    parameter, context = getattr(error, "param", None), error.ctx
    cause = error.__cause__
    if parameter is not None and isinstance(cause, ValidationError):
        return _wrong_value(cause.errors()[0]["input"], parameter, context)
    if isinstance(error, typer.BadParameter) and parameter is not None and not error.message:  # it is missing
        given = _form(parameter) if parameter.opts[0].startswith("-") else _meaning(parameter)
        return f"{_name(parameter)} is missing: give {given}"
    option = getattr(error, "option_name", None)
    if option is not None and context is not None:
        parameters = {
            name: one for one in context.command.get_params(context) for name in one.opts if name.startswith("-")
        }
        if option in parameters:
            return f"{option} has no value: give {_form(parameters[option])}"
        if MEANT.get(option) in parameters:
            return f"there is no option {option}: did you mean {MEANT[option]}?"
        mistyped = closest(option, parameters, most=1, cutoff=MISTYPED)
        if not mistyped and "--set" in parameters and (key := _key(option, context)):
            return f"there is no option {option}: did you mean --set {key}=VALUE?"
        return f"there is no option {option}: {instead(option, parameters, otherwise=_of_others(option, context))}"
    return str(error.format_message())


def _key(option: str, context: Any) -> str | None:
    """The key of `--set` that is called as an option: "generator.max_tokens" for "--max-tokens"."""
    keys = completion.training_keys if context.info_name == "train" else completion.keys
    names = [str(key).removesuffix("=") for key in keys("")]
    name = option.removeprefix("--").replace("-", "_")
    return next((key for key in names if name == key.rpartition(".")[2]), None)


def _of_others(option: str, context: Any) -> str:
    """What to say of an option that a command does not have: which commands have it, or where its own are listed."""
    commands = context.parent.command.commands if context.parent else {}
    others = [name for name, command in commands.items() if option in {o for p in command.params for o in p.opts}]
    if others:
        return f"{listed(others)} {'has' if len(others) == 1 else 'have'} it, {context.info_name} does not"
    return f"sdrrl-data {context.info_name} --help lists those that there are"


def no_such_command(name: str, context: Any) -> Exception:
    """The error for a command that there is not."""
    return UsageError(f"there is no command {name}: {instead(name, context.command.list_commands(context))}", context)


def too_many(arguments: list[str], context: Any) -> Exception:
    """The error for words that no option and no argument of the command takes."""
    word = arguments[0]
    options = {name for parameter in context.command.get_params(context) for name in parameter.opts}
    meant = (f"{option} {name}" for option, name in _values_like(word) if option in options)
    hint = next((f"did you mean {what}?" for what in meant), "put it behind an option, or leave it out")
    return UsageError(f"{word} belongs to no option: {hint}", context)


def _values_like(word: str) -> Iterator[tuple[str, str]]:
    """Options with a value of theirs that a word may mean: ("--filter", "similarity")."""
    from sdrrl_data import languages
    from sdrrl_data.recipe import loading, shipped_scores

    for option in ("--filter", "--score"):
        yield from ((option, name) for name in closest(word, shipped_scores(), most=1))
    yield from (("--recipe", name) for name in closest(word, loading.names(), most=1))
    if word in {language.tag for language in languages.search("")}:
        yield "--tgt", word


def _wrong_value(value: Any, parameter: Any, context: Any) -> str:
    if note := NOT_NEEDED.get((_name(parameter), str(value).lower())):
        return f"{_name(parameter)} {value} is not needed: {note}"
    annotation = _type_of(parameter, context)
    phrase, right = words.wanted(annotation), words.example(annotation, parameter.default, value)
    such_as = "" if right is words.NO_EXAMPLE else f", such as {_name(parameter)} {right}"
    return f"{_name(parameter)} is {words.described(value)}: give {phrase or 'another value'}{such_as}"


def _type_of(parameter: Any, context: Any) -> Any:
    """The type of one value of a parameter of a command, with its bounds."""
    annotation = inspect.signature(context.command.callback).parameters[parameter.name].annotation
    kind, *said = get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)
    if get_origin(kind) in words.UNIONS:
        kind = next(part for part in get_args(kind) if part is not type(None))
    if get_origin(kind) is list:
        [kind] = get_args(kind)
    lowest = [Ge(info.min) for info in said if getattr(info, "min", None) is not None]
    return Annotated[(kind, *lowest)] if lowest else kind


def _name(parameter: Any) -> str:
    """How a person sees it: the longest name of an option, or the word for an argument in the help."""
    options = [name for name in parameter.opts if name.startswith("-")]
    return max(options, key=len) if options else str(parameter.metavar or parameter.name.upper())


def _form(parameter: Any) -> str:
    """What to type, with what it means."""
    return f"{_name(parameter)} {parameter.metavar or parameter.name.upper()} ({_meaning(parameter)})"


def _meaning(parameter: Any) -> str:
    """The first sentence of its help."""
    help = Text.from_markup(parameter.help or "a value").plain.split(". ")[0].rstrip(".")
    return help[0].lower() + help[1:]
