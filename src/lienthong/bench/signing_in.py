"""The real sign-in by HTTP: away to e-identity, name and number, consent, and back with a code."""

from lienthong.bench.browser import Answer, Browser, forms
from lienthong.bench.driver import Country
from lienthong.identity import Account


def sign_in(country: Country, browser: Browser, node: str, account: Account, onward: str = "/") -> Answer:
    """The page that the person is led to in the end. Raises AssertionError naming the step that went wrong."""
    page = browser.get(country.url(node, f"/sign-in?next={onward}"))
    assert page.url.startswith(country.url("G01-eid", "/authorize?")), f"sign-in led to {page.url}: {page.status}"
    form = next(form for form in forms(page.text) if "name" in form.fields)
    said = {"number": account.number, "name": account.name, "step": "look_up"}
    page = browser.post(page.url, {**form.fields, **said})
    return agree(country, browser, node, page)


def pick(country: Country, browser: Browser, node: str, number: str, onward: str = "/") -> Answer:
    """The same, choosing one of the demo's people."""
    page = browser.get(country.url(node, f"/sign-in?next={onward}"))
    form = next(form for form in forms(page.text) if number in form.offered.get("number", ()))
    page = browser.post(page.url, {**form.fields, "number": number, "step": "pick"})
    return agree(country, browser, node, page)


def agree(country: Country, browser: Browser, node: str, page: Answer) -> Answer:
    """Consent to what is handed over, on the page that asks for it."""
    asking = [form for form in forms(page.text) if "subject" in form.fields]
    assert asking, f"e-identity did not ask for consent: status {page.status}"
    page = browser.post(page.url, {**asking[0].fields, "step": "confirm"})
    assert page.url.startswith(country.url(node, "/")), f"sign-in ended at {page.url}"
    assert page.status == 200, f"{page.url} answered {page.status}"
    return page
