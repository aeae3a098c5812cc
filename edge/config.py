"""The shop's settings: one TOML file, read once, every section frozen and checked.

Joins the sections that each package declares. Refuses unknown keys and values out of bounds with the path of
the field and a sentence that says what would be right. Relative paths are relative to the settings file.
"""
