"""What a page may load and run: our own files and nothing else, but for what the admin's skin needs."""

from __future__ import annotations

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest
from django.http.response import HttpResponseBase

__all__ = ["ContentSecurityPolicyMiddleware"]

ADMIN_PREFIX = "/admin/"

# django-unfold's scripts are Alpine, which evaluates expressions in attributes; its templates set styles
# in attributes and use images in `data:` addresses.  Scripts written into a page stay forbidden there too.
ADMIN_ADDITIONS = {
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
}


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """The policy of ``settings.CONTENT_SECURITY_POLICY``, with additions below ``/admin/`` only."""

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,  # noqa: FBT001, FBT002  the signature of django-csp
    ) -> PolicyParts:
        """Return the parts that django-csp joins into the header."""
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(ADMIN_PREFIX):
            parts.update = ADMIN_ADDITIONS | (parts.update or {})
        return parts
