"""Addresses of the officers' pages, by face."""

from django.urls import path

from lienthong.desk import attachments, batch, counter_views, load_views, notices, papers, task_views, views
from lienthong.desk.acts import DEEDS

task_patterns = [
    path("tasks", task_views.listed, name="tasks"),
    path("tasks/<path:task>", task_views.one, name="task"),
    path("rules", task_views.rules, name="rules"),
    path("rules/switch", task_views.switch, name="switch_rule"),
]
counter_patterns = [
    path("quay", counter_views.page, name="counter"),
    path("quay/identify", counter_views.identify, name="counter_identify"),
    path("quay/now", counter_views.act_now, name="counter_now"),
    path("quay/helper", counter_views.let_help, name="counter_helper"),
    path("quay/next", counter_views.following, name="counter_next"),
]
desk_patterns = [
    path("", views.home, name="home"),
    path("queue", views.queue, name="queue"),
    path("queue/search", views.search, name="search_queue"),
    path("queue/batch", batch.batch, name="batch"),
    path("load", load_views.load, name="load"),
    path("dossiers/<str:code>", views.dossier, name="dossier"),
    path("dossiers/<str:code>/files/<uuid:file>", attachments.attachment, name="attachment"),
    path("dossiers/<str:code>/papers/<slug:name>", papers.paper, name="case_paper"),
    *(path(f"dossiers/<str:code>/{verb}", views.act, {"verb": verb}, name=verb) for verb in DEEDS),
    *task_patterns,
    *counter_patterns,
]
notice_patterns = [
    path("", notices.home, name="home"),
    path("notices", notices.notices, name="notices"),
    path("notices/new", notices.new, name="new_notice"),
    path("notices/<path:number>/correct", notices.correct, name="correct_notice"),
    *task_patterns,
]
