"""Pages, tables and charts: what people see."""
