"""A Django that speaks Vietnamese, without a database."""

import django
from django.apps import apps
from django.conf import settings

if not settings.configured:
    settings.configure(SECRET_KEY="only for tests")
if not apps.ready:
    django.setup()
