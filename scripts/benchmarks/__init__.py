"""The benchmark behind ``scripts/bench``: its own servers on loopback, driven from this process over HTTP.

``servers`` starts and observes server processes (``site``, ``core`` and ``hello`` are what runs in them),
``filling`` makes databases, ``client`` drives, ``yardsticks`` says what the machine can do at this moment,
``scenarios``, ``jobs``, ``lists`` and ``waiting`` measure, ``reach`` compares with what is wanted, ``report``
prints. Every figure is taken in short rounds between rounds of its yardstick, because machines are noisy.
"""
