"""The mark that says who may open an address."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lienthong.kit.web.access import Access, access_of, machine, public


@require_safe
@never_cache
@public("anybody may read it")
def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@machine("a token")
def service(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def test_the_mark_is_seen_through_the_decorators_around_it() -> None:
    assert access_of(page) == Access("public", "anybody may read it")
    assert access_of(service) == Access("machine", "a token")


def test_a_view_that_says_nothing_has_no_rule() -> None:
    assert access_of(lambda request: HttpResponse("ok")) is None
