"""Turns values into markup with Jinja's autoescape, so that no stored word can become code on a staff screen.

Owns the template folder and the filters by which times, sizes and durations read. Asks nobody for anything.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from edge.clock import Clock
from edge.console import wording
from sync.records import Scalar

_TEMPLATES = Path(__file__).parent / "templates"


class Fragments:
    """Templates of the console, with times in the shop's zone."""

    def __init__(self, *, zone: ZoneInfo, clock: Clock) -> None:
        self._zone = zone
        self._clock = clock
        self._templates = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            ago=self._ago,
            bytes=wording.size,
            count=wording.count,
            details=self._details,
            group=wording.group_of,
            kind=wording.title_of,
            span=wording.duration,
            stamp=self._stamp,
            time=self._time,
        )

    def render(self, template: str, **values: object) -> str:
        """Markup of one template file."""
        return self._templates.get_template(template).render(**values)

    def _time(self, at: datetime) -> str:
        """Time of day, with the date in front of it on another day than today."""
        local = at.astimezone(self._zone)
        is_today = local.date() == self._clock.now().astimezone(self._zone).date()
        return local.strftime("%H:%M:%S" if is_today else "%d %b %H:%M")

    def _stamp(self, at: datetime) -> Markup:
        """Time of day that shows the whole date and the zone when pointed at."""
        local = at.astimezone(self._zone)
        whole = local.strftime("%A %d %B %Y, %H:%M:%S %Z")
        return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), whole, self._time(at))

    def _details(self, fields: Mapping[str, Scalar]) -> list[tuple[str, str]]:
        """Fields of a fact in words."""
        return wording.fact_details(fields, say_time=self._time)

    def _ago(self, at: datetime) -> str:
        """Coarse age, so that the markup changes seldom."""
        return wording.duration(max(0.0, (self._clock.now() - at).total_seconds()))
