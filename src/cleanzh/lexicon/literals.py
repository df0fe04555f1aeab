"""Whether a text has one of a few words, asked of texts that hardly ever have one."""

from __future__ import annotations

from cleanzh.kernels import kernel

__all__ = ["has_any"]


def has_any(text: str, words: tuple[str, ...]) -> bool:
    """Whether one of some words, of ASCII and not empty, is somewhere in a text.

    >>> has_any("共有%s条评论", ("%s", "%d"))
    True
    """
    compiled = kernel("ascii")
    if compiled is not None:
        return compiled.has_any(text, words)  # type: ignore[no-any-return]
    return any(word in text for word in words)
