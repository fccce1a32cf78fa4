"""Addresses of the officers' pages, by face."""

from django.urls import path

from lienthong.desk import (
    attachments,
    batch,
    counter_views,
    load_moving,
    load_views,
    notices,
    papers,
    phrase_views,
    queue_views,
    signing,
    substitute_views,
    task_views,
    views,
    why,
)
from lienthong.desk.acts import DEEDS
from lienthong.desk.handoff_views import handoff_patterns
from lienthong.desk.intake_urls import intake_patterns
from lienthong.desk.process_bpmn import bpmn_patterns
from lienthong.desk.process_move import move_patterns
from lienthong.desk.process_urls import table_patterns
from lienthong.desk.register_views import register_patterns
from lienthong.desk.results_urls import results_patterns

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
    path("queue", queue_views.queue, name="queue"),
    path("queue/search", queue_views.search, name="search_queue"),
    path("queue/next", queue_views.onward, name="onward"),
    path("queue/after", queue_views.after, name="after"),
    path("queue/keys", queue_views.keys, name="keys"),
    path("queue/batch", batch.batch, name="batch"),
    path("queue/sign", signing.sign, name="sign"),
    path("queue/why", why.why, name="why"),
    path("phrases", phrase_views.listed, name="phrases"),
    path("phrases/drop", phrase_views.drop, name="drop_phrase"),
    path("substitutes", substitute_views.listed, name="substitutes"),
    path("substitutes/end", substitute_views.end, name="end_substitute"),
    path("load", load_views.load, name="load"),
    *register_patterns,
    path("load/offer", load_moving.offer, name="offer_work"),
    path("load/offers/<uuid:offer>", load_moving.answer, name="answer_offer"),
    path("dossiers/<str:code>", views.dossier, name="dossier"),
    path("dossiers/<str:code>/files/<uuid:file>", attachments.attachment, name="attachment"),
    path("dossiers/<str:code>/papers/<slug:name>", papers.paper, name="case_paper"),
    *(path(f"dossiers/<str:code>/{verb}", views.act, {"verb": verb}, name=verb) for verb in DEEDS),
    *task_patterns,
    *counter_patterns,
    *intake_patterns,
    *results_patterns,
    *handoff_patterns,
    *move_patterns,
    *bpmn_patterns,
    *table_patterns,
]
notice_patterns = [
    path("", notices.home, name="home"),
    path("notices", notices.notices, name="notices"),
    path("notices/new", notices.new, name="new_notice"),
    path("notices/<path:number>/correct", notices.correct, name="correct_notice"),
    *task_patterns,
]
