"""The hospital: what is physically there, who works there, who comes, and the way they go."""

from twin.hospital.hospital import Hospital, load_hospital, parse_hospital, shipped, shipped_names

__all__ = ["Hospital", "load_hospital", "parse_hospital", "shipped", "shipped_names"]
