"""What a turn may be about."""

from enum import StrEnum


class Intent(StrEnum):
    """What a turn is about; the names are part of the kiosk's interface and of `kiosk.turn`."""

    WHERE_IS = "where_is"
    HOW_MUCH = "how_much"
    HAVE_YOU_GOT = "have_you_got"
    OPEN_HOURS = "open_hours"
    CALL_COLLEAGUE = "call_colleague"
    RETURNS = "returns"
    OFFERS = "offers"
    ALLERGENS = "allergens"
    ALTERNATIVES = "alternatives"
    GOES_WITH = "goes_with"
    SERVICES = "services"
    GREETING = "greeting"
    THANKS = "thanks"
    UNKNOWN = "unknown"
