"""Finders of single kinds of personal data, and what makes odd spellings plain; `edge.detectors` joins them."""
