"""The portal's browser over a country of real nodes."""

from lienthong.portal.tests.conftest import case, country, pages, portal

__all__ = ["case", "country", "pages", "portal"]
