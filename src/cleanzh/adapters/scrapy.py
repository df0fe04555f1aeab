"""A Scrapy item pipeline: dirt is stopped where it is scraped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from itemadapter import ItemAdapter
from scrapy.exceptions import DropItem

from cleanzh.adapters.outcome import RECORD, SET_ASIDE, outcome
from cleanzh.stages.clean import Recipe

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

__all__ = ["CleanzhPipeline"]


class CleanzhPipeline:
    """Clean one field of every item, on record.

    In ``settings.py``::

        ITEM_PIPELINES = {"cleanzh.adapters.scrapy.CleanzhPipeline": 300}
        CLEANZH_TEXT_FIELD = "text"       # the field that is cleaned
        CLEANZH_SCRIPT = "simplified"     # as --script
        CLEANZH_SELECT = []               # as --select
        CLEANZH_IGNORE = []               # as --ignore
        CLEANZH_DROP = False              # drop items that are empty or not Chinese

    The item gets ``cleanzh_set_aside`` (the reason, or None) and ``cleanzh_record`` (changes, metadata and flags as
    JSON; :func:`cleanzh.adapters.restore_batch` leads back) where it has such fields, as a dictionary always has.
    Metadata that was found in the text (``title published source author …``) fills fields of that name that the item
    has and that are empty. Items without the field pass. Counted in the stats as ``cleanzh/…``.
    """

    def __init__(self, recipe: Recipe | None = None, *, text_field: str = "text", drop: bool = False) -> None:
        self.recipe, self.text_field, self.drop = recipe or Recipe(), text_field, drop
        self.stats: Any = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy, with the settings of the project."""
        settings = crawler.settings
        recipe = Recipe(
            settings.get("CLEANZH_SCRIPT", "simplified"),
            tuple(settings.getlist("CLEANZH_SELECT")),
            tuple(settings.getlist("CLEANZH_IGNORE")),
        )
        text_field = settings.get("CLEANZH_TEXT_FIELD", "text")
        made = cls(recipe, text_field=text_field, drop=settings.getbool("CLEANZH_DROP"))
        made.stats = crawler.stats
        return made

    def process_item(self, item: Any, spider: Any = None) -> Any:
        """Clean one item. Raises ``DropItem`` with the reason if it is set aside and ``CLEANZH_DROP`` is set."""
        fields = ItemAdapter(item)
        if fields.get(self.text_field) is None:
            return item
        made = outcome(fields[self.text_field], self.recipe, f"the field {self.text_field!r}")
        self._count(f"set_aside/{made.reason}" if made.reason else "cleaned" if made.record else "clean")
        if made.reason and self.drop:
            raise DropItem(f"cleanzh: {made.reason}")
        fields[self.text_field] = made.text
        named = set(fields.field_names())
        for name, value in ((SET_ASIDE, made.reason), (RECORD, made.record)):
            if isinstance(item, dict) or name in named:
                fields[name] = value
        if made.cleaned is not None and made.reason is None:
            for name, value in made.cleaned.metadata.items():
                if name in named and not fields.get(name):
                    fields[name] = value
        return item

    def _count(self, name: str) -> None:
        if self.stats is not None:
            self.stats.inc_value(f"cleanzh/{name}")
