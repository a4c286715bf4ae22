import pytest

from sdrrl_data.recipe import loading
from sdrrl_data.scoring.language_bound import language_bound

BOUND = {
    "en": [
        "Correct the grammar of this sentence: he go home.",
        "Is the following sentence grammatical?",
        "Please proofread my essay.",
        "Rewrite this paragraph in the passive voice.",
        "Tell me whether these are nouns or verbs: run, dance, book.",
        "What is the plural of ox?",
        "Write a poem about autumn that rhymes.",
        "Which words rhyme with orange?",
        "Give me three sentences with alliteration.",
        "Tell me a tongue twister.",
        "Write a haiku about snow.",
        "Compose an acrostic with the name ANNA.",
        "How many syllables does “banana” have?",
        "How do you pronounce Worcestershire?",
        "Give me five synonyms for happy.",
        "What is an antonym of brave?",
        "What’s another word for quick?",
        "What is the opposite of early?",
        "How do you spell accommodate?",
        "How many letters are in the word strawberry?",
        "How many r's are in strawberry?",
        "Name five animals that start with the letter B.",
        "Find an anagram of listen.",
        "Say it in pig latin.",
        "Sort these fruits in alphabetical order: pear, fig, apple.",
        "Use the word 'serendipity' in a sentence.",
        "Make a sentence with the words cat and moon.",
        "Tell me a dad joke with a pun.",
        "What does the idiom 'spill the beans' mean?",
        "What is the etymology of the word robot?",
        "Where does the word sandwich come from?",
        "Translate this sentence into Spanish: I am late.",
        "Translate the following:\nGood morning",
        "How do you say hello in French?",
        "What is 'thank you' in Japanese?",
        "What's the German word for butterfly?",
        "Answer in English.",
        "Say 'good morning' in Italian.",
        "What's the Spanish for bread?",
        "List ten words ending in -tion.",
        "Add punctuation to this: hello how are you",
        "Convert this sentence to plural: the cat sits.",
        "Here is my text.\n\n" + "It is long. " * 60 + "\nPlease fix the spelling.",
        "What is tea?\n\nA drink.\n\nHow many vowels does its name have?",
    ],
    "pt": [
        "Corrija os erros gramaticais desta frase.",
        "Quais palavras rimam com amor?",
        "Escreva um haicai sobre o mar.",
        "Dê três sinônimos de feliz.",
        "Qual é o oposto de cedo?",
        "Quantas letras tem a palavra cachorro?",
        "Cite cinco animais que começam com a letra B.",
        "Encontre um anagrama de Roma.",
        "Use a palavra saudade em uma frase.",
        "Como se pronuncia otorrinolaringologista?",
        "Qual é a etimologia de azeite?",
        "Traduza esta frase para o inglês: estou atrasado.",
        "Como se diz olá em francês?",
        "Qual é o plural de cidadão?",
        "Como se escreve exceção?",
    ],
    "fr": [
        "Corrige les fautes d'orthographe de ce texte.",
        "Quels mots riment avec amour ?",
        "Écris un haïku sur la neige.",
        "Donne-moi trois synonymes de content.",
        "Quel est le contraire de tôt ?",
        "Combien de lettres y a-t-il dans le mot maison ?",
        "Cite cinq animaux qui commencent par la lettre B.",
        "Trouve une anagramme de chien.",
        "Utilise le mot bonheur dans une phrase.",
        "Comment se prononce « oignon » ?",
        "Quelle est l’étymologie du mot travail ?",
        "Traduis cette phrase en anglais : je suis en retard.",
        "Comment dit-on bonjour en japonais ?",
        "Quel est le pluriel de cheval ?",
    ],
    "es": [
        "Corrige la ortografía de este texto.",
        "¿Qué palabras riman con amor?",
        "Escribe un haiku sobre la nieve.",
        "Dame tres sinónimos de feliz.",
        "¿Cuál es lo opuesto de temprano?",
        "¿Cuántas letras tiene la palabra casa?",
        "Nombra cinco animales que empiecen con la letra B.",
        "Encuentra un anagrama de Roma.",
        "Usa la palabra alegría en una frase.",
        "¿Cómo se pronuncia esta palabra?",
        "¿Cuál es la etimología de azúcar?",
        "Traduce esta frase al inglés: llego tarde.",
        "¿Cómo se dice hola en francés?",
        "¿Cómo se escribe exceso?",
    ],
    "de": [
        "Korrigiere die Rechtschreibung in diesem Text.",
        "Welche Wörter reimen sich auf Haus?",
        "Schreibe ein Haiku über den Schnee.",
        "Nenne drei Synonyme für froh.",
        "Was ist das Gegenteil von früh?",
        "Wie viele Buchstaben hat das Wort Haus?",
        "Nenne fünf Tiere, die mit dem Buchstaben B beginnen.",
        "Finde ein Anagramm von Regal.",
        "Verwende das Wort Glück in einem Satz.",
        "Wie wird dieses Wort ausgesprochen?",
        "Was ist die Herkunft des Wortes Kartoffel?",
        "Übersetze diesen Satz ins Englische: Ich komme zu spät.",
        "Wie sagt man Hallo auf Französisch?",
        "Wie schreibt man Rhythmus?",
    ],
    "zh": [
        "修改下面的病句。",
        "写一首押韵的诗。",
        "请给我写一个绕口令。",
        "“快乐”的近义词有哪些?",
        "“早”的反义词是什么?",
        "用“虽然”造句。",
        "这个字怎么读?",
        "“国”字有几个笔画?",
        "把这句话翻译成英语。",
        "法语怎么说“你好”?",
        "解释成语“画蛇添足”。",
    ],
}
FREE = {
    "en": [
        "Summarise this sentence: the train was late.",
        "Write a sentence about the sea.",
        "What is a haiku?",
        "Write a poem about autumn.",
        "Write a letter to my landlord.",
        "Explain photosynthesis in a few words.",
        "Write a 300 word essay about trade.",
        "How many words a minute can a good typist write?",
        "What are the words of House Stark?",
        "Who was the most translated English writer?",
        "How does research translate into better medicine?",
        "Which teams play in the English Premier League?",
        "Name three countries where Arabic is the official language.",
        "Write some spells from the Harry Potter series.",
        "Choose the word which is different from the rest: sofa, table, dinosaur.",
        "Tell me a nursery rhyme's history.",
        "What does the mean of a sample tell us?",
        "Is the statement factually correct?",
        "What time does the concert start with daylight saving?",
        "Begin with a short introduction.",
        "Classify the sentiment of the sentence: I love it.",
        "What does NASA stand for?",
        "Which French dishes are vegetarian?",
        "What is a synonym?",
        "How do you say no to your boss politely?",
        "Write a Python function that counts the vowels in a string.",
        "The oldest book was written in Sanskrit. Who wrote it?",
        "Why is the sky blue?\n\n" + "How do you spell it, he asked, and what rhymes with it? " * 12,
    ],
    "pt": [
        "Resuma esta frase.",
        "Escreva um poema sobre o mar.",
        "Quem é o autor deste texto?",
        "Quais times jogam no campeonato inglês?",
        "Explique a origem do universo.",
        "Escreva uma carta ao meu vizinho.",
    ],
    "fr": [
        "Résume cette phrase.",
        "Écris un poème sur la mer.",
        "Quel est le plus grand pays du monde ?",
        "Explique l'origine de l'univers.",
        "Quels vins français sont célèbres ?",
    ],
    "es": [
        "Resume esta frase.",
        "Escribe un poema sobre el mar.",
        "¿Qué equipos juegan en la liga inglesa?",
        "Explica el origen del universo.",
        "¿Cuántas personas viven en Madrid?",
    ],
    "de": [
        "Fasse diesen Satz zusammen.",
        "Schreibe ein Gedicht über das Meer.",
        "Schreibe einen Brief an meinen Vermieter.",
        "Was ist der Ursprung des Universums?",
        "Welche deutschen Städte liegen am Rhein?",
        "Wie endet der Film?",
    ],
    "zh": ["总结这句话。", "写一首关于大海的诗。", "中国有多少人口?", "宇宙的起源是什么?", "介绍一下英国的历史。"],
}


@pytest.mark.parametrize(("tag", "question"), [(tag, question) for tag in BOUND for question in BOUND[tag]])
def test_a_task_that_is_bound_to_its_language(tag, question):
    assert language_bound(question, tag) == 1


@pytest.mark.parametrize(("tag", "question"), [(tag, question) for tag in FREE for question in FREE[tag]])
def test_a_task_that_makes_sense_in_every_language(tag, question):
    assert language_bound(question, tag) == 0


def test_every_language_with_prompts_has_patterns():
    prompts = loading.load("quickstart").prompts
    assert {tag: language_bound("?", tag) for tag in prompts} == dict.fromkeys(prompts, 0)


@pytest.mark.parametrize("tag", ["pt-BR", "zh-Hant"])
def test_varieties_of_a_language_share_its_patterns(tag):
    assert language_bound("?", tag) == 0


def test_a_language_without_patterns_is_not_judged():
    assert language_bound("Mitkä sanat rimmaavat?", "fi") is None


def test_an_empty_question_is_not_judged():
    assert language_bound(" \n", "en") is None
