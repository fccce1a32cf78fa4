"""Addresses of the steering pages: for everybody at the portal, for those who answer for the work where it is done."""

from django.urls import path

from lienthong.steering import board_views, index_views, report_views, sign_views, statistics_views

steering_patterns = [
    path("co-so-du-lieu", board_views.databases, name="databases"),
    path("co-so-du-lieu.json", board_views.databases_json, name="databases_json"),
    path("thong-ke", statistics_views.statistics, name="statistics"),
    path("thong-ke/ban-ke.json", statistics_views.statements, name="exchange_statements"),
]
index_patterns = [
    path("chi-so", index_views.index, name="index"),
    path("chi-so/ho-so", index_views.dossiers, name="index_dossiers"),
    path("chi-so/dau-hieu", sign_views.signs, name="signs"),
    path("bao-cao", report_views.report, name="report"),
    path("bao-cao.csv", report_views.as_csv, name="report_csv"),
    path("bao-cao.xlsx", report_views.as_xlsx, name="report_xlsx"),
]
