"""One script to the other: OpenCC, where it is right and as fast as can be."""

from __future__ import annotations

from functools import cache
from typing import Any

from cleanzh.errors import UsageError
from cleanzh.patterns import lazily

__all__ = ["convert", "converter"]

# OpenCC takes UTF-8, where a lone surrogate raises, and some configurations end a text at NUL.
_UNSAFE = lazily("([\0\ud800-\udfff]+)")
# Known wrong in OpenCC 1.4.2: 被髮明, 展示瞭如何. Its phrases 被髮 (被髮左衽) and 瞭如 (瞭如指掌) catch modern text
# too, so the text is cut inside of them; the pieces are converted apart.
_SEAM = lazily("(?<=被)(?=发(?!左|文身|[佯阳]狂|缨|入山|行吟|而|[徒跣]|[覆垢]面|[现觉]))|(?<=了)(?=如(?!指掌|观火))")

# Taiwan writes 著 for both 著 (to write, to show) and the particle 着. OpenCC has lists of the words with the former;
# in published Taiwanese text, one in eleven of the particles it makes is none of its words but one of these.
_WRITTEN = lazily("(著(?:(?<=[土卓論原編所雜譯專合遺撰]著)|(?=有[《「『〈])|(?<=[，。；、並曾均另還]著)(?=有)))")


@cache
def converter(config: str) -> Any:
    """One converter a process and configuration: it takes a tenth of a second to load, so it is made when needed."""
    import opencc

    if not hasattr(opencc, "__version__"):
        raise UsageError(
            "the module 'opencc' is not the official one (opencc-python-reimplemented has the same name); "
            "run: pip uninstall opencc-python-reimplemented; pip install --force-reinstall opencc"
        )
    return opencc.OpenCC(config)


def convert(config: str, text: str) -> str:
    """``text`` in the other script, by one of OpenCC's configurations (``t2s``, ``s2tw``, …)."""
    if config.startswith("s2") and ("被发" in text or "了如" in text):
        return "".join([_piece(config, piece) for piece in _SEAM.split(text)])
    if config.startswith("tw2s") and "著" in text:
        return "".join([piece if i % 2 else _piece(config, piece) for i, piece in enumerate(_WRITTEN.split(text))])
    return _piece(config, text)


def _piece(config: str, text: str) -> str:
    from cleanzh.filters.script.table import CONFIGS, by_tables

    return by_tables(config, text, _with_opencc) if config in CONFIGS else _with_opencc(config, text)


def _with_opencc(config: str, text: str) -> str:
    with_opencc = converter(config).convert
    if "\0" not in text:
        try:
            return str(with_opencc(text))
        except UnicodeEncodeError:
            pass
    return "".join([piece if i % 2 else str(with_opencc(piece)) for i, piece in enumerate(_UNSAFE.split(text))])
