"""How far a classifier gets at telling ambiguous tasks from clear ones by their wording alone.

A corpus whose clear and ambiguous requests differ in words teaches words. So each part of what an agent sees (the
request, the schema, the notes, and all of it) is given to classifiers that cannot know what a database holds, and
their accuracy on databases they never saw is reported, with intervals; where it is too far above one half, the
corpus fails its audit. Near one half is needed, not enough: it says that a shortcut was not found.

    python -m envs_data.audit                                       # the bundled corpus
    python -m envs_data.audit --source spider --path .../spider     # Spider's part
    python -m envs_data.audit --transformer                         # the stronger probe too (minutes)
"""

from envs_data.audit.probes import PARTS, PROBES, Finding, audit, failures

__all__ = ["PARTS", "PROBES", "Finding", "audit", "failures"]
