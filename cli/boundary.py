"""The boundary of a command: whatever is raised inside becomes one sentence and an exit code."""

import inspect
import re
import select
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any

import typer
from rich.text import Text
from typer.core import TyperArgument, TyperCommand, TyperGroup

from sdrrl_data import causes, faults
from sdrrl_data.errors import UserError
from sdrrl_data.shown import escaped, message

from .console import STDERR, STDOUT, PlainConsole, json_lines, say

FAULT = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130
LOCAL = ("preview", "pull")  # commands whose runs are folders of this machine
UsageError: type[Exception] = typer.BadParameter.__bases__[0]  # of click, which Typer may bring itself
AGAIN = "what is finished is kept; run the same command again"


class _Helpful:
    """Help for people: no types of Python, and examples that can be copied."""

    epilog: str | None
    help: str | None

    def get_params(self, ctx: Any) -> list[Any]:
        """Its options and arguments. What a flag or an argument is, its name and its help say."""
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            if getattr(parameter, "is_flag", False):
                parameter.metavar = ""
            elif isinstance(parameter, TyperArgument):
                parameter.display_type_rich = lambda ctx: None  # type: ignore[method-assign]
        return parameters

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help. Typer would fill the lines of the examples with blanks, also behind a `\\`, and break a
        paragraph where the docstring breaks it.
        """
        examples, text = self.epilog, self.help
        self.epilog, self.help = None, re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(text or ""))
        try:
            super().format_help(ctx, formatter)  # type: ignore[misc]
        finally:
            self.epilog, self.help = examples, text
        if examples:
            PlainConsole().print(Text.from_markup(f"{examples}\n"))


class Command(_Helpful, TyperCommand):
    """A command within its boundary."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read its options and arguments."""
        ctx.allow_extra_args = True  # click would only say that there are too many
        try:
            super().parse_args(ctx, args)
        except UsageError as error:
            problem: Any = error
            problem.ctx = problem.ctx or ctx
            raise
        if ctx.args and not ctx.resilient_parsing:  # a shell asks what may follow half a command
            from . import usage

            raise usage.too_many(ctx.args, ctx)
        return []

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        wanted = ctx.find_root().params
        has_json = "as_json" in ctx.params
        as_json = bool(wanted.get("json_lines") or ctx.params.get("as_json"))
        if has_json:
            ctx.params["as_json"] = as_json
        streams = [STDERR, *([] if has_json else [STDOUT])] if as_json else []
        verbose = bool(wanted.get("tracebacks") or ctx.params.get("verbose"))
        with json_lines(*streams), _boundary(self.name, ctx.params, verbose):
            _refuse_other_bytes(ctx.params)
            _place_runs(self.get_params(ctx), ctx.params, self.name in LOCAL)
            return super().invoke(ctx)


