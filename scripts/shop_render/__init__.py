"""Renderer of the demo shop's camera clips: scene description, painting and writing kept apart.

Flow: `plans` (who does what, when) -> `script` (what is true at each moment) -> `shelf`, `aisle` (pictures)
-> `camera` (light, noise, faults) -> `writer` (files). Build-time only: the appliance never imports it.
"""
