"""What people see of a scored list: the page, the tables, the pictures, the run's description."""

from __future__ import annotations

from occurisk.report.page import render
from occurisk.report.payload import About, Summary, summarise

__all__ = ["About", "Summary", "render", "summarise"]
