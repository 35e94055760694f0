"""What operators want to know of a site: who is doing what, how often, how fast, and what went wrong of late.

:mod:`.activity` knows what the present thread is doing and for whom, :mod:`.numbers` counts, and :mod:`.logs` has
records of the log tell what they are about. Nothing here knows HTTP or the database; other rooms tell what
happens.
"""
