"""The phrases with which refusals begin, by language."""

import re


def _pattern(openers: str, links: str, plain: str, after_opener: str) -> re.Pattern[str]:
    """Matches the beginning of a refusal. Each argument is a text of regular expressions, one phrase per line.

    Args:
        openers: regrets, and statements of what the speaker is; any number of them may come first.
        links: conjunctions after an opener, as one expression.
        plain: phrases that are a refusal with or without an opener.
        after_opener: phrases that are a refusal only after an opener: "I don't know" may begin a story.
    """
    # What an opener has matched is never given back: repeated openers could be split in too many ways.
    opener = rf"(?>({_any(openers)})[ ,.;:!*_。，、！；—–-]*(({links})[ ,，、]*)*)"
    refusal = rf"\W*+({opener}*+({_any(plain)})|{opener}++({_any(after_opener)}))"
    return re.compile(refusal, re.IGNORECASE)


def _any(phrases: str) -> str:
    return "|".join(phrase.strip() for phrase in phrases.strip().splitlines())


# The rest of a clause, and of a sentence.
_CLAUSE, _SENTENCE = "[^.!?,]{0,80}?", "[^.!?]{0,150}?"
_CLAUSE_CJK, _SENTENCE_CJK = "[^。！？，、]{0,15}?", "[^。！？]{0,60}?"

_EN_I = r"I (also |really |simply |currently |actually )?"
_EN_CANNOT = (
    rf"({_EN_I}(can't|cannot|can not|(won't|will not)( be able to)?)|I('m| am) (currently )?(unable"
    "|not (able|allowed|permitted|authorized|authorised|programmed|designed|trained|equipped|qualified)) to)"
    "( directly| fully| accurately| actually)?"
)
_EN_DO_NOT = rf"{_EN_I}(don't|do not)"
_EN_MODEL = r"an? (\w+ ){0,2}?(AI|language model|artificial intelligence|computer program|chatbot)\b"
_EN_THIS = r"(that|this|these|such|any|your|the question|questions)\b"
_EN_LACKED = "(answer|opinion|preference|favou?rite|information|feelings|emotions|belief|experience|ability|access)"
_EN_RISKY = r"(content|information|instructions|advice|medical|legal|explicit|harmful|offensive|personal)\b"

_ES_CANNOT = "(yo )?no (puedo|podré|me es posible|soy capaz de|estoy autorizad[oa] (a|para))"
_ES_MODEL = r"(un |una )?(modelo de lenguaje|IA|inteligencia artificial|asistente)\b"
_FR_CANNOT = (
    "je ne (peux|pourrai|saurais|suis) (malheureusement )?pas (en mesure d(e |')|capable d(e |')|autorisée? à )?"
)
_FR_MODEL = r"(une? )?(modèle de langage|IA|intelligence artificielle|assistante?)\b"
_DE_CANNOT = rf"(ich kann|kann ich) {_SENTENCE}\b(nicht|keine[nrs]?) {_SENTENCE}\b"
_DE_MODEL = r"(eine? )?(große[sn]? )?(KI|künstliche Intelligenz|Sprachmodell)\b"
_DE_REQUEST = r"(diese|deine|ihre)[nmr]? (Frage|Anfrage|Bitte|Wunsch)"
_PT_CANNOT = "(eu )?não (posso|consigo|poderei|sou capaz de|estou autorizad[oa] a|tenho como)"
_PT_MODEL = r"(um |uma )?(modelo de linguagem|IA|inteligência artificial|assistente)\b"
_RU_CANNOT = "не (могу|смогу|в состоянии|вправе) ((вам|тебе|с этим|в этом) )*"
_RU_MODEL = r"(языковая модель|ИИ|искусственный интеллект|нейросеть|виртуальный помощник)\b"
_ZH_CANNOT = "(目前|暂时|暫時)?(无法|無法|不能|不可以|不会|不會|不便|没办法|沒辦法)"
_ZH_TO_YOU = rf"([为為向给給跟][您你]|直接|根据|根據|(对|對|就)[这這此]{_CLAUSE_CJK}){{0,3}}"
_ZH_MODEL = "(AI|人工智能|人工智慧|语言模型|語言模型)"
_JA_SERVICES = "(お手伝い|お応え|お答え|回答|ご?提供|支援|サポート|ご?対応|作成|生成|お教え|ご案内|答える|書く|教える)"
_JA_CANNOT = "(を|は|する)*(こと|の)?[はがも]?(でき(ません|ない|かねます)|(いた)?しかね)"

