"""Code and data without a fence, and prose that comes near to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.code_shapes import BEGINNING, WITH_SIGN
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
    "[user]\nname = Ana Silva\nemail = ana@example.org",
    "[core]\neditor = vim",
    "[Desktop Entry]\nName=My App\nComment=Edit your text",
    "[paths]\ndata_dir = My Documents",
    "[display]\nfullscreen =\nsize = 800 x 600",
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
    "a[0]",
    "arr[i][j]",
    "arr[i][j] = arr[i-1][j] + 1",
    "all: main.o utils.o\n\tgcc -o main main.o utils.o",
    "CC = gcc\nCFLAGS = -Wall -O2\n\nmain: main.c\n\t$(CC) $(CFLAGS) -o main main.c",
    ".PHONY: build test\n\nbuild:\n\tgo build ./...\n\ntest: build\n\tgo test ./...",
    "FROM node:18\nRUN npm install\nEXPOSE 3000\nUSER node",
    '[[servers]]\nname = "alpha"\nip = "10.0.0.1"',
    '--- a/main.py\n+++ b/main.py\n@@ -1,3 +1,3 @@\n-print("hello")\n+print("hello world")\n import os',
    "diff --git a/README.md b/README.md\nindex 83db48f..bf2a9c1 100644\n--- a/README.md\n"
    "+++ b/README.md\n@@ -1 +1 @@\n-Old title\n+New title",
    "[2024-05-01 12:00:01] INFO: Starting server\n[2024-05-01 12:00:02] WARN: Low memory",
    "INFO:root:Starting the server\nERROR:root:Connection refused",
    "May  1 12:00:01 myhost sshd[1234]: Accepted password for root from 10.0.0.1 port 22 ssh2\n"
    "May  1 12:00:05 myhost sshd[1234]: Connection closed",
    '127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /index.html HTTP/1.0" 200 2326',
    'Exception in thread "main" java.lang.NullPointerException: value is null\n'
    "\tat com.example.App.main(App.java:14)\n\tat com.example.Run.start(Run.java:9)",
    "TypeError: Cannot read properties of undefined (reading 'map')\n    at App (App.js:10:15)\n"
    "    at renderWithHooks (react-dom.js:14985:18)",
    "panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\n"
    "main.main()\n\t/tmp/main.go:8 +0x1d",
    "$ pip install requests\nCollecting requests\n"
    "  Downloading requests-2.31.0-py3-none-any.whl (62 kB)\nSuccessfully installed requests-2.31.0",
    "$ ls -l\ntotal 8\n-rw-r--r-- 1 root root 120 May  1 12:00 notes.txt\ndrwxr-xr-x 2 root root 4096 May  1 12:00 src",
    "user@host:~$ cd project\nuser@host:~/project$ make test",
    "0 5 * * 1 tar -zcf /var/backups/home.tgz /home/",
    "*/15 * * * * /usr/bin/python3 /home/me/job.py\n@daily /home/me/backup.sh",
    "section .text\nglobal _start\n_start:\n    mov eax, 1\n    mov ebx, 0\n    int 0x80",
    "mov rax, 60\nxor rdi, rdi\nsyscall",
    "*.pyc\n__pycache__/\nnode_modules/\n.env",
    "numpy==1.26.0\npandas>=2.0\nrequests",
    "GET /api/users HTTP/1.1\nHost: example.com\nAuthorization: Bearer abc123",
    "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 85",
    'resource "aws_instance" "web" {\n  ami           = "ami-0c55"\n  instance_type = "t2.micro"\n}',
    "src/\n├── main.py\n├── utils/\n│   └── helpers.py\n└── README.md",
    "factorial :: Integer -> Integer\nfactorial 0 = 1\nfactorial n = n * factorial (n - 1)",
    "graph TD;\n    A-->B;\n    A-->C;",
    "@article{knuth1984,\n  author = {Donald Knuth},\n  title = {Literate Programming},\n  year = {1984}\n}",
    "(gdb) break main\n(gdb) run",
    "name: my-app\nversion: 1.0.0\nreplicas: 3",
    "nums[1:3]\nnums[::-1]",
    'user["name"]',
    '[package]\nname = "x"\n; the edition\nedition = "2021"',
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
    "Dear all: the meeting is at noon.\nPlease bring your notes.",
    "From the beginning: it was cold.",
    "Run the mile every day [at noon].",
    "From Monday to Friday, we work from home.\nCopy this letter to your friends.\nRun to the shop.",
    "[Verse 1]\nI walked along the river\nand sang a song of summer",
    "[Chorus]\nlove = words of mine\nlife = words of yours",
    "[Verse 2]\nLove = all we need\nHate = what we don't",
    "[Glossary]\nAPI = application programming interface\nURL = the address of a page",
    "2024-05-01 was a Wednesday, and it rained.",
    "On May 1 the host said: welcome to all of you.",
    "INFO: the office is closed on Monday.",
    "Error: you forgot to say thanks to your mother.",
    "TypeError: this message means that you added a number to a string.",
    "- 5 eggs\n+ 2 more eggs if they are small",
    "--- and then she left without a word",
    "$ 20 is a fair price for the ticket.",
    "$5 for a coffee is too much for me.",
    "5 2 1 4 7 are the numbers that came up last week.",
    "0 to 5 stars is how we rate the hotels.",
    "at home (in the kitchen) we talked for hours",
    "Warning: the road is wet\nNote: drive slowly",
    "Move the chair, then the table.",
    "add salt, pepper\nmix the dough, gently",
    "Name: Ann\nAge: 30\nCity: Paris",
    "clean: the opposite of dirty\nwet: the opposite of dry",
    "all: everyone in the team\nnone: nobody at all",
    "Exception in the rules: children pay nothing.",
    "Panic: he ran out of the house.",
    'He said: "get /index cards and a pen"',
    "Host: Welcome to the show!\nGuest: Thank you for having me.",
    "User: Hello there, how are you?\nAssistant: I am fine, thanks.",
    "May 1 12:00 Lunch with Maria in the garden",
    "12:00 Lunch with Maria\n13:30 Meeting with the team",
    "syntax on the board was hard to read\nset the table for four",
    "Section 4: the rights of tenants\nGlobal warming is real.",
    "name = a word for a person or a thing",
    "x[0] is the first element of the list, and x[1] is the second.",
    "Use arr[i][j] to read the cell in row i and column j.",
    "FROM: Ann Smith\nTO: Bob Jones\nSUBJECT: our trip to the lake",
    "@daily we send a letter to all our friends",
    "Collecting stamps is a quiet hobby.\nDownloading music is another one.",
    "index of all the books in the library",
    "build: to put parts together into a whole",
    "(gdb) is a debugger for programs written in C.",
    "total 8 people came to the party last night",
    "diff the two texts and tell me what has changed",
    "User guide for new people at the office",
    "water[1]",
    "SyntaxError: This occurs when code is not well formed.",
    "KeyError: Raised when a key is missing.",
    "RUN TO THE HILLS\nRUN FOR YOUR LIVES",
    "mood: calm\nweather: warm",
    "├── Animals with fur\n└── Plants",
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


@given(st.sampled_from(WITH_SIGN).flatmap(lambda pattern: st.from_regex(pattern, fullmatch=True)))
def test_lines_that_are_searched_for_a_sign_have_one(line):
    assert BEGINNING.fullmatch(line)


@given(st.text(alphabet="ab =().,:;{}[]<>-/\\\"'#_\n", max_size=300))
def test_any_text_has_an_answer(text):
    lines = text.split("\n")
    start = code_start(lines)
    assert start is None or start in range(len(lines))


@pytest.mark.parametrize("unit", ["=(", " -a.b", "a=", ".a", "[a]", "for x in ", ", x", "): "])
def test_the_middle_of_a_long_line_is_not_read(unit):
    """It says no more, and the time to match it may grow with the square of its length."""
    assert code_start([unit * 100_000 + "?"]) == code_start([unit * 1_000 + "?"])


@pytest.mark.parametrize("unit", ["a/", "_", "a: b-c ", "\t-", "# ", "a=", "├", "RUN a", "[a"])
def test_many_long_lines_are_read_once(unit):
    assert code_start([unit * 3_000 + "?"] * 300) in (None, 0)


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
