"""Whole numbers between two bounds, written as GBNF: as many rules as the bounds have digits, not as there are numbers.

Owns the splitting of a range into runs of digits.

    17..342  ->  1 [7-9] | [2-9] [0-9] | [1-2] [0-9]{2} | 3 ( [0-3] [0-9] | 4 [0-2] )
"""

MOST_DIGITS = 16
MOST = 10**MOST_DIGITS - 1
"""Larger numbers are no longer exact where JSON is read into floating point."""


def integers(least: int, most: int) -> str:
    """GBNF for the numbers from ``least`` to ``most``, both included; ``-0`` is none of them.

    Args:
        least: at least ``-MOST``.
        most: at least ``least``, at most ``MOST``.
    """
    options = []
    if least < 0:
        options.append(f'"-" ({_naturals(max(1, -most), -least)})')
    if most >= 0:
        options.append(_naturals(max(0, least), most))
    return " | ".join(options)


def _naturals(least: int, most: int) -> str:
    options = []
    for digits in range(len(str(least)), len(str(most)) + 1):
        low = max(least, 10 ** (digits - 1) if digits > 1 else 0)
        high = min(most, 10**digits - 1)
        options.append(_same_length(str(low), str(high)))
    return " | ".join(options)


def _same_length(low: str, high: str) -> str:
    """The numbers between two of the same length; leading zeros count as digits."""
    if set(low) <= {"0"} and set(high) <= {"9"}:
        return _any(len(low))
    first, rest = low[0], len(low) - 1
    if first == high[0]:
        return f'"{first}" ({_same_length(low[1:], high[1:])})' if rest else f'"{first}"'
    if not rest:
        return f"[{first}-{high}]"
    options = []
    begin, end = int(first), int(high[0])
    if set(low[1:]) != {"0"}:
        options.append(f'"{first}" ({_same_length(low[1:], "9" * rest)})')
        begin += 1
    if set(high[1:]) != {"9"}:
        options.append(f'"{high[0]}" ({_same_length("0" * rest, high[1:])})')
        end -= 1
    if begin <= end:
        options.append(f"[{begin}-{end}] {_any(rest)}")
    return " | ".join(options)


def _any(digits: int) -> str:
    return "[0-9]" if digits == 1 else f"[0-9]{{{digits}}}"
