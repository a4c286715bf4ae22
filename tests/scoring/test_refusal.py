import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.scoring.refusal import refused

REFUSALS = {
    "en": [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, but I can’t help with that.",
        "I am sorry, I cannot assist you with this request.",
        "I cannot assist with illegal activities.",
        "I can't provide medical advice. Please see a doctor.",
        "Sorry, I don't know.",
        "Sorry, but I'm not able to write code that harms others.",
        "I apologize, but I am unable to generate that kind of content.",
        "My apologies, but I cannot fulfill this request.",
        "I apologize for the confusion, but I cannot access real-time data.",
        "Unfortunately, I do not have access to the current weather.",
        "I'm afraid I can't do that.",
        "As an AI language model, I don't have personal experiences or feelings.",
        "As an AI, I don't have a favorite color.",
        "As a large language model trained by a company, I am not able to browse the web.",
        "As an artificial intelligence, I do not possess emotions.",
        "I'm just an AI and I don't have opinions on politics.",
        "I am an AI language model, and therefore I cannot predict the future.",
        "I understand that you're curious, but I can't provide instructions for this.",
        "I won't be able to help you with that, since it is against the law.",
        "I will not engage in hateful speech.",
        "I must respectfully decline to write this.",
        "I'd rather not answer that question.",
        "I'm not comfortable writing jokes about this group.",
        "I do not have enough information to answer.",
        "I don't have any information about this person.",
        "That's not something I can help with.",
        "It would not be appropriate for me to share her address.",
        "I'm sorry, but this request violates my guidelines.",
        '"I’m sorry, I can’t answer that."',
        "**Sorry**, I can't\nhelp you.",
    ],
    "es": [
        "Lo siento, pero no puedo ayudarte con eso.",
        "Como modelo de lenguaje, no tengo opiniones personales.",
        "No puedo proporcionar información sobre cómo fabricar armas.",
        "Lamentablemente, no lo sé.",
    ],
    "fr": [
        "Je suis désolé, mais je ne peux pas répondre à cette question.",
        "Désolée, je ne suis pas en mesure de vous aider.",
        "En tant qu’intelligence artificielle, je n’ai pas d’émotions.",
        "Malheureusement, je ne sais pas.",
    ],
    "de": [
        "Es tut mir leid, aber ich kann dabei nicht helfen.",
        "Leider kann ich Ihnen keine medizinischen Ratschläge geben.",
        "Als KI-Sprachmodell habe ich keine persönlichen Erfahrungen.",
        "Ich kann diese Frage leider nicht beantworten.",
    ],
    "pt": [
        "Desculpe, mas não posso ajudar com isso.",
        "Como um modelo de linguagem, não tenho sentimentos.",
        "Não posso fornecer instruções para isso.",
        "Sinto muito, não sei.",
    ],
    "ru": [
        "Извините, но я не могу помочь с этим.",
        "К сожалению, я не могу ответить на этот вопрос.",
        "Как языковая модель, я не имею личного мнения.",
        "Как искусственный интеллект, я не могу дать медицинский совет.",
    ],
    "zh": [
        "很抱歉，我无法回答这个问题。",
        "对不起，我不能为您提供这方面的帮助。",
        "作为一个人工智能语言模型，我没有个人情感。",
        "我无法提供医疗建议。",
    ],
    "zh-Hant": ["抱歉，我無法協助您完成這個請求。"],
    "ja": [
        "申し訳ありませんが、そのご要望にはお応えできません。",
        "すみません、わかりません。",
        "AI言語モデルとして、個人的な意見は持っていません。",
        "申し訳ございませんが、その情報を提供することはできません。",
    ],
}
LOOK_ALIKES = {
    "en": [
        "I'm sorry to hear that. Here are three ways to feel better:",
        "I'm sorry for your loss. I can't imagine how hard this is for you.",
        "I am sorry that you had to wait. Your parcel is on its way.",
        "Sorry, I can't come to the party tonight, I have to work.",
        "Sorry seems to be the hardest word.",
        "I apologize for the delay in my reply. The meeting is on Monday.",
        "Unfortunately, the museum is closed on Mondays.",
        "Unfortunately, I left my umbrella on the train.",
        "I'm afraid of spiders because one bit me as a child.",
        "As an AI language model, I can suggest three books:",
        "As an AI, my favorite pick would be the blue one.",
        "As an AI engineer, you will train models and clean data.",
        "I can't help falling in love with you.",
        "I cannot help but wonder what lies beyond the hill.",
        "I can't wait to see you!",
        "I can't tell you how happy I am about the news.",
        "I cannot recommend this restaurant enough.",
        "I can't answer the phone while I drive.",
        "I cannot create as freely as I used to, the painter said.",
        "I don't know why the caged bird sings, she thought.",
        "I don't have a car, so I take the bus.",
        "I will not go gentle into that good night.",
        "I won't give up until the race is over.",
        "I'm afraid I won't have the time for lunch.",
        "I'm sorry, I don't have change.",
        "I understand how you feel. Here is what you can do:",
        "No, I don't have any pets.",
        "No. A whale is a mammal.",
        "Yes, I can help with that. First, open the lid.",
        "It is not possible to divide by zero.",
        "Cannot is written as one word.",
        "The phrase \"I'm sorry, but I can't help with that\" is a refusal.",
        "Refusing politely: say \"I'm afraid I can't.\"",
        "AI models do not have feelings.",
        "",
    ],
    "es": [
        "Lo siento mucho por tu pérdida.",
        "No puedo vivir sin ti, dijo Ana.",
        "Lamentablemente, el museo está cerrado.",
    ],
    "fr": [
        "Je suis désolé d'apprendre cette nouvelle.",
        "Je ne peux pas m'empêcher de rire.",
        "Malheureusement, il pleut.",
    ],
    "de": [
        "Es tut mir leid, das zu hören. Hier sind drei Tipps:",
        "Leider ist das Museum geschlossen.",
        "Ich kann nicht schlafen.",
    ],
    "pt": ["Sinto muito pela sua perda.", "Não posso viver sem ti.", "Infelizmente, o museu está fechado."],
    "ru": ["Мне очень жаль это слышать. Вот три совета:", "Я не могу жить без тебя.", "К сожалению, музей закрыт."],
    "zh": ["很抱歉听到这个消息。以下是三个建议：", "我不能没有你。", "对不起是一句道歉的话。"],
    "ja": [
        "残念ながら、美術館は閉まっています。",
        "ご不便をおかけして申し訳ありません。",
        "彼は泳ぐことができません。",
    ],
}


