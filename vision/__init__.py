"""Perception: camera feeds in, readings about shelves and floors out. Knows no store, no network and no names."""
