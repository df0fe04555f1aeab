"""The stages of a run: pure functions, with files between them.

1. ``clean_shard`` cleans a shard into a *staged file*, and signs what may come out;
2. ``compare`` finds near duplicates among the signed, and writes the verdicts of each shard beside it;
3. ``write`` parts the staged documents by their verdicts: into OUT, or set aside, with the record.

What an engine moves between processes, or machines, are these files. Each stage can be done again from what the one
before it left, with the same result.

Each has a module of its own, and who asks for one imports that: a process that cleans has no use for the other two.
"""
