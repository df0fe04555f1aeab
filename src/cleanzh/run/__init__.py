"""The main job: files in, clean files and the record out; and the looks at files that write nothing."""

from cleanzh.report.progress import Progress, Step
from cleanzh.run.flow import clean_files
from cleanzh.run.looks import learn_files, preview
from cleanzh.run.summary import Summary
from cleanzh.run.work import unfinished
from cleanzh.stages.compare import Dedup

__all__ = ["Dedup", "Progress", "Step", "Summary", "clean_files", "learn_files", "preview", "unfinished"]
