"""The hosted checkout, as buyers see it: server-rendered, and whole without JavaScript.

`site` answers requests, `form` reads what a buyer has sent, `actions` is what happens then, each in one transaction, and
`present` and `render` make the page of it.
"""

from tillspec.sandbox.page.site import PREFIX, Page

__all__ = ["PREFIX", "Page"]
