"""The addresses every node has, and its handlers of errors; a node's `urlconf` includes them and names the handlers."""

from django.urls import path

from lienthong.kit.web import views

urlpatterns = [path("language", views.language, name="language")]
