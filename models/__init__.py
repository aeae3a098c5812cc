"""Trained networks: verified artefacts and the sessions that run them. Imports none of the other packages."""
