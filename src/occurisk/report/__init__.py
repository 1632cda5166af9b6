"""What people see of a scored list: the page, the tables, the pictures, the run's description."""

from __future__ import annotations

from occurisk.report.description import description, run_facts
from occurisk.report.page import render
from occurisk.report.payload import About, Summary, summarise
from occurisk.report.tables import CAP, full_table, table

__all__ = [
    "CAP",
    "About",
    "Summary",
    "description",
    "full_table",
    "render",
    "run_facts",
    "summarise",
    "table",
]
