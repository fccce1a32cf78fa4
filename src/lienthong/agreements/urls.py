"""Addresses of e-identity's own pages."""

from django.urls import path

from lienthong.agreements import consent_views, mandate_views

agreement_patterns = [
    path("consents", consent_views.mine, name="consents"),
    path("consents/<path:name>", consent_views.one, name="consent"),
    path("mandates", mandate_views.mine, name="mandates"),
    path("mandates/new", mandate_views.give, name="give_mandate"),
    path("mandates/<str:number>/end", mandate_views.end, name="end_mandate"),
]
