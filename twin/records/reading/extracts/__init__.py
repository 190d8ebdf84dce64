"""Extracts: CSV and Parquet files of a hospital, read as statements with the help of a mapping.

A mapping is a small TOML file that says what thing each row tells and which column of the file is which of
the event table. Some are shipped; a hospital writes its own for a file of its own making.
"""

from twin.records.reading.extracts.mapping import Mapping, load_mapping, parse_mapping, shipped_mappings
from twin.records.reading.extracts.reader import read

__all__ = ["Mapping", "load_mapping", "parse_mapping", "read", "shipped_mappings"]
