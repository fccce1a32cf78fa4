"""Who somebody is: sign-in by OpenID Connect, sessions, officers' posts.

The node with the face `eid` is the provider; every node that shows pages to people is a relying party of it. No
password lives here, and a relying node never sees more than the person agreed to hand over. A right to act in a
dossier is decided where the act is, from the posts this room names.
"""

from lienthong.identity.types import Account, Officer, Post

__all__ = ["Account", "Officer", "Post"]
