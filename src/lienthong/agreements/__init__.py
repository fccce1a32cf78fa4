"""What a person agrees to, on e-identity: consents that agencies ask for, and mandates to act in their name.

Both are registers of the node with the face `eid`, where the person is known. An agency or a portal asks and is told;
it never decides by itself that somebody agreed. Read consents.py first.
"""
