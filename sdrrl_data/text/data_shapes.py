"""How whole paragraphs of data look, in which no line tells enough: YAML, INI, CSV, Makefiles, Dockerfiles, trees.

Each pattern is for all lines of a paragraph, each with its line end.
"""

import re
from collections.abc import Sequence

# Keys of YAML begin with a small letter: a list such as "Moons:", "- Mars: two" is prose.
_YAML = re.compile(r"(?: *(?:- )?(?:[a-z_./\"'][\w./'\"-]*:(?: +\S.*)?|- ?\S.*)\n)+")
_NESTED = re.compile(r"^(?P<indent> *)(?:- )?[\w./'\"-]+:\n(?P=indent)(?: +\S|- )", re.MULTILINE)
# Values without a space, half of them not a word: "name: my-app", and not "size: big".
_FLAT_YAML = re.compile(r"(?:[a-z_][\w.-]*: (?:[^\s\"']+|\"[^\"\n]*\"|'[^'\n]*')\n){2,}+")
_NO_WORD = re.compile(r": (?:\"|'|[a-z]+[_./:-][\w./:-]+|\d+\.\d+\.\d+|true|false|null).*\n")
_KEYS_OF_INI = r"(?=(?:[;#].*\n)*\w[\w.-]* ?=)(?:\w[\w.-]* ?= ?.*\n|[;#].*\n)++"
_KEY_OF_INI = re.compile(r"^\w[\w.-]* ?=", re.MULTILINE)
_INI = re.compile(rf"(?:[;#].*\n)*+(?:\[{{1,2}}[\w.: \"'-]+\]{{1,2}}\n{_KEYS_OF_INI})++")
# Lines for programs; not "love = all we need" under "[Chorus]", nor "M = male" under "[Legend]".
_SETTING = re.compile(
    r"""^(?: \w[\w.-]*=.*                                       # no space before the mark
           | [a-z]\w*[ ]=[ ]?\S*                                # a single word
           | \w+[_.-][\w.-]*[ ]=.*                              # the name of a key
           | \w+[ ]=[ ]?(?: $ | ["'\[{].* | .*[\d/\\@$%{}<>*_].* | .*\w[.:]\w.* )
         )$""",
    re.MULTILINE | re.VERBOSE,
)
_CSV = re.compile(r"[^,\s][^,]*(?:,[^,\s][^,]*){2,}")
_TARGETS = r"[\w./%$(){}-]++(?: [\w./%$(){}-]++)*+"
_TOOLS = "cargo|cat|cp|docker|echo|gcc|git|go|make|mkdir|mv|node|npm|pip|pytest|python3?|rm|touch|yarn"
_RECIPE = rf"(?:\t(?=[@-]?(?:\$|(?:{_TOOLS})\b|.*(?: -|/|\$[({{]))).*\n)++"
_MAKEFILE = re.compile(rf"(?:{_TARGETS}::?(?: .*)?\n{_RECIPE}|\w+ ?[:+?]?= ?.*\n)++")
_INSTRUCTION = (
    r"(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|RUN|SHELL|USER|VOLUME|WORKDIR) (?=.*[\da-z]).*\n"
)
_DOCKERFILE = re.compile(rf"{_INSTRUCTION}(?:{_INSTRUCTION}|#.*\n|[ \t].*\n)++")
_TREE = re.compile(r"(?:[\w.-]+/?\n)?(?:[ \u00a0│|]*[├└][─-]+ ?[\w.-]+/?(?: +#.*)?\n)++")
_PATH = re.compile(r"/\n|\w\.\w+\n")
_PATTERNS_OF_FILES = re.compile(r"(?:(?=.*(?:[*/_]|\.\w))!?[\w.*/-]++\n){2,}+")  # .gitignore


def is_data(lines: Sequence[str]) -> bool:
    """Whether a paragraph of at least two lines is data."""
    if len(lines) < 2:
        return False
    content = "\n".join([*lines, ""])
    if any(shape.fullmatch(content) for shape in (_DOCKERFILE, _PATTERNS_OF_FILES)):
        return True
    if _INI.fullmatch(content) and 2 * len(_SETTING.findall(content)) >= len(_KEY_OF_INI.findall(content)):
        return True
    if (_NESTED.search(content) and _YAML.fullmatch(content)) or ("\n\t" in content and _MAKEFILE.fullmatch(content)):
        return True
    if _FLAT_YAML.fullmatch(content) and 2 * len(_NO_WORD.findall(content)) >= len(lines):
        return True
    if _TREE.fullmatch(content) and _PATH.search(content):
        return True
    return len({line.count(",") for line in lines}) == 1 and all(map(_CSV.fullmatch, lines))
