"""Trees and sets in the size that job lists want.

Ids come newest first, so every new job goes to the front of its indexes, and what is there is written again with
every commit: a leaf, and the nodes above it when it splits. ZODB's own sizes (30, 250) are for trees that are
read more than written; with these a creation takes half the time and writes less than half the bytes.
"""

from BTrees.OOBTree import OOBTree, OOTreeSet

LEAF = 20
INTERNAL = 30


class IndexTree(OOBTree):
    """A mapping. It is stored by this name, so it stays where it is."""

    max_leaf_size = LEAF
    max_internal_size = INTERNAL


class IndexSet(OOTreeSet):
    """A set, likewise."""

    max_leaf_size = LEAF
    max_internal_size = INTERNAL
