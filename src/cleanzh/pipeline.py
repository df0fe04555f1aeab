"""The order of the filters, and the record of what each did.

One law orders them: decode, repair, normalize, remove, unify, judge, compare. Repair before judging, since a damaged
document reads as none; normalize before removing, since a rule must not need the second run; compare what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, cast

from cleanzh.budget import exceeds_budget
from cleanzh.document import Cleaned, Flag, Step
from cleanzh.edits import Edit, Findings, compose, diff
from cleanzh.errors import UsageError
from cleanzh.filters import (
    UnifyScript,
    decode_entities,
    fix_mojibake,
    normalize_whitespace,
    remove_ads,
    remove_invisible,
    remove_markup,
    remove_metadata,
    remove_pinyin_notes,
    remove_repeats,
    remove_title_echoes,
    restore_punctuation,
)
from cleanzh.filters.ads import RemoveAds
from cleanzh.flags import find_flags
from cleanzh.lexicon.kinds import kinds_of
from cleanzh.plugins import installed_filters
from cleanzh.rulebook import Rule, Rulebook, builtin, installed
from cleanzh.rulebook.history import current_names, is_name

__all__ = ["REMOVERS", "Pipeline", "clean", "default_pipeline", "explain"]

REMOVERS = frozenset({"remove_metadata", "remove_ads", "remove_repeats", "remove_title_echoes"})
"""The filters that take text away for what it says, and so may be wrong about it; undone if they take too much."""

# What stands around an article and not in it. Menus and share bars outweigh many a short article (one page in fifteen
# of those measured), so they count neither as removed nor as document when the share of what was removed is taken.
_FURNITURE = ("metadata.", "navigation.", "sharing.")

# A removal can uncover what an earlier filter looks for, so the filters run until none finds anything more. Clean text
# is scanned once; a text that is still moving after this many rounds is taken as it then is.
_MAX_ROUNDS = 8


# A text after the filters, the steps that led there, what it says of itself, and whether removals were undone.
_Run = tuple[str, tuple[Step, ...], dict[str, str], bool]


class _Look(NamedTuple):
    """A filter as it is run: what it finds, of the rules that were chosen, or None for nothing."""

    name: str
    find: Callable[[str], Findings | None]
    again: bool  # whether it may be asked twice; a foreign filter need not stand its own output
    kinds: int  # a text with none of these kinds of characters has nothing for it; 0 if any may


class Pipeline:
    """Filters in a row; itself a filter.

    A filter is any ``str -> str``. One of ours says what it changes; what a foreign one changed is found by comparing
    its input with its output, by lines first.

    >>> Pipeline(str.strip, decode_entities)("  &ldquo;你好&rdquo;  ")
    '“你好”'
    >>> Pipeline(decode_entities).edits("&ldquo;你好")
    [Edit(rule='entity.named', start=0, before='&ldquo;', after='“')]

    ``select`` and ``ignore`` are prefixes of rule names (``ads``, ``ads.follow-account``); only edits by a rule that is
    selected and not ignored are made.

    ``max_removed`` is the share of a document's Han characters that removals may take (a fraction; None for any). A
    document that would lose more keeps all its lines, is repaired and normalized only, and carries the flag
    ``budget.exceeded``. Menus, share bars and headers count neither as removed nor as document.
    """

    def __init__(
        self,
        *filters: Callable[[str], str],
        select: Sequence[str] = (),
        ignore: Sequence[str] = (),
        max_removed: float | None = None,
    ) -> None:
        self.select, self.ignore, self.max_removed = tuple(select), tuple(ignore), max_removed
        self.filters = tuple(f for f in map(self._choosing, filters) if f is not None)
        self.families = tuple(dict.fromkeys(family for f in self.filters for family in _families(f)))
        self.__name__ = "pipeline"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_looks"}  # made again where it is used

    def __call__(self, text: str) -> str:
        return self._run(text)[0]

    def __iter__(self) -> Iterator[Callable[[str], str]]:
        return iter(self.filters)

    def __repr__(self) -> str:
        return f"Pipeline({', '.join(map(_name, self.filters))})"

    def edits(self, text: str) -> list[Edit]:
        """What the pipeline would change, as spans of ``text``."""
        return self.examine(text).edits

    def examine(self, text: str) -> Findings:
        """:meth:`edits`, and the metadata that the filters read."""
        _, steps, metadata, _ = self._run(text)
        edits: list[Edit] = []
        for step in steps:
            edits = compose(edits, step.edits)
        return Findings(edits, metadata)

    def explain(self, text: str) -> Cleaned:
        """Clean ``text``, with the steps that led there, what it says of itself, and what could not be mended.

        >>> Pipeline(decode_entities).explain("&ldquo;你好").steps
        (Step(filter='decode_entities', edits=[Edit(rule='entity.named', start=0, before='&ldquo;', after='“')]),)
        """
        text, steps, metadata, undone = self._run(text)
        flags = (Flag("budget.exceeded", 0, ""),) if undone else ()
        return Cleaned(text, steps, metadata, (*flags, *find_flags(text)))

    def _run(self, text: str) -> _Run:
        found = self._run_all(text, self._looks)
        cleaned, steps, metadata, _ = found
        if self.max_removed is None or not steps:
            return found
        removed = "".join(
            [
                before
                for name, edits in steps
                if name in REMOVERS
                for rule, _, before, _ in edits
                if not rule.startswith(_FURNITURE)
            ]
        )
        if not removed or not exceeds_budget(cleaned, removed, share=self.max_removed):
            return found
        spared, repairs, _, _ = self._run_all(text, [look for look in self._looks if look.name not in REMOVERS])
        return spared, repairs, metadata, True

    def _run_all(self, text: str, looks: Sequence[_Look]) -> _Run:
        steps: list[Step] = []
        metadata: dict[str, str] = {}
        stop = len(looks)
        there: int | None = None  # the kinds of characters of the text as it is now
        for turn in range(_MAX_ROUNDS):
            changed = 0  # by the filter of this number; those before it have not seen the text as it is now
            for number, (name, find, again, kinds) in enumerate(looks):
                if number == stop:
                    break
                if kinds:
                    if there is None:
                        there = kinds_of(text)
                    if not there & kinds:
                        continue
                found = find(text) if again or not turn else None
                if found is None:
                    continue
                for key, value in found.metadata.items():
                    metadata.setdefault(key, value)
                if found.edits:
                    text = found.applied(text)
                    steps.append(Step(name, found.edits))
                    changed, stop, there = number, len(looks), None
            if not changed:
                break
            stop = changed  # no filter has anything to add to its own output
        if metadata:
            for run in self.filters:
                if isinstance(run, UnifyScript):  # what a header said is in the script of the text
                    metadata = {
                        key: value if value.isascii() else _in_script(run, value) for key, value in metadata.items()
                    }
        return text, tuple(steps), metadata, False

    @cached_property
    def _looks(self) -> tuple[_Look, ...]:
        ours = [(run, bool(_families(run))) for run in self.filters]
        return tuple(
            _Look(_name(run), self._finder(run), own, getattr(run, "kinds", 0) if own else 0) for run, own in ours
        )

    def _finder(self, run: Any) -> Callable[[str], Findings | None]:
        look = getattr(run, "look", None) or getattr(run, "examine", None)  # most texts have nothing for most filters
        if look is None:
            name = f"foreign.{_name(run)}"
            if not self._chosen(name):
                return lambda text: None
            return lambda text: Findings(diff(text, run(text), name))
        if not (self.select or self.ignore):
            return cast("Callable[[str], Findings | None]", look)

        def find(text: str) -> Findings | None:
            found: Findings | None = look(text)
            if found is None or not found.edits:
                return found
            chosen = [edit for edit in found.edits if self._chosen(edit.rule)]
            return found if len(chosen) == len(found.edits) else Findings(chosen, found.metadata)

        return find

    def _choosing(self, run: Any) -> Any:
        """``run`` with its own rules chosen, or None if none of its families can be."""
        if not (self.select or self.ignore):
            return run
        if not any(self._possible(family) for family in _families(run) or (f"foreign.{_name(run)}",)):
            return None
        return run.choosing(self.select, self.ignore) if hasattr(run, "choosing") else run

    def _chosen(self, rule: str) -> bool:
        return (not self.select or _matches(rule, self.select)) and not _matches(rule, self.ignore)

    def _possible(self, family: str) -> bool:
        inside = any(prefix.startswith(family) for prefix in self.select)
        return (not self.select or inside or _matches(family, self.select)) and not _matches(family, self.ignore)


@lru_cache(maxsize=4096)  # papers and writers come again
def _in_script(run: UnifyScript, value: str) -> str:
    return run(value)


def _matches(rule: str, prefixes: Iterable[str]) -> bool:
    return rule.startswith(tuple(prefixes))


def _families(run: Any) -> tuple[str, ...]:
    return getattr(run, "families", ())


def _name(run: Any) -> str:
    return getattr(run, "__name__", type(run).__name__)


def default_pipeline(
    *,
    script: str = "simplified",
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    rules: Iterable[Rule] = (),
    filters: Iterable[Callable[[str], str]] = (),
    max_removed: float | None = 0.5,
) -> Pipeline:
    """The filters that ``clean`` runs, in their order, to inspect or to change.

    ``rules`` (:func:`cleanzh.rulebook.load` reads them from a file) go beside those of cleanzh and of installed packs.
    ``filters``, any ``str -> str``, run behind all others, after those of installed packs; one with an attribute
    ``after`` runs behind the filter of that name.

    >>> [f.__name__ for f in default_pipeline()][:3]
    ['fix_mojibake', 'remove_pinyin_notes', 'decode_entities']
    """
    own = tuple(rules)
    ordered: list[Callable[[str], str]] = [
        fix_mojibake,
        remove_pinyin_notes,
        decode_entities,
        remove_markup,
        remove_invisible,
        normalize_whitespace,
        restore_punctuation,
        remove_metadata,
        _remove_ads((*installed(), *own)),
        remove_repeats,
        remove_title_echoes,
        UnifyScript(to=script),
    ]
    _place((*installed_filters(), *filters), ordered)
    families = sorted({family for run in ordered for family in _families(run) or (f"foreign.{_name(run)}",)})
    select, ignore = current_names(select, families, own), current_names(ignore, families, own)
    for prefix in (*select, *ignore):
        if not is_name(prefix, families):
            raise UsageError(f"no rule's name begins with {prefix!r}; the families are {', '.join(families)}")
    pipeline = Pipeline(*ordered, select=select, ignore=ignore, max_removed=max_removed)
    if not pipeline.filters:
        chosen = f"select={','.join(pipeline.select)!r}, ignore={','.join(pipeline.ignore)!r}"
        raise UsageError(
            f"no filter is left with {chosen}; name a family such as 'ads' or a rule such as 'ads.qr-code'"
        )
    return pipeline


def _place(foreign: Iterable[Callable[[str], str]], ordered: list[Callable[[str], str]]) -> None:
    """Put each filter behind the one that its ``after`` names, and behind those that named the same before it."""
    behind: dict[str, int] = {}
    for run in foreign:
        names = [_name(one) for one in ordered]
        if _name(run) in names:
            raise UsageError(f"two filters are called {_name(run)}; rename one of them")
        after = getattr(run, "after", "")
        if after and after not in names:
            known = ", ".join(names)
            raise UsageError(f"filter {_name(run)}: there is no filter {after!r} to run after, only {known}")
        behind[after] = behind.get(after, 0) + 1
        ordered.insert(names.index(after) + behind[after] if after else len(ordered), run)


def _remove_ads(more: tuple[Rule, ...]) -> RemoveAds:
    if not more:
        return remove_ads
    return RemoveAds(Rulebook([*(rule for rule in builtin() if rule.family in remove_ads.families), *more]))


@lru_cache(maxsize=8)
def _pipeline(script: str, select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> Pipeline:
    """A default pipeline, made once: its filters keep what they compile."""
    return default_pipeline(script=script, select=select, ignore=ignore)


def clean(text: str, *, script: str = "simplified") -> str:
    """Clean one text with the default pipeline.

    >>> clean("京東與OPPO戰(zhàn)略合作進(jìn)一步落地,雙方簽署專項(xiàng)協(xié)議。")
    '京东与OPPO战略合作进一步落地，双方签署专项协议。'
    """
    return _pipeline(script)(text)


def explain(
    text: str, *, script: str = "simplified", select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> Cleaned:
    """Clean one text with the default pipeline, on the record.

    >>> explain("&ldquo;你好&rdquo;").text
    '“你好”'
    """
    return _pipeline(script, tuple(select), tuple(ignore)).explain(text)
