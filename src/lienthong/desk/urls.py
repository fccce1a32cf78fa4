"""Addresses of the officers' pages, by face."""

from django.urls import path

from lienthong.desk import notices, views

desk_patterns = [
    path("", views.home, name="home"),
    path("queue", views.queue, name="queue"),
    path("dossiers/<str:code>", views.dossier, name="dossier"),
    path("dossiers/<str:code>/check", views.check, name="check"),
    path("dossiers/<str:code>/decide", views.decide, name="decide"),
    path("dossiers/<str:code>/return", views.send_back, name="return"),
    path("dossiers/<str:code>/refuse", views.refuse, name="refuse"),
]
notice_patterns = [
    path("", notices.home, name="home"),
    path("notices", notices.notices, name="notices"),
    path("notices/new", notices.new, name="new_notice"),
]
