"""The data check: what is wrong with a text or with files, where, and, if asked, put right in place.

The same filters as a run, over files as they lie in a repository. ``checks`` says what is looked for and checks one
text; ``files`` checks files, ``fixes`` writes them, ``duplicates`` compares them; ``findings`` has their places,
``reasons`` why, ``baseline`` what was there before, and ``line_story`` tells what happens to one line.
"""
