"""Property tests draw the same examples every time and know no deadline: a red run then always means a change of ours.

New examples are looked for on purpose, with ``--hypothesis-profile=default``.
"""

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")
