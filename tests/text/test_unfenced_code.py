"""Code and data without a fence, and prose that comes near to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.segments import segments
from sdrrl_data.text.unfenced_code import code_start

CODE = [
    "SELECT name, age FROM users\nWHERE age > 21\nORDER BY name;",
    '{\n  "name": "Ana",\n  "age": 30,\n  "tags": ["a", "b"]\n}',
    "version: '3'\nservices:\n  web:\n    image: nginx\n    ports:\n      - \"80:80\"",
    ".header {\n  color: #fff;\n  margin: 0 auto;\n}",
    "sudo apt update\nsudo apt install -y nginx\ncd /var/www && ls -la",
    "pip install numpy pandas",
    'public class Main {\n    public static void main(String[] args) {\n        System.out.println("Hi");\n    }\n}',
    "\\documentclass{article}\n\\begin{document}\nHello\n\\end{document}",
    "^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\\.[a-zA-Z0-9-.]+$",
    "def add(a, b):\n    return a + b",
    "    total = 0\n    for x in items:\n        total += x\n    return total",
    "x = [i for i in range(10) if i % 2 == 0]",
    "const items = [1, 2, 3];\nitems.forEach(item => console.log(item));",
    '#include <stdio.h>\nint main() {\n  printf("hi\\n");\n  return 0;\n}',
    'func main() {\n\tfmt.Println("hi")\n}',
    'fn main() {\n    let x = 5;\n    println!("{}", x);\n}',
    "x <- c(1, 2, 3)\nmean(x)",
    'FROM python:3.11\nCOPY . /app\nRUN pip install -r requirements.txt\nCMD ["python", "app.py"]',
    "[database]\nhost = localhost\nport = 5432",
    "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nNameError: name 'x' is not defined",
    "name,age,city\nAna,30,Lisbon\nRui,25,Porto",
    '<?xml version="1.0"?>\n<note><to>Ana</to></note>',
    'for f in *.txt; do\n  mv "$f" "${f%.txt}.md"\ndone',
    "<?php\n$name = 'Ana';\necho \"Hi $name\";\n?>",
    'fun main() {\n    println("Hi")\n}',
    "let x = 5\nprint(x)",
    "interface User {\n  name: string;\n}",
    "[tool.ruff]\nline-length = 120",
    'main :: IO ()\nmain = putStrLn "Hi"',
    'my $x = 5;\nprint "$x\\n";',
    'def hi(name)\n  puts "Hi #{name}"\nend',
    "Get-ChildItem -Path C:\\ | Where-Object { $_.Length -gt 100 }",
    "x = linspace(0, 1, 100);\nplot(x, sin(x));",
    "=SUM(A1:A10)",
    '=IF(A1>10,"yes","no")',
    'curl -X POST https://api.example.com/v1/users -d \'{"name": "Ana"}\'',
    "--- a/file.py\n+++ b/file.py\n@@ -1,2 +1,2 @@\n-x = 1\n+x = 2",
    "query {\n  user(id: 1) {\n    name\n  }\n}",
    "2024-01-01 12:00:00 ERROR Connection refused",
    ">>> x = 5\n>>> x + 1\n6",
    '{"name": "Ana", "age": 30}',
    "select * from users where id = 5;",
    "0 5 * * * /usr/bin/backup.sh",
    "server {\n    listen 80;\n    server_name example.com;\n}",
    "INSERT INTO users (name, age)\nVALUES ('Ana', 30);",
    "API_KEY=abc123\nDEBUG=true",
    "val xs = List(1, 2, 3)\nxs.map(_ * 2)",
    'Console.WriteLine("Hi");',
    'std::cout << "Hi" << std::endl;',
    "void main() => print('Hi');",
    "docker run -it -v $(pwd):/e2e -e BASE=http://a.b name",
    "-- the words\nlocal words = {}\nprint(#words)",
    '{\n  "a": [\n    1\n  ]\n}',
    '<?xml version="1.0"?>\n<a/>',
    "for i in range(3):\n    print(i)",
    "services:\n  - name: web\n    port: 80",
    "while (true) {\n  step();\n}",
]
PROSE = [
    "Class of 2020: here is what you need:",
    "import duties",
    "Import duties\nare taxes.",
    "import duties\nare collected at the border.",
    "for example (see below):",
    "If (and only if) it rains, we stay.",
    "Let x = 5 and y = 3. Find x + y.",
    "The function f(x) = x^2 is convex.",
    "x = 5, so y = 3.",
    "select the best option from the list;",
    "echo chamber effects are strong.",
    "make sure to use /etc/hosts.",
    "find the answer at example.com/help",
    "cat food = expensive",
    "Note: this is important;",
    "Q: Who?\nA: Me.",
    "name: the name of the user\nage: the age of the user",
    "return to sender;",
    "update your profile set to private",
    "while you wait: read this:",
    "Dear [Name],",
    'print("hello") prints hello.',
    "Go to Settings > Privacy;",
    "Items: milk, eggs, bread;",
    "(a) first; (b) second;",
    "Time: 5:30 (EST);",
    'She said: "Go home";',
    "ls is a command",
    "It costs $5 = 4 euros;",
    "def: a definition",
    "try: it works",
    "- apples;\n- pears;",
    "Ana, Rui, Eva",
    "red,green,blue",
    "Where are you from",
    "SET goals for yourself",
    "AND another thing",
    "from now on",
    "WARNING: Do not open",
    "A/B testing (split testing):",
    "Use f(x) here:",
    "What is sin(x)?",
    "git is great",
    "class of 2020, here is what you need:",
    "module 3:",
    "class teacher: Ms. Silva",
    "package contents:",
    "docker run is a command that starts containers.",
    "go get help",
    "go get some rest",
    "git push vs git pull",
    "git commit message",
    "go build a house",
    "class of 2020, here is what you need:\nBring your gown.",
    "import duties are taxes on goods.",
    "from the beginning, it was clear.",
    "return to sender if not found",
    "Select the best option from the list.",
    "if you want to go, go.",
    "while I was there, it rained:",
    "Moons:\n- Mars: two\n- Earth: one",
    "Neptune: Planet\nSun: Star",
    "The call f(x) is made once:",
    "Indicators (KPIs):",
    "## 50 Tales (Under 10 Words):",
    "One, two, three\nFour, five, six",
    "Use this: SELECT is a word.",
    "R = 1.4 stars a year (based on current estimates of star formation)",
    "s<sup>2</sup> = \u03a3(x<sub>i</sub> - x)<sup>2</sup> / f(n)",
    "f = 0.5 \u00b1 0.3 (half of the stars)",
    "Run the tests, then push.",
]


@pytest.mark.parametrize("snippet", CODE)
def test_code_is_recognised_from_its_first_line(snippet):
    assert code_start(snippet.split("\n")) == 0


@pytest.mark.parametrize("paragraph", PROSE)
def test_prose_is_prose(paragraph):
    assert code_start(paragraph.split("\n")) is None


def test_what_stands_before_code_is_prose():
    assert code_start(["Type this:", "pip install numpy"]) == 1
    assert code_start(["Here it is:", "-- all users", "SELECT name FROM users", "WHERE age > 21;"]) == 1


def test_a_line_of_code_within_prose_does_not_make_it_code():
    assert code_start(["x = f(1);", "This line sets x.", "The next one explains why.", "So does this."]) is None


@given(st.text(alphabet="ab =().,:;{}[]<>-/\\\"'#_\n", max_size=300))
def test_any_text_has_an_answer(text):
    lines = text.split("\n")
    start = code_start(lines)
    assert start is None or start in range(len(lines))


@pytest.mark.parametrize("unit", ["=(", " -a.b", "a=", ".a", "[a]", "for x in ", ", x", "): "])
def test_the_middle_of_a_long_line_is_not_read(unit):
    """It says no more, and the time to match it may grow with the square of its length."""
    assert code_start([unit * 100_000 + "?"]) == code_start([unit * 1_000 + "?"])


def sent(text):
    return [text[segment.start : segment.end] for segment in segments(text, "en", 500)]


def test_only_the_prose_around_code_is_translated():
    text = (
        "Call it like this:\nprint(total)\n\ndef f(x):\n  y = x\n\n  return y\n\nNow it works.\n\n"
        "1. Run it:\n   pip install x\n\n   Then wait.\n"
    )
    assert sent(text) == ["Call it like this:", "Now it works.", "Run it:", "Then wait."]
    assert sent("import duties\n\nclass of 2020, here is what you need:\n\nBring a gown.") == [
        "import duties",
        "class of 2020, here is what you need:",
        "Bring a gown.",
    ]
