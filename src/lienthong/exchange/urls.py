"""Routes of the exchange."""

from django.urls import path

from lienthong.exchange import views

urlpatterns = [
    path("exchange/send", views.send, name="exchange-send"),
    path("exchange/ask", views.ask, name="exchange-ask"),
]
