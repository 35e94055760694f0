"""What ``uws-admin`` does and what a running server does for it.

The server's side is :mod:`.control`, a socket in the folder ``uws.var``, and behind it :mod:`.actions`; the
command's side looks into the database by :mod:`.looking` and acts by :mod:`.acting`, through the socket while a
server runs and on the database itself while none does. Lies below the site, which opens the socket; imports
``execution`` and what is below that.
"""
