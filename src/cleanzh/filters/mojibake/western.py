"""Western text in the wrong charset: ftfy, on the lines that need it, and of ftfy only that."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ftfy import TextFixerConfig

from cleanzh.lexicon.strange import LEADS, TRAILS
from cleanzh.patterns import lazily

__all__ = ["LEAD_AND_TRAIL", "fix_western"]

# The first byte of a UTF-8 character and a second one.
LEAD_AND_TRAIL: Final = lazily(f"[{LEADS}][{TRAILS}]")


@lru_cache(maxsize=1)
def _configuration() -> TextFixerConfig:
    from ftfy import TextFixerConfig

    return TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        replace_lossy_sequences=False,  # it would write U+FFFD
        fix_latin_ligatures=False,
        fix_character_width=False,  # full-width forms are Chinese punctuation
        uncurl_quotes=False,  # and so are curly quotes
        fix_line_breaks=False,
        fix_surrogates=False,
        remove_control_chars=False,
        normalization=None,
        explain=False,
    )


def fix_western(line: str) -> str:
    """A line with its Western mojibake mended: ``donâ€™t`` is ``don’t``."""
    if LEAD_AND_TRAIL.search(line) is None:
        return line
    from ftfy import fix_encoding

    return fix_encoding(line, _configuration())
