"""Addresses of the pages on which an agency's administrators order its processes."""

from django.urls import path

from lienthong.desk import process_views, proposal_views

table_patterns = [
    path("process-tables", process_views.listed, name="processes"),
    path("process-tables/<slug:sector>/<slug:name>", process_views.table, name="process_table"),
    path("process-tables/<slug:sector>/<slug:name>/begin", process_views.begin, name="process_begin"),
    path("process-tables/<slug:sector>/<slug:name>/drop", process_views.drop, name="process_drop"),
    path("process-tables/<slug:sector>/<slug:name>/draft", process_views.draft, name="process_draft"),
    path("process-tables/<slug:sector>/<slug:name>/preview", process_views.preview, name="process_preview"),
    path("process-tables/<slug:sector>/<slug:name>.bpmn", process_views.preview_bpmn, name="process_preview_bpmn"),
    path("process-tables/<slug:sector>/<slug:name>/trial", process_views.trial, name="process_trial"),
    path("process-tables/<slug:sector>/<slug:name>/propose", proposal_views.propose, name="process_propose"),
    path("proposals/<str:id>", proposal_views.proposal, name="proposal"),
    path("proposals/<str:id>/decide", proposal_views.decide, name="decide_proposal"),
    path("proposals/<str:id>/diagram.bpmn", proposal_views.bpmn, name="proposal_bpmn"),
]
