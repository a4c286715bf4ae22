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
    r"\w+(?: \"[\w./-]+\"){1,2} \{|@[a-z]+\{[\w:./-]+,",  # Terraform, BibTeX
    r"(?:graph|flowchart) (?:TD|TB|BT|LR|RL);?|(?:sequence|class|state|er)Diagram(?:-v2)?",  # Mermaid
    r"\.[A-Z_]{4,}:.*|\.?section \.\w+",  # Makefiles, assembler
)
STATEMENTS = (
    r"(?:\} )?(?:if|for|while|switch|catch|elif|foreach|else if) ?\(.*\) ?(?:\{?|.*;)",
    r"(?:if|elif|while|for|with|except|match|case) "
    r"[^.!?]*(?:[=!<>]=|\w\(|\[|\bin \w|\bnot \w|\b(?:True|False|None)\b).*:",
    r"(?:for|while|if) .*; ?(?:do|then)",
    r"return [\w'\"\[{(-]+(?:[.(\[+*/=<>-].*|;)|return [a-z]+(?:_[a-z]+)+",
    # An element of an array; not "water[1]", which is a citation
    r"[a-z_]\w*(?:\[(?:0|-\d+|[ijkmnxy](?: ?[+-] ?\d+)?|-?\d*:-?\d*(?::-?\d*)?|\"\w+\"|'\w+')\])+(?:\.\w+)*;?",
    r"(?:[a-z_]\w{0,2}|(?=[^\W_]*_)\w++)(?:\[\d+\])+;?|[a-z_]\w*(?:\[\w+\]){2,};?",
    r"[a-z]{2,6}[ \t]+(?=.*(?<![\w.])%?(?:[re]?[abcd]x|[re]?[sd]i|[re]?[sb]p|r\d{1,2}|[xw]\d{1,2})(?![\w.]))"
    r"[\w%$#\[\]()+*-]+, ?[\w%$#\[\]()+*, -]+(?: *;.*)?",  # assembler
    r"(?:repeat|do|else|try|finally)[:{]|\}? ?(?:else|try|finally) ?\{",
    # A call; not "print(the words of a sentence)"
    r"[\w.$]+(?:\[[^\]]+\])?(?:[.:]\w+)*\((?![^()]*[a-z]{2,} [a-z]{2,} [a-z]{2,}[^\"'()]*\)$).*\)"
    r"(?:\.\w+\(.*\))*;?(?: *(?://|#).*)?",
    r"[\w.$]+(?:\[[^\]]+\])?(?:\.\w+)*\(.*(?:\{|=>.*|\()",
    # An assignment; not "x = 5, so", nor "n = 2 (as we know from before)"
    r"[\w.$@*]+(?:\[[^\]]+\])*(?:, [\w.$]+)* (?:[+*/%|&^-]?=|:=|<-|=>) "
    r"(?=\S)(?![^\"'`]*\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b)"
    r"(?:.*[;)\]}'\"{(\[]|[\w.$]+|[\w.\[\]()-]+(?: [+*/%-]+ [\w.\[\]()-]+)+)",
    r"[a-z_][\w.-]*=[^\s=].*[\w)\"'\]};]|\$\w[\w\[\]'\">-]* ?[.+-]?= ?.*;",
    r"(?:print|puts|printf?|println!|echo) ?[(\"f'].*[\"')];?|%>%.*|\|> .*",
    r"//.*|/\*.*|.*\*/|#.*\w\(.*\).*",  # comments
)
COMMANDS = (
    r"(?:sudo |npx )?(?:pip3?|npm|yarn|apt|apt-get|brew|conda|cargo|gem|dnf|yum|pacman) "
    r"(?:install|add|update|upgrade|run|init|remove)(?: [\w@./=<>~:\[\]'\"-]*[\w=<>\]'\"-])*",
    r"(?:git|docker|kubectl|go) [a-z]+"
    r"(?: -\S+| [^\s-][^\s./:=]*[./:=]\S*| [./]\S*| origin| main| master| \"[^\"]*\"| '[^']*')*(?<![.?!:])",
    r"(?:docker|kubectl|sudo|cd|mkdir|chmod|chown|cp|mv|rm|curl|wget|ssh|scp|rsync|tar|unzip|systemctl|grep|sed|awk|ls|python3?"
    r"|node|cmake)(?= .*(?: --?\w|[/$~|&>=@]|\w\.\w))(?: [^\s?!]+)*[^\s.?!:,]",
    r"(?:cat|touch|find|source) [./~\w-]*[./~][./~\w*-]*(?: [-|>&].*)?|export \w+=.*|[A-Z][A-Z0-9_]*=\S+",
    r"[A-Z]\w+-[A-Z]\w+ -\w+ .*",
    r"(?=[\d*/,-]+(?: [\d*/,-]+){4} )(?:(?=[\d ,/-]*\*).* [.~/$\w].*|[^a-z]*/.*)",  # cron
    r"@(?:reboot|hourly|daily|midnight|weekly|monthly|yearly|annually) .*/.*",
    r"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \S*/\S*(?: HTTP/[\d.]+)?|HTTP/[\d.]+ \d{3}\b.*",
    r"[A-Za-z][\w.-]*(?:\[[\w,-]+\])?(?:[=~<>!]=|===)\d[\w.*]*(?:, ?[<>=!~]=?\d[\w.*]*)*",  # requirements
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
    r"Traceback \(most.*|File \".*\", line \d.*|at (?:async |new )?[\w.$<>]+ ?\(.*\)|at \S+:\d+:\d+",
    # A message; not what a list says about a kind of error
    r"\w+(?:Error|Exception): (?!(?:[Tt]h(?:is|e|ese)|[Aa]n?|[Ww]hen|[Ii]f|[A-Z][a-z]+s|[A-Z][a-z]+ed (?:when|if|by)) )"
    r"(?!.*[.!?]$).*",
    r"(?:Caused by: |Exception in thread \".*\" )[\w.$]+(?::.*)?|panic: runtime error.*|goroutine \d+ \[.*\]:"
    r"|thread '.*' panicked at .*",
    r"\[?\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\S* .*|@@ -\d.*@@.*|(?:---|\+\+\+) [ab]/.*",
    r"diff (?:--git |-[a-zA-Z]+ ).*|index [0-9a-f]{7,}\.\.[0-9a-f]{7,}.*",
    r"[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d [\w.-]+ \S+: .*|\d+(?:\.\d+){3} \S+ \S+ \[.*\] \".*",  # logs
    r"(?:DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL):[\w.]+:.*|\[ *\d+\.\d{6}\] .*",
    r"\"[^\"]+\": ?.+,|\{ ?\"[^\"]+\": ?.*|[{\[]|<\?(?:xml|php|=).*|<!DOCTYPE .*",
    r"\^.*[\[\\(].*\$|/.*[\[\\(].*/[gimsuy]*",  # regular expressions
)
# Lines that begin with any words, as prose does, and take long to match. All have "{", "=", ";", or "(" after a word.
_HAS_SIGN = r"(?=(?:[^{=;(]++|(?<!\w)\()*+[{=;(])"
WITH_SIGN = (
    r"[^.!?\"]*\w\(.*\)(?:\.\w+\(.*\))*;",
    r".*[)\w\]'\"] ?=>? ?[{(\[]",
    r".*\) ?\{|[^.!?]*\w\([^()]*\)(?: -> [\w\[\]., ]+)?:",
    r".*=.*\w\(.*\);?|.*\w\(.*;|.*(?:\w::\w|<< \S|->\w).*;",
    r"[.#]?[\w-]+(?:[ ,>+~:.#]+[\w-]+)* ?\{(?:\s*[\w-]+:.*)?|[a-z-]+: [^;.]+;",  # CSS
)
# Lines that may belong to code, but do not begin it.
CONTINUATIONS = (
    r"[})\]]+[;,)]*|[{(\[]+|import \w+(?:, \w+)*|return\b.*",
    r"(?:end|fi|done|esac|else|try|begin|then|do|pass|break|continue)[:{;)]*",
    r"#.*|--.*|\"\"\".*|'''.*|.*\"\"\"",
    r"\"[^\"]+\": ?.+|\"[^\"]*\",?|'[^']*',?|[\w'\".]+,",
    r"(?:FROM|WHERE|(?:INNER |LEFT |RIGHT |FULL )?(?:OUTER )?JOIN|GROUP BY|ORDER BY|HAVING|LIMIT|VALUES|UNION|SET|ON)"
    r"\b.*",
    r"\w+(?: [\w()\[\]:_]+)* = .*|(?:int|syscall|ret|global)\b.*",
    r"[\w.$\"'-]+ ?[:=] ?.*|[\w.$]+(?:\[[^\]]+\])?(?:[.:]\w+)*,?",
    r".*[;{,(\[\\]|\\\w+.*|\.\w+\(.*|<.*>",
)


# What a terminal or an interpreter shows before a command; not "$ 20"
PROMPT = re.compile(
    r"(?:\$(?! ?\d)|>>>|In \[\d+\]:|\((?:gdb|lldb|Pdb)\)|(?:sqlite|mysql|irb.*|PS [A-Z]:.*|[A-Z]:\\.*)>"
    r"|[\w.-]+@[\w.-]+(?::\S*)?[$#%])(?!.*[A-Za-z]\.$) \S.*"
)


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_BEGINNINGS = (
    *DECLARATIONS,
    *STATEMENTS,
    *COMMANDS,
    *QUERIES,
    *DATA,
    rf"{_HAS_SIGN}(?:{'|'.join(WITH_SIGN)})",
)
BEGINNING = _any_of(*_BEGINNINGS)
CONTINUATION = _any_of(*_BEGINNINGS, *CONTINUATIONS)
FORMULA = re.compile(
    "[\u221a\u00b2\u00b3\u00b1\u00d7\u00f7\u03a3\u03c0\u2248\u2264\u2265\u221e\u222b\u2211]"
)  # what is written for people to read
COMMENT = _any_of(r"(?:--|#|//|%|;) .*")
