"""Near duplicates of a run: similarities, sizes of clusters, and the clusters to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from cleanzh import ledger
from cleanzh.report.html.gather import Facet
from cleanzh.report.html.least import Least, chance

__all__ = ["SIMILARITIES", "SIZES", "Cluster", "Duplicates", "find_duplicates", "set_aside_entries"]

SIMILARITIES = 20
"""Classes of similarity below 1; copies that are alike have a class of their own."""

SIZES = (2, 3, 4, 5, 10, 20, 50, 100, 1_000)
"""Least sizes of the classes of clusters."""

_MEMBERS = 3  # copies of a cluster that are shown
_NAMED, _BEHIND = b'"kept_id": ', b', "similarity": '


class Copy(NamedTuple):
    """A document that was set aside for another one."""

    id: str
    reason: str
    similarity: float | None
    containment: float | None
    estimated: bool


@dataclass(slots=True)
class Cluster:
    """A kept document and some of its copies, the least similar first: if one was wrong, it is that."""

    kept: str
    size: int = 0
    copies: list[Copy] = field(default_factory=list)


@dataclass(slots=True)
class Duplicates:
    """All that was set aside for another document. The facets count pairs and clusters, ``some`` are kept documents."""

    pairs: int = 0
    clusters: int = 0
    similarities: dict[int, Facet] = field(default_factory=dict)
    sizes: dict[int, Facet] = field(default_factory=dict)
    chosen: dict[str, Cluster] = field(default_factory=dict)

    @property
    def ids(self) -> set[str]:
        """All documents of the chosen clusters."""
        return {*self.chosen, *(copy.id for cluster in self.chosen.values() for copy in cluster.copies)}


def find_duplicates(record: Path, only: Iterable[str] | None = None) -> Duplicates:
    """The duplicates of a run, from its record; with ``only``, the clusters of these documents."""
    asked = None if only is None else set(only)
    found = Duplicates()
    some, largest, doubtful = Least(10), Least(8), Least(8)
    for entry in _pairs(record):
        kept, similarity = entry["kept_id"], entry["similarity"]
        found.pairs += 1
        rank = chance(entry["id"])
        facet = found.similarities.setdefault(_similarity_class(similarity), Facet())
        facet.documents += 1
        facet.some.offer(rank, kept)
        some.offer(chance(kept), kept)
        if similarity is not None:
            doubtful.offer((similarity, rank), kept)
        if asked is not None and not asked.isdisjoint((entry["id"], kept)):
            found.chosen[kept] = Cluster(kept)
    for verdict in _leaders(record):
        kept, size = verdict["id"], verdict["cluster_size"]
        found.clusters += 1
        facet = found.sizes.setdefault(max(bound for bound in SIZES if bound <= size), Facet())
        facet.documents += 1
        facet.some.offer(chance(kept), kept)
        largest.offer((-size, chance(kept)), kept)
    if asked is None:
        facets = [*found.similarities.values(), *found.sizes.values()]
        for kept in [*doubtful, *largest, *some, *(kept for facet in facets for kept in list(facet.some)[:2])]:
            found.chosen.setdefault(kept, Cluster(kept))
    _fill(found, record)
    return found


def _fill(found: Duplicates, record: Path) -> None:
    members: dict[str, tuple[Least, Least]] = {kept: (Least(_MEMBERS - 1), Least(_MEMBERS)) for kept in found.chosen}
    for entry in _pairs(record, members):
        if entry["kept_id"] in members:
            least_similar, any_of_them = members[entry["kept_id"]]
            similarity = 1.0 if entry["similarity"] is None else entry["similarity"]
            copy = Copy(
                entry["id"], entry["reason"], entry["similarity"], entry["containment"], entry.get("estimated", False)
            )
            least_similar.offer((similarity, chance(copy.id)), copy)
            any_of_them.offer(chance(copy.id), copy)
    for kept, (least_similar, any_of_them) in members.items():
        copies = list(dict.fromkeys([*least_similar, *any_of_them]))[:_MEMBERS]
        found.chosen[kept].copies = copies
        found.chosen[kept].size = 1 + len(copies)
    for verdict in _leaders(record):
        if cluster := found.chosen.get(verdict["id"]):
            cluster.size = max(verdict["cluster_size"], cluster.size)


def _similarity_class(similarity: float | None) -> int:
    return -1 if similarity is None else min(int(similarity * SIMILARITIES + 1e-9), SIMILARITIES)


def _pairs(record: Path, of: Iterable[str] | None = None) -> Iterator[dict[str, Any]]:
    """The entries of set_aside.jsonl that name another document: one ``of`` these, if they are given, or any more."""
    path = record / "set_aside.jsonl"
    if not path.exists():
        return
    kept = None if of is None else {ledger.json_line(name).rstrip() for name in of}

    def read(line: bytes) -> dict[str, Any]:
        if kept is not None:
            _, named, rest = line.partition(_NAMED)  # a quote in a string is escaped: the mark can not stand in one
            end = rest.find(_BEHIND)
            if named and end > 0 and rest[:end] not in kept:
                return {}  # of another document, which is seen without making objects of the line
        entry: dict[str, Any] = ledger.decoded(line.decode())
        return entry

    yield from (entry for entry in ledger.read_lines(path, read) if entry.get("kept_id") is not None)


def _leaders(record: Path) -> Iterator[dict[str, Any]]:
    """The verdicts on documents that were kept and stand for others."""
    path = record / "verdicts.jsonl"
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if b'"cluster_size": 1,' not in line and b'"kept": true' in line:
                verdict = ledger.decoded(line.decode())
                if verdict["kept"] and verdict["cluster_size"] > 1:
                    yield verdict


def set_aside_entries(record: Path, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What set_aside.jsonl says of these documents."""
    wanted = set(ids)
    path = record / "set_aside.jsonl"
    if not wanted or not path.exists():
        return {}
    return {entry["id"]: entry for entry in ledger.read_lines(path) if entry["id"] in wanted}
