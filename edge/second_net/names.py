"""People's names, told by the words around them: nobody's list of names is complete, and brands are names too.

"Mrs. Berg", "my name is anna", "signed by Anna Berg", "Anna Berg lives at". A name without such a word is not found.
Brands that carry a title ("Dr. Oetker") are left alone.
"""

import re
from collections.abc import Iterator

from edge.second_net.spans import Detector, Span

_GAP = r"[\s.:=,_\"'-]{1,5}"
_TITLE = re.compile(
    r"(?:\b|_)(?:Mrs?|Ms|Miss|Dr|Prof|Sir|Herrn?|Frau|Srta?|Sra|Se\u00f1ora?|Mme|Mlle|Monsieur|Madame|Signora?|Dhr"
    r"|Mevr)[\s.:_-]{1,3}(?=[^\W\d_])"
)
_SAID = re.compile(
    r"(?:\b|_)(?:(?:first|last|full|maiden|family|sur|given|birth|customer|client|member|employee|staff|cashier|guest"
    r"|(?:card|account)[ _]?holder(?:'s)?|contact|vor|nach)[ _-]?name(?:s?\sis)?"
    r"|(?:my|his|her|their|whose) nam(?:e|es)?(?: is|'s)|(?:mein|sein|ihr) name ist|ich hei(?:\u00df|ss)e"
    r"|je m'appelle|me llamo|mi chiamo|mijn naam is"
    r"|(?:card|account)[ _-]?holder|name on the (?:card|account))\??" + _GAP + r"(?:is\s|user:\s)?(?=[^\W\d_])",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?:\b|_)(?i:(?:is|was|am|i'm|are|everyone calls me|people call me) called|calls? me|speak (?:to|with)"
    r"|talk(?:ed)? to|follow up with|under (?:my|the) (?:\w+'s )?name|on behalf of|reserv(?:ed|ation) for"
    r"|signed(?: by)?|served by|picked up by|deliver(?:ed)? to|c/o|attn|customer|cashier|shopper|employee|colleague"
    r"|manager|member|till[ _-]of|change it to|correct it to|regards|sincerely|yours|(?:to|please) add"
    r"|please ask(?: for)?)" + _GAP + r"(?=[^\W\d_])"
)
_AFTER = re.compile(
    r"(?<!\w)((?:[^\W\d_][\w'\u2019.-]*\s){1,3})(?=lives? (?:at|on|in)\b|was born\b|as (?:guardian|beneficiary))"
)
_GREETED = re.compile(r"\b(?:[Dd]ear|[Hh]i|[Hh]ello|[Hh]allo|[Tt]hanks)[\s,]{1,2}([^\W\d_][\w'\u2019-]+)(?=[,!])")
_TELLING = frozenset(
    """
    mr mrs ms miss dr prof sir herr herrn frau sr sra srt srta señor señora mme mlle monsieur madame signor signora
    dhr mevr name names nam firstname lastname fullname maidenname familyname surname givenname birthname customername
    clientname membername employeename staffname cashiername guestname cardholdername accountholdername contactname
    vorname nachname cardholder accountholder holder heiße heisse appelle llamo chiamo naam called call calls speak talk
    talked follow under behalf reserved reservation signed served picked deliver delivered c attn customer cashier
    shopper employee colleague manager member till it regards sincerely yours add ask live lives born guardian
    beneficiary dear hi hello hallo thanks
    """.split()  # noqa: SIM905 - a list of quoted words is hard to read
)
"""Words of which each form above holds one: most texts hold none, and looking for whole words is cheap."""
_PLAIN_WORDS = re.compile(r"[^\W\d_]+")
_WORDS = re.compile(r"[^\W\d_](?:[\w'\u2019]|-(?=[^\W\d_]))*")
_NEXT = re.compile(r"[\s_.-]{1,2}")
_MOST_WORDS = 4
_NO_NAMES = frozenset(
    """
    a an and at by card dr for from has he herr i id in incorrect is it me miss mr mrs ms my name no none not null
    number of on or our paid please service services she spelled that the there they this to true false unknown us was
    we who with wrong you your
    """.split()  # noqa: SIM905
)
_TITLED_BRANDS = frozenset(
    """
    beckmann bronner bubble butterworth clean coffee dash fields freshley goodbar hauschka kipling martens meyer meyers
    muscle oetker pepper pibb porky potato praeger scholl scholls smith t teal
    """.split()  # noqa: SIM905
)


def find_names(text: str) -> Iterator[Span]:
    """Names in a plain text, without the word that gave them away."""
    if _TELLING.isdisjoint(word.lower() for word in _PLAIN_WORDS.findall(text)):
        return
    for match in _TITLE.finditer(text):
        if _first_word(text, match.end()) not in _TITLED_BRANDS:
            yield from _name_at(text, match.end())
    for match in _SAID.finditer(text):
        yield from _name_at(text, match.end(), any_case=True)
    for match in _BEFORE.finditer(text):
        yield from _name_at(text, match.end())
    for match in _AFTER.finditer(text):
        yield from _name_at(text, match.start(1))
    for match in _GREETED.finditer(text):
        yield from _name_at(text, match.start(1))


def _first_word(text: str, start: int) -> str:
    word = _WORDS.match(text, start)
    return "" if word is None else word.group().casefold().removesuffix("'s").removesuffix("\u2019s")


def _name_at(text: str, start: int, *, any_case: bool = False) -> Iterator[Span]:
    """Capitalised words from a place on; the first may be of any case where a name has to follow."""
    end, place = start, start
    for count in range(_MOST_WORDS):
        word = _WORDS.match(text, place)
        if word is None or not _may_be_name(word.group(), any_case=any_case and count == 0):
            break
        end = word.end()
        gap = _NEXT.match(text, end)
        if gap is None or (gap.group()[0] in ".\n" and len(word.group()) > 1 and gap.group() != "."):
            break
        place = gap.end()
    if end > start:
        yield Span(Detector.NAME, start, end)


def _may_be_name(word: str, *, any_case: bool) -> bool:
    if word.casefold() in _NO_NAMES:
        return False
    return any_case or (word[0].isupper() and (len(word) == 1 or not word.isupper()))