class Commands(_Helpful, TyperGroup):
    """All commands. A mistake in a command line takes two lines."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read the options before the name of the command."""
        if not args:
            return super().make_context(info_name, args, parent, **extra)  # which shows the help
        with _usage():
            return super().make_context(info_name, args, parent, **extra)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            from . import usage

            raise usage.no_such_command(args[0], ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Read the options of the command, and run it."""
        with json_lines(*([STDERR] if ctx.params.get("json_lines") else [])), _usage():
            return super().invoke(ctx)


def _refuse_other_bytes(parameters: dict[str, Any]) -> None:
    """Refuse a text that is not Unicode: what is made of it is written as UTF-8. A path may be any bytes.

    Raises:
        UserError: there is one.
    """
    for name, value in parameters.items():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and not isinstance(text, Enum) and any("\ud800" <= c <= "\udfff" for c in text):
                raise UserError(f"{name}: {text!r} is not UTF-8: type it in UTF-8")


def _place_runs(options: Sequence[Any], parameters: dict[str, Any], local: bool) -> None:
    """Replace the address of a run in an object store by the folder in which this process works on it.

    Raises:
        UserError: there is an address where only a folder of this machine can be.
    """
    for option in options:
        value = parameters.get(option.name)
        if not isinstance(value, Path) or not value.parts[:1] or not value.parts[0].endswith(":"):
            continue
        from sdrrl_data.run import working_folder
        from sdrrl_data.stores import address_of

        if (address := address_of(value)) and (local or option.metavar != "RUN"):
            raise UserError(f"{address} is in an object store: {option.opts[0]} takes a place on this machine")
        parameters[option.name] = working_folder.place(value)


@contextmanager
def _usage() -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        from . import usage

        problem: Any = error
        say(f"error: {message(usage.sentence(problem))[:360]}", err=True)
        if problem.ctx:
            say(f"{escaped(problem.ctx.get_usage())}; {problem.ctx.command_path} --help explains them", err=True)
        raise typer.Exit(2) from None


@contextmanager
def _boundary(command: str | None, parameters: dict[str, Any], verbose: bool) -> Iterator[None]:
    """Turn whatever is raised into one sentence and an exit code.

    Args:
        command: its name.
        parameters: of the command.
        verbose: whether to print the traceback before the sentence.

    Raises:
        typer.Exit: something was raised.
    """
    try:
        yield
    except (typer.Exit, typer.Abort, UsageError, GeneratorExit):
        raise
    except BaseException as error:
        if isinstance(error, BrokenPipeError) and _reader_is_gone():
            raise  # Typer ends quietly
        sentence, code = _said(error, command, parameters)
        if verbose:
            say(_traceback(error), err=True)
        say(sentence, err=True)
        raise typer.Exit(code) from None


def _said(error: BaseException, command: str | None, parameters: dict[str, Any]) -> tuple[str, int]:
    """The sentence for an error, and the exit code."""
    causes_of_it = list(causes.chain(error))
    if isinstance(error, KeyboardInterrupt):
        return f"stopped; what is finished is kept: {_to_continue(command, parameters)}", INTERRUPTED
    full = next(filter(causes.is_disk_full, reversed(causes_of_it)), None)
    if isinstance(error, UserError) and (full is None or "make room on the disk" in str(error)):
        return f"error: {error}", error.exit_code
    if full is not None:
        return message(f"error: {_full_disk(full)}"), 1
    if (refused := next(filter(causes.is_refused, causes_of_it), None)) and isinstance(refused, OSError):
        where = message(f"error: {refused.filename} cannot be used ({refused.strerror})")[:330]
        return f"{where}: correct its permissions or the disk, or choose another folder; {AGAIN}", 1
    if causes.is_out_of_memory(error):
        return f"error: memory ran out; {AGAIN} with smaller parts, batches or models, or on a larger machine", 1
    log = faults.write_log(error, _run_of(parameters))
    if log is None:
        say(_traceback(error), err=True)
    where = f"its traceback is in {log}" if log else "its traceback is above, because no file can be written"
    what = escaped(faults.without_secrets(causes.described(error)))[:160]
    if module := _users_module(causes_of_it):
        return f"error: the user's own code in {module} failed ({what}): correct it; {where}. {AGAIN.capitalize()}", 1
    return f"error: this is a fault of sdrrl-data ({what}): please report it; {where}. What is finished is kept", FAULT


def _traceback(error: BaseException) -> str:
    import traceback

    return faults.without_secrets("".join(traceback.format_exception(error)))


def _full_disk(error: BaseException) -> str:
    """The sentence for a full disk; with the file, where it is known."""
    path = getattr(error, "filename", None)
    where = f"{path} cannot be written" if isinstance(path, str) else "a file cannot be written"
    return f"{where} ({causes.described(error)[:120]}): make room on the disk; {AGAIN}"


def _to_continue(command: str | None, parameters: dict[str, Any]) -> str:
    """What to type after a stop."""
    from sdrrl_data.run import Run

    folder = _run_of(parameters)
    if command == "generate" and folder and (run := Run(folder)).manifest():
        return f"{run.command} continues"
    return "run the same command again to continue"


def _run_of(parameters: dict[str, Any]) -> Path | None:
    """The folder of the run that a command was given."""
    return next((value for name in ("folder", "out") if isinstance(value := parameters.get(name), Path)), None)


def _users_module(errors: Sequence[BaseException]) -> str | None:
    """The module of the user's own, named in a recipe, that an error came through."""
    user_code = sys.modules.get("sdrrl_data.recipe.user_code")
    if user_code is None:
        return None
    modules: set[str] = user_code.imported()
    for error in errors:
        trace = error.__traceback__
        while trace is not None:
            if (name := trace.tb_frame.f_globals.get("__name__")) in modules:
                return str(name)
            trace = trace.tb_next
    return None


def _reader_is_gone() -> bool:
    """Whether whatever reads the output has ended, such as `head`."""
    poll = select.poll()
    for descriptor in (1, 2):
        poll.register(descriptor, 0)
    try:
        return any(event & select.POLLERR for _, event in poll.poll(0))
    except OSError:
        return False
