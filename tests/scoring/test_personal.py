import base64
import json
import string
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sdrrl_data.scoring.personal import count, found
from tests.support.real_texts import answers

LETTERS = string.ascii_letters
WORDS = LETTERS + string.digits


def shown(text):
    return [(match.kind, text[match.start : match.end]) for match in found(text)]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Write to maria.silva+work@correio.ufrj.br.", "maria.silva+work@correio.ufrj.br"),
        ("<a href='mailto:o'neil@mail.co.uk'>me</a>", "o'neil@mail.co.uk"),
        ("(JOHN_DOE99@GMAIL.COM)", "JOHN_DOE99@GMAIL.COM"),
        ("Escreva a josé@correios.com.br, por favor", "josé@correios.com.br"),
        ("Пишите на ivan@yandex.ru.", "ivan@yandex.ru"),
        ("Пишите на иван@почта.рф, пожалуйста", "иван@почта.рф"),
        ("اكتب إلى ali@shabaka.org، من فضلك", "ali@shabaka.org"),
        ("यहाँ लिखें: राम@डाटामेल.भारत।", "राम@डाटामेल.भारत"),
        ("राम@मेल.comपर", "राम@मेल.com"),
        ("我的邮箱是zhang.wei@qq.com请联系", "zhang.wei@qq.com"),
        ("連絡先はtanaka@docomo.ne.jpです。", "tanaka@docomo.ne.jp"),
        ("อีเมลsomchai@chula.ac.thครับ", "somchai@chula.ac.th"),
        ("írj az anna@posta.hu-ra", "anna@posta.hu"),
        ("Her address, jo@museum.travel\nand more", "jo@museum.travel"),
    ],
)
def test_addresses_are_found_in_any_script(text, address):
    assert shown(text) == [("e-mail address", address)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Follow @maria, who is @maria@mastodon.social, and mail ana@b or me @ home.",
        "ana@example.com, bob@mail.example.org, eve@EXAMPLE.net, jo@a.test, jo@b.invalid, jo@c.example, jo@localhost",
        "your.name@gmail.com, info@yourcompany.com, user@site.com, name@domain.com",
        "git clone git@github.com:org/name.git; npm i left-pad@1.3.0 @types/node@18; ssh root@10.0.0.1",
        "y = q@k.mT + x1@self.weight - aa@b.to(c) * aa@b.co.mm(d); img src='icon@2x.png'",
        "https://www.google.com/maps/@52.5,13.4,15z and https://medium.com/@maria.silva",
        "AKIAIOSFODNN7EXAMPLE is the key of the manual, and hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx stands for yours.",
        "hf_transfer, sk-learn, xoxo, AKIA, ghp_token, github_pat_..., eyJ, AIza, XHF_" + LETTERS,
        "xoxb-123456789012-1234567890123-xxxxxxxxxxxxxxxxxxxxxxxx",
        "-----BEGIN PRIVATE KEY-----\n... your key ...\n-----END PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\n" + "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" * 2,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4ifQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV",
    ],
)
def test_examples_and_code_are_not(text):
    assert shown(text) == []


def drawn(alphabet, length):
    """Texts as random as a key, not a few characters over and over."""
    texts = st.lists(st.sampled_from(alphabet), min_size=length, max_size=length).map("".join)
    return texts.filter(lambda text: len(set(text[-16:])) >= 8 and "EXAMPLE" not in text)


def base64url(content):
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


