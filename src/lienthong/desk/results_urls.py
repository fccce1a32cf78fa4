"""Addresses of the results desk."""

from django.urls import path

from lienthong.desk import results_components, results_views

results_patterns = [
    path("results", results_views.results, name="results"),
    path("results/find", results_views.find, name="results_find"),
    path("results/send", results_views.send, name="results_send"),
    path("results/reported", results_views.reported, name="results_reported"),
    path("results/remind", results_views.remind, name="results_remind"),
    path("results/lists/<str:number>", results_views.batch, name="results_list"),
    path("results/<str:code>", results_views.one, name="result"),
    path("dossiers/<str:code>/components", results_components.panel, name="components"),
    path("dossiers/<str:code>/components/scan", results_components.scan, name="component_scan"),
    path("dossiers/<str:code>/components/<str:kind>/paper", results_components.reused, name="component_reused"),
]