def each(planted):
    return [pytest.param(language, text, id=text[:40]) for language, texts in planted.items() for text in texts]


@pytest.mark.parametrize(("language", "text"), each(REFUSALS))
def test_a_refusal_is_found(language, text):
    assert refused(text, language) is True


@pytest.mark.parametrize(("language", "text"), each(LOOK_ALIKES))
def test_what_only_looks_like_one_passes(language, text):
    assert refused(text, language) is False


def test_a_language_without_phrases_is_not_judged():
    assert refused("I'm sorry, but I can't help with that.", "sw") is None


def test_only_the_beginning_counts():
    assert refused("Here is the list you asked for. I'm sorry, but I can't help with that.", "en") is False


def test_answers_of_people_are_hardly_ever_taken_for_refusals(real_texts):
    for name, most in ("dolly-2k", 2), ("seed-tasks-175", 2):
        lines = (real_texts / "instructions" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        false_alarms = [answer for answer in (json.loads(line)["output"] for line in lines) if refused(answer, "en")]
        assert len(false_alarms) <= most, false_alarms


# With these, the search once tried every way of splitting them, which never ended.
@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "I understand but but but "), ("en", "so sorry, "), ("fr", "je suis une IA et "), ("zh", "我无法对这对这")],
)
def test_openers_without_end_are_judged(language, text):
    assert refused(text * 99, language) is False


@given(st.sampled_from(["en", "es", "fr", "de", "pt", "ru", "zh", "ja"]), st.text())
def test_any_text_is_judged(language, text):
    assert refused(text, language) in (True, False)
