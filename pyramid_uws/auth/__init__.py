"""Who is asking, and who may: the security policies, and the schemes by which people say who they are.

A scheme is a module with a class and a function ``make(settings, keeper)``; a policy asks its schemes in turn.
What nodes allow stands in their ACLs (:mod:`pyramid_uws.tree.rights`). Knows requests, but no views.
"""
