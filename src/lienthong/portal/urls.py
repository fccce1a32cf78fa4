"""The portal's addresses."""

from django.urls import path

from lienthong.portal import views

urlpatterns = [
    path("", views.home, name="home"),
    path("search", views.find, name="search"),
    path("services/<slug:sector>/<slug:name>", views.service_page, name="service"),
    path("services/<slug:sector>/<slug:name>/start", views.start, name="start"),
    path("services/<slug:sector>/<slug:name>/drafts/<uuid:draft>", views.form, name="form"),
    path("dossiers", views.dossier_list, name="dossiers"),
    path("dossiers/<str:code>/receipt", views.receipt, name="receipt"),
    path("dossiers/<str:code>", views.dossier_page, name="dossier"),
]
