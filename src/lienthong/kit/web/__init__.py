"""What every page of every node shares: frame, stylesheet, parts of pages, security headers, language.

A Django app without models or domain words. Rooms with faces (`portal`, `desk`, `identity`) extend `web/page.html` and
include `web/parts/*.html`; each part tells its variables on its first lines.
"""
