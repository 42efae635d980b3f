"""What browsers are told about every answer: where its parts may come from, and who may show or keep it."""

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
"""The Content-Security-Policy of pages without a kernel."""

PAGE_POLICY = POLICY | {
    # Lumino, style-loader and anywidget make <style> elements at run time, which cannot carry a nonce
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    # Sounds and films of a form come over the page's own line, as pictures do
    "media-src": "blob:",
    "font-src": "'self' data:",
}
"""That of pages with a kernel: scripts from this server alone, there too."""

FILE_POLICY = {"default-src": "'none'", "frame-ancestors": "'none'", "sandbox": ""}
"""That of a file which is opened by itself: a picture of ours runs no script."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(self), payment=(), usb=()",
    "Cache-Control": "no-store",
}


def policy_header(policy: dict[str, str]) -> str:
    """A policy as the header's text."""
    return "; ".join(f"{name} {value}".strip() for name, value in policy.items())
