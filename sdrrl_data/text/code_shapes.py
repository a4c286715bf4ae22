"""How lines of code and data look: statements, declarations, commands, queries in the common languages.

Every pattern is for a line without its indentation, from its first to its last character. A pattern must not match a
line of prose: tests/text/test_unfenced_code.py has prose that comes near to each kind.
"""

import re
import sys

# A single word after "import" may be prose, as in "import duties"; these are modules.
_MODULES = "|".join(sorted({*sys.stdlib_module_names, "matplotlib", "numpy", "pandas", "requests", "sympy", "torch"}))
_TYPES = "int|void|char|float|double|bool|long|unsigned|string|String|size_t|boolean"
_MODIFIERS = "public|private|protected|static|final|abstract|override|virtual|export|readonly|unsafe|extern|inline"

DECLARATIONS = (
    r"(?:async )?(?:def|function|func|fn|sub) [\w.:]+ ?[(<].*",
    r"class [A-Z]\w*(?:\(.*\))?:",
    r"(?:class|struct|interface|enum|trait|impl|module|namespace|package) \w[\w.:<>, ]* ?[{;]",
    rf"(?:(?:{_MODIFIERS}) )+[\w<>\[\],.*&]+ .*[;{{(=)]",
    r"(?:const|let|var|val|auto|local|my) [\w$@%{\[].* ?=.*",
    rf"(?:{_TYPES}) [*&]?\w+(?:\[\w*\])? ?[=;(].*",
    r"import [\w.{}*, /\"'@-]+?(?: (?:as|from) [\w\"'@./-]+)?;",
    rf"import (?:\w+(?:\.\w+)+(?: as \w+)?|\w+ as \w+|(?:{_MODULES})(?:, \w+)*)",
    r"from [\w.]+ import \S.*|import [\w{}*, ]+ from ['\"].*",
    r"(?:using|use|require|include) ?[\w:.'\"(<\\]+.*;",
    r"#(?:include|define|ifdef|ifndef|endif|pragma)\b.*|#!/.*",
    r"@\w[\w.]*\(.*\)|\w+ :: .*",
)
STATEMENTS = (
    r"(?:\} )?(?:if|for|while|switch|catch|elif|foreach|else if) ?\(.*\) ?(?:\{?|.*;)",
    r"(?:if|elif|while|for|with|except|match|case) "
    r"[^.!?]*(?:[=!<>]=|\w\(|\[|\bin \w|\bnot \w|\b(?:True|False|None)\b).*:",
    r"(?:for|while|if) .*; ?(?:do|then)",
    r"return [\w'\"\[{(-]+(?:[.(\[+*/=<>-].*|;)|return [a-z]+(?:_[a-z]+)+",
    r"(?:repeat|do|else|try|finally)[:{]|\}? ?(?:else|try|finally) ?\{",
    # A call; not "print(the words of a sentence)"
    r"[\w.$]+(?:\[[^\]]+\])?(?:[.:]\w+)*\((?![^()]*[a-z]{2,} [a-z]{2,} [a-z]{2,}[^\"'()]*\)$).*\)"
    r"(?:\.\w+\(.*\))*;?(?: *(?://|#).*)?",
    r"[\w.$]+(?:\[[^\]]+\])?(?:\.\w+)*\(.*(?:\{|=>.*|\()",
    r"[^.!?\"]*\w\(.*\)(?:\.\w+\(.*\))*;",
    # An assignment; not "x = 5, so", nor "n = 2 (as we know from before)"
    r"[\w.$@*]+(?:\[[^\]]+\])*(?:, [\w.$]+)* (?:[+*/%|&^-]?=|:=|<-|=>) "
    r"(?=\S)(?![^\"'`]*\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b)(?:.*[;)\]}'\"{(\[]|[\w.$]+|\w+(?: [+*/%-]+ \w+)+)",
    r"[a-z_][\w.-]*=[^\s=].*[\w)\"'\]};]|\$\w[\w\[\]'\">-]* ?[.+-]?= ?.*;",
    r".*[)\w\]'\"] ?=>? ?[{(\[]",
    r".*\) ?\{|[^.!?]*\w\([^()]*\)(?: -> [\w\[\]., ]+)?:",
    r".*=.*\w\(.*\);?|.*\w\(.*;|.*(?:\w::\w|<< \S|->\w).*;",
    r"(?:print|puts|printf?|println!|echo) ?[(\"f'].*[\"')];?|%>%.*|\|> .*",
    r"//.*|/\*.*|.*\*/|#.*\w\(.*\).*",  # comments
)
COMMANDS = (
    r"(?:\$|>>>|PS [A-Z]:.*>|[A-Z]:\\.*>) \S.*",
    r"(?:sudo |npx )?(?:pip3?|npm|yarn|apt|apt-get|brew|conda|cargo|gem|dnf|yum|pacman) "
    r"(?:install|add|update|upgrade|run|init|remove)(?: [\w@./=<>~:\[\]'\"-]*[\w=<>\]'\"-])*",
    r"(?:git|docker|kubectl|go) [a-z]+"
    r"(?: -\S+| [^\s-][^\s./:=]*[./:=]\S*| [./]\S*| origin| main| master| \"[^\"]*\"| '[^']*')*(?<![.?!:])",
    r"(?:docker|kubectl|sudo|cd|mkdir|chmod|chown|cp|mv|rm|curl|wget|ssh|scp|rsync|tar|unzip|systemctl|grep|sed|awk|ls|python3?"
    r"|node|cmake)(?= .*(?: --?\w|[/$~|&>=@]|\w\.\w))(?: [^\s?!]+)*[^\s.?!:,]",
    r"(?:cat|touch|find|source) [./~\w-]*[./~][./~\w*-]*(?: [-|>&].*)?|export \w+=.*|[A-Z][A-Z0-9_]*=\S+",
    r"[A-Z]\w+-[A-Z]\w+ -\w+ .*|[\d*/,-]+(?: [\d*/,-]+){4} \S*/.*",
    r"(?:FROM|RUN|COPY|WORKDIR|CMD|ENTRYPOINT|EXPOSE|ENV|ARG) (?=.*[/:=\[\".]).*[^.!?]",  # Dockerfiles
)
QUERIES = (
    r"(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE (?:OR REPLACE )?(?:TABLE|VIEW|INDEX|DATABASE|FUNCTION)"
    r"|ALTER TABLE|DROP TABLE)\b .*[^.!?:]",
    r"select (?=.*[*=,()]).+ from .*;|select (?=.*[*=]).+ from .*",
    r"(?:insert into|update \w+ set|delete from|create table) .*[=(;].*",
)
DATA = (
    # LaTeX; environments with formulas are protected anyway
    r"\\(?:documentclass|usepackage|section|subsection|includegraphics)\b.*|\\begin\{(?:document|itemize|tabular)\}.*",
    r"Traceback \(most.*|File \".*\", line \d.*|\w+(?:Error|Exception): .*|at [\w.$<>]+\(.*\)",
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\S* .*|@@ -\d.*@@.*|(?:---|\+\+\+) [ab]/.*",
    r"[.#]?[\w-]+(?:[ ,>+~:.#]+[\w-]+)* ?\{(?:\s*[\w-]+:.*)?|[a-z-]+: [^;.]+;",  # CSS
    r"\"[^\"]+\": ?.+,|\{ ?\"[^\"]+\": ?.*|[{\[]|<\?(?:xml|php|=).*|<!DOCTYPE .*",
    r"\^.*[\[\\(].*\$|/.*[\[\\(].*/[gimsuy]*",  # regular expressions
)
# Lines that may belong to code, but do not begin it.
CONTINUATIONS = (
    r"[})\]]+[;,)]*|[{(\[]+|import \w+(?:, \w+)*|return\b.*",
    r"(?:end|fi|done|esac|else|try|begin|then|do|pass|break|continue)[:{;)]*",
    r"#.*|--.*|\"\"\".*|'''.*|.*\"\"\"",
    r"\"[^\"]+\": ?.+|\"[^\"]*\",?|'[^']*',?|[\w'\".]+,",
    r"(?:FROM|WHERE|(?:INNER |LEFT |RIGHT |FULL )?(?:OUTER )?JOIN|GROUP BY|ORDER BY|HAVING|LIMIT|VALUES|UNION|SET|ON)"
    r"\b.*",
    r"[\w.$\"'-]+ ?[:=] ?.*|[\w.$]+(?:\[[^\]]+\])?(?:[.:]\w+)*,?",
    r".*[;{,(\[\\]|\\\w+.*|\.\w+\(.*|<.*>",
)


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_BEGINNINGS = (*DECLARATIONS, *STATEMENTS, *COMMANDS, *QUERIES, *DATA)
BEGINNING = _any_of(*_BEGINNINGS)
CONTINUATION = _any_of(*_BEGINNINGS, *CONTINUATIONS)
FORMULA = re.compile(
    "[\u221a\u00b2\u00b3\u00b1\u00d7\u00f7\u03a3\u03c0\u2248\u2264\u2265\u221e\u222b\u2211]"
)  # what is written for people to read
COMMENT = _any_of(r"(?:--|#|//|%|;) .*")
