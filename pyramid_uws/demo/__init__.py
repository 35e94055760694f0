"""Real services on real data, to try the server and its clients with.

Importing a module that an ini file names (``crossmatch``, ``countdown``) is cheap: the heavy packages are
imported when a core runs, or by its ``preload``. May import ``parameters`` and ``exceptions`` of the package.
"""