PATTERNS = {
    "en": _pattern(
        openers=rf"""
            (I('m| am) )?((so|very|really|truly) )?sorry( for (the|any) \w+)?
            (I apologi[sz]e|(my |please accept my )(sincere |sincerest )?apologies)( for (the|any) \w+)?
            unfortunately
            regrettably
            I('m| am) afraid
            as {_EN_MODEL}{_CLAUSE}(?=,| I )
            I('m| am) (just |only |merely )?{_EN_MODEL}{_CLAUSE}(?=[,.]| and | so )
            I (understand|appreciate|realize) {_SENTENCE}(?=,? but |\. however)
        """,
        links=r"(but|however|and|so|therefore|that)\b",
        plain=rf"""
            {_EN_CANNOT} help( (you|with|anyone|in|write|create|find)\b|[.,;!]|$)
            {_EN_CANNOT} (assist|provide|fulfil|comply|generate|engage in|accommodate|browse|facilitate)
            {_EN_CANNOT} (answer|create|write|offer|share|discuss|give|support|participate in) ({_EN_THIS}|{_EN_RISKY})
            {_EN_CANNOT} process (that|this|your) request
            {_EN_CANNOT} access (real|external|current|your|the internet|files|links)
            {_EN_DO_NOT} have (personal|the ability to|the capability to|opinions|feelings|real-time)\b
            {_EN_DO_NOT} have access to (real|current|the internet|external|that|your|any|specific|information)
            {_EN_DO_NOT} have (enough|sufficient) (information|context|data|details)
            {_EN_DO_NOT} have (any |specific |current |reliable )*(information|data) (on|about|regarding)\b
            {_EN_DO_NOT} (feel comfortable|provide|engage in)\b
            I('m| am) not comfortable (with )?(answering|providing|writing|creating|discussing|helping|sharing)
            I (must|have to|will have to|need to) (respectfully |politely )?(decline|refuse)\b
            I('d| would) (rather|prefer) not (to )?(answer|say|discuss|comment)\b
            (that|this)('s| is) not something (that )?I('m| am| can)\b
            it (is not|isn't|would not be|wouldn't be) (appropriate|ethical|possible) for me to\b
        """,
        after_opener=rf"""
            {_EN_CANNOT} (do (that|this|it|so)|tell you(?! how)|make (that|any|predictions|personal|judg))\b
            {_EN_CANNOT} (write|create|give|share|answer|discuss|offer|support|continue|respond|comment|translate)\b
            {_EN_CANNOT} (recommend|predict|verify|confirm|access|determine|perform|complete|process)\b
            {_EN_CANNOT} (open|view|say|know|feel|experience|form|express|endorse|see (images|pictures|the image))\b
            {_EN_DO_NOT} (know|understand|possess|experience|feel)\b
            {_EN_DO_NOT} have {_CLAUSE}\b{_EN_LACKED}
            I (have no|lack)\b
            (that|this|your) (request|question|topic) (violates|goes against|is (not |in)appropriate)
        """,
    ),
    "es": _pattern(
        openers=rf"""
            (lo )?(siento|lamento)( mucho)?
            perd[oó]na?(e|me)?\b
            disculp(a|as|e|en)\b
            lamentablemente
            desafortunadamente
            por desgracia
            me temo que
            como {_ES_MODEL}{_CLAUSE}(?=,| no )
            soy (solo )?{_ES_MODEL}{_CLAUSE}(?=[,.]| y )
        """,
        links=r"(pero|sin embargo|y|así que|por lo que)\b",
        plain=rf"""
            {_ES_CANNOT} (ayudar|asistir|proporcionar|brindar)
            {_ES_CANNOT} (responder|contestar) (a )?(es[ao]|est[ao]|tu|su)\b
            {_ES_CANNOT} cumplir con (es[ao]|est[ao]|tu|su) (solicitud|petición)
            {_ES_CANNOT} (dar|ofrecer|generar)(te|le)? (asesoramiento|consejos|contenido|información|instrucciones)
            no tengo (acceso a (internet|información|datos)|opiniones|(la )?capacidad de|información (sobre|suficiente))
            no tengo suficiente información
        """,
        after_opener=rf"""
            {_ES_CANNOT} (hacer (eso|esto)|hacerlo|responder|contestar|escribir|crear|generar|dar|ofrecer)
            {_ES_CANNOT} (acceder|predecir|recomendar|compartir|sentir|tener|decir)
            (yo )?no (lo )?sé\b
            (yo )?no tengo\b
        """,
    ),
    "fr": _pattern(
        openers=rf"""
            (je suis )?(vraiment |sincèrement )?désolée?\b
            je m'excuse
            excusez-moi
            (toutes )?mes excuses
            malheureusement
            je regrette
            en tant qu(e |'){_FR_MODEL}{_CLAUSE}(?=,| je )
            je (ne )?suis (qu')?{_FR_MODEL}{_CLAUSE}(?=[,.]| et )
        """,
        links=r"(mais|cependant|toutefois|et|donc)\b",
        plain=rf"""
            {_FR_CANNOT}(vous |t'|te |y )?(aider|assister|fournir)\b
            {_FR_CANNOT}(vous |te )?répondre à (cette|votre|ta|ces)\b
            {_FR_CANNOT}(vous |te )?(donner|générer|accéder à) (de |d'|votre|cette|ce |Internet)
            {_FR_CANNOT}satisfaire (cette|votre)
            je n'ai pas (accès (à (Internet|des|ces|votre)|aux)|d'opinion|d'avis personnel|la capacité de)
            je n'ai pas (suffisamment|assez) d'informations
            il m'est impossible de (répondre|vous aider|fournir)
        """,
        after_opener=rf"""
            {_FR_CANNOT}(vous |te )?(faire (cela|ça)|le faire|répondre|écrire|créer|générer|donner|accéder)\b
            {_FR_CANNOT}(vous |te )?(prédire|recommander|partager|dire|avoir|ressentir)\b
            je ne sais pas\b
            je n'ai (pas|aucun)
        """,
    ),
    "de": _pattern(
        openers=rf"""
            (es )?tut mir (sehr |wirklich )?leid
            entschuldigung
            entschuldigen Sie( bitte)?
            leider
            bedauerlicherweise
            ich bedauere
            als {_DE_MODEL}{_CLAUSE}(?=,| kann | habe )
            ich bin (nur |lediglich |bloß )?{_DE_MODEL}{_CLAUSE}(?=[,.]| und )
        """,
        links=r"(aber|jedoch|und|daher|dass)\b",
        plain=rf"""
            ich kann ((Ihnen|dir|dabei|damit|hierbei|leider) )*nicht (weiter)?helfen
            ich kann ((Ihnen|dir|leider) )*{_DE_REQUEST} (leider )?nicht (beantworten|erfüllen|nachkommen|bearbeiten)
            ich bin (leider )?nicht in der Lage,? {_SENTENCE}(helfen|beantworten|bereitzustellen|erstellen|geben)\b
            ich habe keine (persönlichen?|eigenen?) (Meinung|Gefühle|Erfahrung|Vorlieb|Ansicht)
            ich habe (leider )?keinen Zugriff auf (das Internet|Echtzeit|aktuelle|externe)
        """,
        after_opener=rf"""
            {_DE_CANNOT}(helfen|weiterhelfen|beantworten|tun)\b
            {_DE_CANNOT}(geben|bereitstellen|erstellen|schreiben)\b
            {_DE_CANNOT}(erfüllen|nachkommen|zugreifen|anbieten)\b
            (das )?(weiß ich|ich weiß) (das |es )?(leider )?nicht\b
            (ich habe|habe ich) keine
        """,
    ),
    "pt": _pattern(
        openers=rf"""
            (me )?desculp(e|a|em)(-me)?\b
            lamento( muito)?
            sinto muito
            peço desculpas?
            infelizmente
            como {_PT_MODEL}{_CLAUSE}(?=,| não | eu )
            (eu )?sou (apenas )?{_PT_MODEL}{_CLAUSE}(?=[,.]| e )
        """,
        links=r"(mas|porém|no entanto|e|por isso)\b",
        plain=rf"""
            {_PT_CANNOT} (te |lhe |o |a )?(ajud[aá]|auxiliar|fornecer)
            {_PT_CANNOT} responder (a )?(isso|ess[ae]|est[ae]|[àa]? ?sua)\b
            {_PT_CANNOT} atender (a |ao )?(ess[ae]|est[ae]|seu|sua)\b
            {_PT_CANNOT} (dar|oferecer|gerar) (conselhos|conteúdo|informações|instruções)
            (eu )?não tenho (acesso (à internet|a (informações|dados))|opiniões|(a )?capacidade de)
            (eu )?não tenho informações (suficientes|sobre)
        """,
        after_opener=rf"""
            {_PT_CANNOT} (fazer (isso|isto)|fazê-lo|responder|escrever|criar|gerar|dar|oferecer|acessar|aceder)\b
            {_PT_CANNOT} (prever|recomendar|compartilhar|partilhar|sentir|ter|dizer)\b
            (eu )?não sei\b
            (eu )?não tenho\b
        """,
    ),
    "ru": _pattern(
        openers=rf"""
            к (моему )?сожалению
            извини(те)?
            прости(те)?
            прошу прощения
            мне (очень )?жаль
            сожалею
            увы
            как {_RU_MODEL}{_CLAUSE}(?=,| я )
            я (всего лишь |просто |только |[—–-] )*{_RU_MODEL}{_CLAUSE}(?=[,.]| и )
        """,
        links=r"(но|однако|и|поэтому|что)\b",
        plain=rf"""
            я {_RU_CANNOT}(помочь|помогать)\b
            я {_RU_CANNOT}(предоставить|ответить на|выполнить (эт|ваш|тво|данн)|давать (советы|рекомендации))
            у меня нет (доступа к (интернету|актуальн|информации|данным|реальн)|личн(ого (мнения|опыта)|ых ))
            у меня нет (достаточной )?информации (о|об|по)\b
        """,
        after_opener=rf"""
            (я )?{_RU_CANNOT}(этого сделать|сделать (это|этого)|помочь|ответить|предоставить|написать|создать|дать)\b
            (я )?{_RU_CANNOT}(сказать|выполнить|поделиться|предсказать|порекомендовать|обсуждать)\b
            (я )?(этого )?не (знаю|имею)\b
            у меня нет\b
        """,
    ),
    "zh": _pattern(
        openers=rf"""
            我?(很|非常|十分|真的)?(抱歉|遗憾|遺憾)
            [对對]不起
            不好意思
            (遗憾|遺憾)的是
            [作身][为為]{_CLAUSE_CJK}{_ZH_MODEL}{_CLAUSE_CJK}(?=，|我)
            我只?是{_CLAUSE_CJK}{_ZH_MODEL}{_CLAUSE_CJK}(?=，|。)
        """,
        links="但是?|不过|不過|因此|所以",
        plain=rf"""
            我{_ZH_CANNOT}{_ZH_TO_YOU}(提供|回答|回[应應]|协助|協助|[满滿]足您?你?的?(要求|请求|請求|需求)|生成)
            我{_ZH_CANNOT}{_ZH_TO_YOU}[帮幫]助?[您你]
            我[没沒]有[个個]人的?(观|觀|情|意|经|經|偏|感|看)
            我[没沒]有足[够夠]的(信息|資訊|资料|資料)
        """,
        after_opener=rf"""
            我?{_ZH_CANNOT}{_ZH_TO_YOU}(提供|回答|回[应應]|协助|協助|[满滿]足|[帮幫]|生成|完成|执行|執行|处理|處理|做到)
            我?{_ZH_CANNOT}{_ZH_TO_YOU}(讨论|討論|预测|預測|访问|訪問|[写寫]|[创創]作|[给給]出|透露|分享|参与|參與|告[诉訴])
            我?也?不(知道|太?清楚|了解)
            我[没沒]有
        """,
    ),
    "ja": _pattern(
        openers=rf"""
            (大変|誠に)?申し訳(ありません|ございません|ない(です)?)(が|けど|けれども?)?
            (ごめんなさい|すみません|すいません|恐れ入ります)(が|けど)?
            残念(ながら|ですが)
            私?は?(AI|人工知能|(大規模)?言語モデル){_CLAUSE_CJK}(として|ので|ため|であり|ですから)は?
        """,
        links="しかし|私は|私には",
        plain=rf"""
            {_SENTENCE_CJK}(お手伝い|お応え|お答え){_JA_CANNOT}
        """,
        after_opener=rf"""
            {_SENTENCE_CJK}{_JA_SERVICES}{_JA_CANNOT}
            {_SENTENCE_CJK}応じ(かね|られま|ることはできま)
            {_SENTENCE_CJK}(わか|分か)りません
            {_SENTENCE_CJK}持って(い)?(ません|ない)
        """,
    ),
}
