"""Public pages about the exchange, at the portal."""

from django.urls import path

from lienthong.steering import board_views, statistics_views

steering_patterns = [
    path("co-so-du-lieu", board_views.databases, name="databases"),
    path("co-so-du-lieu.json", board_views.databases_json, name="databases_json"),
    path("thong-ke", statistics_views.statistics, name="statistics"),
    path("thong-ke/ban-ke.json", statistics_views.statements, name="exchange_statements"),
]
