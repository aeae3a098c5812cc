"""French and Spanish as shoppers write them: the right intent, the right product, and nothing that is not so."""

from functools import cache

import pytest

from edge.assistant.assistant import Assistant
from edge.questions.marking import wrong_claims
from edge.questions.stage import Stage


@cache
def stage(language: str) -> Stage:
    return Stage.of_demo_shop(language=language)


@cache
def assistant(language: str) -> Assistant:
    return stage(language).assistant()


# Language, question, intent, and words that the answer must hold.
ANSWERED = [
    ("fr", "où se trouvent les pâtes ?", "where_is", "Penne"),
    ("fr", "combien coûte le beurre doux", "how_much", "Tilbeck Beurre doux, 250 g : 2,39 €"),
    ("fr", "est-ce que vous avez des couches ?", "have_you_got", "Couches taille 4"),
    ("fr", "t'as du coca ?", "have_you_got", "Zestello Cola, 1,5 l"),
    ("fr", "je n'ai pas trouvé le sel", "where_is", "Sel marin fin"),
    ("fr", "ou est le papié toilette", "where_is", "allée 9, travée 2"),
    ("fr", "un demi-litre de kéfir", "where_is", "Nordlis Kéfir, 500 ml"),
    ("fr", "1 litre de lait demi-écrémé", "where_is", "Lait demi-écrémé 1,5 %, 1 l"),
    ("fr", "y a-t-il du lait dans le chocolat noir ?", "allergens", "Chocolat noir 70 %"),
    ("fr", "avez-vous du chocolat sans lait ?", "have_you_got", "Chocolat végan à l'avoine"),
    ("fr", "avez-vous du lait sans lactose ?", "have_you_got", "Vérifiez l'étiquette"),
    ("fr", "un coca zéro", "where_is", "Zestello Cola zéro sucre"),
    ("fr", "quel est le lait le moins cher ?", "how_much", "Lait UHT 3,5 %"),  # the rice pudding costs less
    ("fr", "vous avez purée de tomates passata", "have_you_got", "allée 5, travée 2"),
    ("fr", "le cola est-il épuisé ?", "have_you_got", "Non, il reste Zestello Cola, 1,5 l."),
    ("fr", "le quinoa est-il épuisé ?", "have_you_got", "Son rayon était vide"),
    ("fr", "le camembert est-il en promotion", "offers", "pas en promotion aujourd'hui"),
    ("fr", "quelles sont les promotions ?", "offers", "Voici 3 des 20 promotions."),
    ("fr", "ouvert le 24 décembre ?", "open_hours", "le jeudi 24 décembre, Veille de Noël de 08:00 à 14:00"),
    ("fr", "jusqu'à quelle heure êtes-vous ouverts le samedi ?", "open_hours", "de 08:00 à 18:00"),
    ("fr", "où puis-je me garer ?", "services", "Parking : derrière le bâtiment"),
    ("fr", "comment rendre un article ?", "returns", "sous 14 jours"),
    ("fr", "quel âge faut-il pour acheter de la bière ?", "where_is", "Il faut avoir 16 ans ou plus"),
    ("fr", "où est le concombre et combien coûte-t-il ?", "where_is", "0,89 €"),
    ("fr", "qu'est-ce qui va avec les spaghettis ?", "goes_with", "Sauce pour pâtes au basilic"),
    ("fr", "de quoi ai-je besoin pour faire des crêpes ?", "goes_with", "Des crêpes au petit-déjeuner"),
    ("fr", "une alternative au beurre", "alternatives", "Vérifiez l'étiquette"),
    ("fr", "où est mon fils, je l'ai perdu", "call_colleague", "J'ai appelé un collègue"),
    ("es", "¿dónde están las pastas?", "where_is", "Espaguetis"),
    ("es", "¿cuánto cuesta la mantequilla sin sal?", "how_much", "Mantequilla sin sal, 250 g: 2,39 €"),
    ("es", "¿tienen leche de avena?", "have_you_got", "Bebida de avena barista"),
    ("es", "¿hay pañales?", "have_you_got", "Pañales talla 4"),
    ("es", "no encuentro la sal", "where_is", "Sal marina fina"),
    ("es", "¿dónde está el queso rayado", "where_is", "Emmental rallado"),
    ("es", "medio litro de kéfir", "where_is", "Nordlis Kéfir, 500 ml"),
    ("es", "¿hay leche en el chocolate negro?", "allergens", "Chocolate negro 70 %"),
    ("es", "¿las galletas de mantequilla tienen huevo?", "allergens", "gluten, leche"),
    ("es", "¿tienen chocolate sin leche?", "have_you_got", "Chocolate vegano de avena"),
    ("es", "pan sin gluten", "where_is", "Compruebe la etiqueta"),
    ("es", "¿el tofu ahumado es sin gluten?", "allergens", "Compruebe la etiqueta"),
    ("es", "¿cuál es la leche más barata?", "how_much", "Leche UHT 3,5 %"),  # the rice pudding costs less
    ("es", "¿qué precio tiene la lasaña boloñesa?", "how_much", "3,29 €"),
    ("es", "¿la quinoa está agotada?", "have_you_got", "Su estante estaba vacío"),
    ("es", "¿el camembert está en oferta?", "offers", "hoy sin oferta"),
    ("es", "¿qué ofertas hay?", "offers", "Aquí hay 3 de las 20 ofertas."),
    ("es", "¿abierto el 24 de diciembre?", "open_hours", "el jueves 24 de diciembre, Nochebuena de 08:00 a 14:00"),
    ("es", "¿hasta qué hora abren el sábado?", "open_hours", "de 08:00 a 18:00"),
    ("es", "¿dónde están los baños?", "services", "Aseo para clientes"),
    ("es", "¿cómo devuelvo un artículo?", "returns", "en un plazo de 14 días"),
    ("es", "¿qué edad hay que tener para comprar cerveza?", "where_is", "Hay que tener 16 años o más"),
    ("es", "¿dónde está el pepino y cuánto cuesta?", "where_is", "0,89 €"),
    ("es", "¿qué va bien con los espaguetis?", "goes_with", "Salsa para pasta con albahaca"),
    ("es", "¿qué necesito para hacer tortitas?", "goes_with", "Tortitas para desayunar"),
    ("es", "algo parecido a los penne", "alternatives", "Espaguetis"),
    ("es", "quiero poner una reclamación", "call_colleague", "He llamado a un compañero"),
]


