"""Headers, languages and error pages."""

import pytest
from django.test import Client, override_settings


def test_a_page_runs_only_what_is_ours_and_is_framed_by_nobody(site: Client) -> None:
    answer = site.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_a_sign_in_page_names_the_site_its_form_ends_at(site: Client) -> None:
    policy = site.get("/elsewhere").headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self' http://portal.localhost:8600")


def test_vietnamese_first_whatever_the_browser_prefers(site: Client) -> None:
    answer = site.get("/", headers={"accept-language": "en"})
    assert '<html lang="vi"' in answer.text
    assert "Đất nước mẫu" in answer.text


def test_the_language_switch_is_remembered(site: Client) -> None:
    answer = site.get("/language?to=en&next=/sign_in%3Fa=1")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign_in?a=1")
    page = site.get("/")
    assert '<html lang="en"' in page.text
    assert "Public services" in page.text
    assert "Demo country" in page.text


@pytest.mark.parametrize("onward", ["//else.example", "https://else.example/", "javascript:alert(1)", "/\\else"])
def test_the_language_switch_leads_nowhere_else(site: Client, onward: str) -> None:
    assert site.get("/language", {"to": "vi", "next": onward}).headers["Location"] == "/"


def test_a_form_without_its_token_explains_itself(site: Client) -> None:
    answer = site.post("/")
    assert answer.status_code == 403
    assert "Trang đã mở quá lâu" in answer.text


def test_an_unknown_address_says_what_to_do(site: Client) -> None:
    answer = site.get("/nowhere")
    assert answer.status_code == 404
    assert "Không tìm thấy trang" in answer.text


def test_a_failure_tells_nothing_of_anybody(site: Client) -> None:
    answer = site.get("/broken")
    assert answer.status_code == 500
    assert "Hệ thống gặp lỗi" in answer.text
    assert "068183001234" not in answer.text


@pytest.mark.parametrize("path", ["/away", "/full"])
def test_a_database_that_is_away_is_told_as_such_in_both_languages(site: Client, path: str) -> None:
    answer = site.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "Dịch vụ đang tạm dừng" in answer.text
    assert "068183001234" not in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    site.cookies["lang"] = "en"
    assert "The service is paused" in site.get(path).text


def test_a_statement_that_the_database_refused_is_a_failure_of_ours(site: Client) -> None:
    assert site.get("/refused").status_code == 500


def test_under_tls_browsers_keep_to_it(site: Client) -> None:
    assert "Strict-Transport-Security" not in site.get("/").headers
    with override_settings(SESSION_COOKIE_SECURE=True):
        assert site.get("/").headers["Strict-Transport-Security"] == "max-age=31536000"
