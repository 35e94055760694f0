"""What operators want to know of a site: who is doing what, how often, how fast, and what went wrong of late.

:mod:`.activity` knows what the present thread is doing and for whom, :mod:`.numbers` counts, :mod:`.logs` has
records of the log tell both, and :mod:`.audit` writes down who did what to which job. Nothing here knows HTTP or
the database; other rooms tell what happens.
"""
