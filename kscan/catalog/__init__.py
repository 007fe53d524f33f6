"""Curated knowledge, as typed rows: header sets, profiles. Adding knowledge is adding a row."""
