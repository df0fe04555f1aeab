"""The names of HTML: elements, and the character references that survive in scraped text."""

from __future__ import annotations

__all__ = ["BLOCKS", "BOOLEAN_ATTRIBUTES", "CELLS", "COMMON_REFERENCES", "ELEMENTS", "UNPAIRED", "WORDS"]


def _listed(names: str) -> frozenset[str]:
    return frozenset(names.split())


# Elements that begin and end on a line of their own: where one stood between two words, the line ended.
BLOCKS = _listed(
    "address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 head header hr html legend li main menu nav ol p pre section summary "
    "table tbody tfoot thead title tr ul"
)
CELLS = _listed("td th")

# Names that are ordinary words or letters as well: `git commit <object>`, a film called <Big>. Alone and without
# attributes they are taken as tags only if the text also has their other half.
WORDS = _listed(
    "a abbr acronym address applet area aside audio b base big body button canvas caption center circle cite code col "
    "data dd defs del details dialog dir dl dt dfn embed figure footer form frame g head header i image img input ins "
    "kbd label legend line link main map mark menu meta meter nav object option output param path picture polygon "
    "progress q rect rt ruby s samp script section select slot small source strike style sub summary sup svg template "
    "text textarea time title track u use var video"
)
# Names that are nothing but tags, and are met alone.
UNPAIRED = _listed(
    "article basefont bdi bdo bgsound blink blockquote br colgroup div em fieldset figcaption font frameset h1 h2 h3 "
    "h4 h5 h6 hgroup hr html iframe isindex li marquee nobr noembed noframes noscript ol optgroup p plaintext pre span "
    "spacer strong table tbody td tfoot th thead tr tt ul wbr xmp "
    "nowiki noinclude includeonly onlyinclude ref references gallery"  # of MediaWiki
)
ELEMENTS = UNPAIRED | WORDS

BOOLEAN_ATTRIBUTES = _listed(
    "allowfullscreen async autofocus autoplay checked compact controls default defer disabled hidden ismap loop "
    "multiple muted noresize noshade nowrap open readonly required reversed selected"
)

# References without their semicolon, with blanks, or without ampersand are decoded for these names only: HTML has
# 2,231, many of them plain words (`&and`, `&image`, `&part`).
COMMON_REFERENCES = _listed(
    "nbsp ensp emsp thinsp ldquo rdquo lsquo rsquo bdquo sbquo quot apos mdash ndash hellip middot bull "
    "times divide deg permil yen copy reg trade laquo raquo lsaquo rsaquo amp lt gt zwnj zwj shy"
)