KEYS = st.one_of(
    st.tuples(st.sampled_from(["AKIA", "ASIA"]), drawn(string.ascii_uppercase + "234567", 16)),
    st.tuples(st.sampled_from(["ghp_", "gho_", "ghu_", "ghs_", "ghr_"]), drawn(WORDS, 36)),
    st.tuples(st.just("github_pat_"), drawn(WORDS, 22), st.just("_"), drawn(WORDS, 59)),
    st.tuples(st.just("sk-"), drawn(WORDS, 20), st.just("T3BlbkFJ"), drawn(WORDS, 20)),
    st.tuples(st.just("sk-proj-"), drawn(WORDS + "_-", 74), st.just("T3BlbkFJ"), drawn(WORDS, 74)),
    st.tuples(st.just("hf_"), drawn(LETTERS, 34)),
    st.tuples(st.just("xoxb-"), drawn(string.digits, 12), st.just("-"), drawn(string.digits, 13), st.just("-")).flatmap(
        lambda start: drawn(WORDS, 24).map(lambda end: (*start, end))
    ),
    st.tuples(st.just("AIza"), drawn(WORDS + "_-", 34), st.sampled_from(WORDS)),
    st.builds(
        lambda name, signature: [
            ".".join(
                [base64url(b'{"alg":"HS256"}'), base64url(json.dumps({"name": name}).encode()), base64url(signature)]
            )
        ],
        st.text(min_size=1, max_size=20),
        st.binary(min_size=32, max_size=32).filter(lambda content: len(set(base64url(content)[-16:])) >= 8),
    ),
    st.builds(
        lambda kind, lines, end: (
            f"-----BEGIN {kind}-----{end}" + "".join(line + end for line in lines) + f"-----END {kind}-----"
        ),
        st.sampled_from(["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]),
        st.lists(drawn(WORDS + "+/", 64), min_size=1, max_size=3),
        st.sampled_from(["\n", "\r\n", "\\n"]),
    ),
).map("".join)
ADDRESSES = st.builds(
    "{}@{}.{}".format,
    st.from_regex(r"[a-z][a-z0-9]{0,9}([._+-][a-z0-9]{1,9})?[0-9]", fullmatch=True),
    st.from_regex(r"[a-z][a-z0-9-]{0,10}[0-9](\.[a-z][a-z0-9]{1,9})?", fullmatch=True),
    st.sampled_from(["com", "org", "net", "edu.br", "de", "co.th", "travel"]),
)
AROUND = st.text(st.sampled_from("ab Z9 \n.,;:!?()\"'中ไдا`")).map(lambda text: f"{text} ")


@given(AROUND, st.one_of(KEYS, ADDRESSES), AROUND)
@example("トークンは", "hf_" + "aBcDeFgHiJ" * 3 + "kLmN", "です")
def test_what_is_planted_is_found_where_it_stands(before, planted, after):
    text = f"{before}{planted} {after}"
    kind = "e-mail address" if "@" in planted else "key"
    assert shown(text) == [(kind, planted)]


@given(st.text(alphabet="a@.-_/ghp_AKIA:eyJ+中é\n "))
def test_what_is_found_stands_in_order_and_apart(text):
    spans = [(match.start, match.end) for match in found(text)]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_counts_both_kinds_and_judges_no_empty_text():
    key = "AKIA" + "QWERTYUIOP234567"
    assert count(f"maria@correio.br, joao@correio.br: {key}, {key}") == 4
    assert count("Nothing at all.") == 0
    assert count("") is None


def test_a_private_key_may_have_headers_and_no_end():
    lines = "\n".join(["aGVsbG8gd29ybGQhMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3BxcnN0dXY"] * 3)
    headers = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,1A2B\n\n"
    text = f"Here:\n-----BEGIN RSA PRIVATE KEY-----\n{headers}{lines}"
    assert shown(text) == [("key", text.removeprefix("Here:\n"))]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text", ["a" * 10**6 + "@", "a@" * 10**6, "a." * 10**6 + "@", "ab@" + "b." * 10**6, "eyJ" * 10**6]
)
def test_long_texts_are_read_to_their_end(text):
    address = "maria.silva@correio.br"
    assert shown(f"{text} {address}") == [("e-mail address", address)]


# Checked by hand: an address on an invented letterhead, twice, and a bank's in an example of spam.
EXPECTED = {"seed-tasks-175.jsonl": ["emoore@email.com", "emoore@email.com", "alerts@info6.citi.com"]}


def found_in(file):
    lines = file.read_text(encoding="utf-8").splitlines()
    texts = [text for line in lines for text in json.loads(line).values()] if file.suffix == ".jsonl" else lines
    return [match for text in texts if isinstance(text, str) for _, match in shown(text)]


def test_ordinary_texts_have_none(real_texts):
    files = [file for file in real_texts.glob("*/*") if file.suffix]
    assert len(files) > 20
    assert {file.name: matches for file in files if (matches := found_in(file))} == EXPECTED


@pytest.mark.corpora
def test_answers_of_models_have_none():
    assert [found_in(file) for file in answers()] == [[], []]
