"""Sentences with ordinals, abbreviations and names that a plain splitter cuts; written for these tests.

Each line is a text of one or more sentences, which "‖" separates. The true text has a space there.
"""

HARD = {
    "en": """\
See Fig. A for the details. ‖ It is on p. 5 of the book.
Yahoo! Inc. was sold in 2017. ‖ Who bought it?
The U.S. Army and Dr. J. Smith met Mr. and Mrs. Brown at 5 p.m. on Sunday.
He works for Apple Inc. in California. ‖ She does not.
Is it true? ‖ Yes, e.g. in St. Louis, i.e. near the river.
We sell apples, pears, etc. ‖ They are fresh.
Gen. Lee and Prof. Dr. A. Weber spoke. ‖ Nobody listened.
It weighs approx. 5 kg. ‖ Vol. 3, No. 4, pp. 10 ff. tells more.
They live in the U.S. ‖ We live in Peru.
Do you know Jeopardy! and Yahoo! Answers? ‖ I do.
Compare vs. Brown, cf. Section 3, and Sec. B of the report.
Wait... what did you say? ‖ Nothing!
See Eq. X in Ch. II. ‖ Then read on.
The meeting is at 5 p.m. ‖ Please come.
Marks & Co. Ltd. was founded in Jan. 1884 by M. Marks Jr. in Leeds.
Take vitamin C. ‖ It helps.
Plan B. ‖ We need it.
Ask Sen. Warren or Lt. Col. Oliver North. ‖ They know.
See Table 5. ‖ It lists all.
Mt. Everest is high. ‖ Climb it.
He was born ca. 1900 in Ft. Worth, Tex. and died there.
George W. Bush and Samuel L. Jackson. ‖ Nobody else.
The show starts at 9 a.m. Eastern and at 6 a.m. PST. ‖ Central banks wait.""",
    "de": """\
Die Fa. Müller liefert an Frl. Meier. ‖ Heute noch.
Am 3. Juni kam sie an. ‖ Wir haben z. B. Äpfel gekauft.
Das ist u. a. Herrn Dr. Müller bekannt. ‖ Er schwieg.
Im 19. Jahrhundert lebte Kaiser Wilhelm II. in Berlin.
Die Firma Meier & Co. GmbH hat ca. 50 Mitarbeiter. ‖ Sie liegt in der Goethestr. 5.
Das kostet inkl. Versand 5 Euro, d. h. Sie zahlen nichts extra. ‖ Gut so!
Siehe Abb. A auf S. 12. ‖ Dort steht Prof. Weber, vgl. Kap. 3.
Er kam am 24. Dezember. ‖ Dann ging er.
Die 2. Auflage erschien bzw. Band 3 wurde vergriffen. ‖ Usw.
Das ist sog. Hochdeutsch. ‖ Bitte i. d. R. Herrn Nr. 5 fragen.
Wir kauften Brot, Käse usw. ‖ Danach gingen wir heim.
Es war im Jahr 1990. ‖ Danach kam vieles anders.
Er hat evtl. Zeit. ‖ Frau Dipl.-Ing. Schulz auch.
Hrn. Meier geht es u. U. Besser. ‖ Das freut uns.
Papst Johannes Paul II. Reiste viel. ‖ Er war beliebt.
Gem. § 5 Abs. 2 Nr. 3 StGB ist das verboten. ‖ Punkt.
St. Gallen liegt in der Schweiz. ‖ Bern auch.
Sie ist 1. Vorsitzende des Vereins. ‖ Bravo.""",
    "pt": """\
O Sr. Silva chegou. ‖ A Sra. Costa não.
D. Pedro II nasceu no Rio de Janeiro. ‖ Foi imperador.
A Profa. Ana e o Dr. João moram na Av. Paulista. ‖ Eles são amigos.
Veja a pág. 10 e o art. 5 da lei. ‖ O cap. III explica.
Comprei frutas, p. ex. Maçãs e peras. ‖ Gostei.
A empresa Silva & Cia. Ltda. fechou. ‖ Ninguém sabe por quê.
Exmo. Sr. Presidente, bom dia. ‖ Obrigado.
O tel. 5555 e o n.º 7 estão errados. ‖ Corrija.
Vendemos pão, leite, etc. ‖ Tudo é fresco.
Sto. Antônio e S. Paulo foram santos. ‖ É verdade.
O séc. XIX começou em 1801. ‖ Antes era o séc. XVIII.
O Eng. Souza e a Dra. Lima vieram do R. G. Sul.""",
    "es": """\
Los EE. UU. ganaron. ‖ El Sr. Pérez perdió.
La Dra. Gómez vive en la Avda. América. ‖ Es médica.
Véase la pág. 5 y la fig. A del cap. II. ‖ Es claro.
D. Quijote y Dña. Inés hablan con Ud. Siempre es así.
Sucedió en el s. XX, p. ej. En Madrid. ‖ Fin.
Fue en el año 200 a. C. en Roma. ‖ Luego cayó.
Los RR. HH. y las FF. AA. trabajan juntos. ‖ Así es.
Compramos pan, leche, etc. ‖ Todo estaba rico.
Ntra. Sra. de Luján es famosa. ‖ Sí.
El núm. 7 de la Sta. María ganó. ‖ ¿Quién es? ‖ ¡Nadie!
La empresa García y Cía. S. A. cerró. ‖ Es triste.
Vive en la C. Mayor, núm. 5, 3.º Izq. de Madrid.
Ud. Es muy amable. ‖ Gracias.
Vd. y los Sres. López, cf. Pág. 3. ‖ Bien.""",
    "fr": """\
M. Dupont est arrivé. ‖ Mme Martin non.
Voir p. 5 et fig. A du chap. II. ‖ C'est clair.
Le Dr. Durand et MM. Petit et Grand sont là. ‖ Bien.
Il vécut au IVe s. av. J.-C. en Grèce. ‖ Puis il mourut.
Nous avons des pommes, p. ex. Golden. ‖ Elles sont bonnes.
Écrivez à Mgr. Blanc, c.-à-d. À l'évêque. ‖ Merci.
Il vend du pain, du lait, etc. ‖ Tout est frais.
L'art. 5 et l'al. B de la loi no. 7 restent. ‖ Oui.
Il habite bd. Voltaire, env. Dix minutes à pied. ‖ Venez.
J. K. Rowling a écrit un livre. ‖ Lisez-le.""",
    "ru": """\
Это т. е. Москва. ‖ Она большая.
А. С. Пушкин родился в г. Москве. ‖ Он поэт.
В 1990 г. Россия изменилась. ‖ Это так.
Он купил хлеб, молоко и т. д. ‖ Потом ушёл.
Ул. Ленина, д. 5, кв. 7. ‖ Приходите.
См. рис. А на стр. 12. ‖ Там всё есть.
Проф. Иванов и акад. Петров спорили. ‖ Никто не победил.
Это стоит 5 тыс. Рублей не хватает. ‖ Жаль.
В XIX в. Россия росла. ‖ Потом была война.
Им. Чкалова назван город, напр. Посёлок у реки.
Ю. А. Гагарин, 12 апр. 1961 г., см. с. 5. ‖ Всё.
В г. Орле, на ул. Мира, жил И. С. Тургенев. ‖ Он писал.""",
    "it": """\
Il sig. Rossi e la dott.ssa Bianchi. ‖ Poi andarono via.
Il Sig. Rossi è arrivato. ‖ La Sig.ra Bianchi no.
Il Dott. Verdi e l'Ing. Neri lavorano. ‖ Sono bravi.
Vedi pag. 5, fig. A, cap. II. ‖ È chiaro.
Nel sec. XIX visse S. Giovanni Bosco. ‖ Fu un santo.
Abbiamo mele, pere, ecc. ‖ Sono buone.
L'art. 5 del D. Lgs. 196 vale. ‖ Sì.
Il Prof. Conti e l'Avv. Russo, p. es. Ieri, parlavano. ‖ Bene.
Visse nel 300 a. C. in Sicilia. ‖ Poi partì.
G. Verdi scrisse opere. ‖ Tutti le amano.""",
    "da": """\
Den 3. Juni kom hun. ‖ Vi spiste f.eks. Æbler.
Dr. Hansen og hr. Jensen bor på Nr. 5. ‖ Godt.
Kong Christian X. Boede her, bl.a. Om vinteren. ‖ Ja.
Se fig. A på s. 12. ‖ Det er let.
Det var ca. 50 personer, dvs. Alle. ‖ Fint.
Vi købte brød, ost osv. ‖ Så gik vi hjem.
I det 19. Århundrede var det mørkt. ‖ Nu er det lyst.
Den 1. Maj fejres hvert år. ‖ Alle har fri.""",
    "no": """\
Den 3. Juni kom hun. ‖ Vi spiste f.eks. Epler.
Dr. Hansen og hr. Olsen bor i nr. 5. ‖ Bra.
Se fig. A på s. 12. ‖ Det er lett.
Det var ca. 50 personer, dvs. Alle. ‖ Fint.
Vi kjøpte brød, ost osv. ‖ Så gikk vi hjem.
Den 17. Mai er en festdag. ‖ Alle har fri.
Bl.a. Oslo og Bergen er byer. ‖ Ja.""",
    "fi": """\
Hän syntyi 3. Kesäkuuta. ‖ Se oli esim. Turussa.
Tri Virtanen ja prof. Mäki puhuivat. ‖ Hyvä.
Se maksoi n. 5 euroa, ts. Vähän. ‖ Kiva.
Ks. kuva A s. 12. ‖ Se on helppo.
Ostimme leipää, maitoa jne. ‖ Sitten lähdimme.
Helsinki on mm. Suomen pääkaupunki. ‖ Se on iso.
Kustaa II Aadolf ja 1. Maailmansota ovat historiaa. ‖ Niin.""",
    "cs": """\
Dne 3. Června přišla. ‖ Koupili jsme např. Jablka.
Dr. Novák a Ing. Svoboda pracují. ‖ Dobře.
Karel IV. Lucemburský žil v Praze. ‖ Byl císař.
V 19. Století žil mj. František Palacký. ‖ Ano.
Viz obr. A na str. 12. ‖ Je to jasné.
Koupili jsme chléb, sýr atd. ‖ Pak jsme šli domů.
Firma Novák a spol. Brno je tzv. Malá. ‖ Tak.
Mgr. Dvořák bydlí v ul. Nádražní č. 5. ‖ Přijďte.""",
    "hu": """\
Dr. Kovács és Nagy úr eljött. ‖ Jó.
Az 1. Világháború 1914-ben kezdődött. ‖ Sokan meghaltak.
IV. Béla király volt. ‖ Budán élt.
Lásd pl. Budapestet. ‖ Szép város.
A Petőfi u. 5. Szám alatt lakik, kb. Tíz éve. ‖ Igen.
Vettünk kenyeret, sajtot stb. ‖ Aztán hazamentünk.
Ifj. Szabó István és özv. Kissné beszélt. ‖ Rendben.
Június 3. Napján jött. ‖ Utána elment.""",
    "el": """\
Ο κ. Παπαδόπουλος ήρθε. ‖ Η κα. Μαρία όχι.
Αυτό είναι π.χ. Αθήνα. ‖ Είναι μεγάλη.
Ο Δρ. Νίκος και ο καθ. Γιώργος μίλησαν. ‖ Ωραία.
Βλ. σελ. 5 και εικ. Α στο κεφ. ΙΙ. ‖ Είναι σαφές.
Έζησε το 300 π.Χ. στην Ελλάδα. ‖ Μετά πέθανε.
Αγοράσαμε ψωμί, τυρί κ.λπ. ‖ Μετά φύγαμε.
Πού πας; ‖ Στην Αθήνα.""",
    "hi": """\
डॉ. शर्मा आए। ‖ वे खुश थे।
प्रो. वर्मा और श्री. गुप्ता मिले। ‖ अच्छा हुआ।
पं. नेहरू का जन्म इलाहाबाद में हुआ। ‖ वे नेता थे।
ए. पी. जे. अब्दुल कलाम राष्ट्रपति थे। ‖ सब उन्हें जानते हैं।
कृपया पृ. ५ देखें। ‖ क्या यह साफ़ है? ‖ हाँ!
चित्र सं. ३ और कि. मी. में दूरी देखें। ‖ ठीक है।""",
    "nl": """\
De heer Dr. Jansen woont op nr. 5. ‖ Hij is er.
Dat is bijv. Amsterdam, d.w.z. De hoofdstad. ‖ Mooi.
Wij kochten brood, kaas enz. ‖ Toen gingen we naar huis.""",
    "pl": """\
Dnia 3. Maja świętujemy. ‖ To jest np. Warszawa.
Prof. Kowalski mieszka przy ul. Długiej. ‖ On jest miły.
Jan III Sobieski żył w XVII w. Polska była duża. ‖ Tak.
Kupiliśmy chleb, ser itd. ‖ Potem poszliśmy.""",
    "uk": """\
Це т. зв. Київська Русь. ‖ Вона велика.
Т. Г. Шевченко народився в с. Моринці. ‖ Він поет.""",
    "ro": """\
Dl. Popescu și dna. Ionescu vin. ‖ Bine.""",
    "tr": """\
Prof. Dr. Yılmaz geldi. ‖ O mutlu.
II. Mehmet İstanbul'u aldı. ‖ Büyüktü.""",
}


def hard_examples() -> list[tuple[str, list[str]]]:
    """(language, the sentences of a text), for each text."""
    return [(language, line.split(" ‖ ")) for language, lines in HARD.items() for line in lines.splitlines()]