@pytest.mark.parametrize(("language", "question", "intent", "holds"), ANSWERED)
def test_it_is_understood_and_answered(language: str, question: str, intent: str, holds: str) -> None:
    answer = assistant(language).ask(question, kiosk_id="k")
    assert (answer.intent, answer.verified) == (intent, True)
    assert holds in answer.answer
    assert wrong_claims(answer.answer, stage(language)) == ()


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("fr", "avez-vous des canapés ?"),
        ("fr", "vous avez du caviar ?"),
        ("fr", "quel temps fait-il demain ?"),
        ("fr", "qui est le président de la France ?"),
        ("fr", "je suis allergique aux arachides, quel chocolat puis-je manger ?"),
        ("fr", "quel vin recommandez-vous ?"),
        ("fr", "quels produits contiennent du gluten ?"),
        ("fr", "chocolat sans noisettes"),
        ("fr", "lait végétal sans soja"),
        ("fr", "je ne peux pas manger de gluten, quel pain avez-vous ?"),
        ("fr", "j'évite le lait, quel yaourt ?"),
        ("fr", "je supporte mal le lactose, quel lait ?"),
        ("fr", "vendez-vous des fleurs ?"),
        ("fr", "le gin le plus cher"),
        ("es", "¿tienen sofás?"),
        ("es", "¿tienen caviar?"),
        ("es", "¿qué tiempo hace mañana?"),
        ("es", "¿quién es el presidente de España?"),
        ("es", "soy alérgico a los cacahuetes, ¿qué chocolate puedo comer?"),
        ("es", "¿qué vino me recomienda?"),
        ("es", "¿qué productos contienen gluten?"),
        ("es", "chocolate sin avellanas"),
        ("es", "leche vegetal sin soja"),
        ("es", "no puedo comer gluten, ¿qué pan hay?"),
        ("es", "evito el gluten, ¿qué pasta hay?"),
        ("es", "me sienta mal la leche, ¿qué yogur hay?"),
        ("es", "¿venden flores?"),
        ("es", "la ginebra más cara"),
    ],
)
def test_what_the_shop_does_not_hold_nobody_knows(language: str, question: str) -> None:
    assert assistant(language).ask(question, kiosk_id="k").outcome == "unknown"


@pytest.mark.parametrize(
    ("language", "turns", "holds"),
    [
        ("fr", ["combien coûte l'ail ?", "et où est-ce ?"], "allée 1, travée 3"),
        ("fr", ["vous avez des spaghettis ?", "et les penne ?"], "Pastavento Penne, 500 g"),
        ("fr", ["quels sont vos horaires ?", "et demain ?"], "Nous sommes ouverts demain"),
        ("es", ["¿a cuánto está el champú?", "¿y dónde está?"], "pasillo 9, módulo 3"),
        ("es", ["¿cuál es el horario?", "¿y mañana?"], "Abrimos mañana"),
    ],
)
def test_a_question_goes_on_with_the_one_before(language: str, turns: list[str], holds: str) -> None:
    for turn in turns:
        answer = assistant(language).ask(turn, kiosk_id="k", session=f"{language} {turns[0]}")
    assert holds in answer.answer
