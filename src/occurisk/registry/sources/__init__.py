"""Registers that lie in a database: the rows of a query, as a file that can be read twice."""
