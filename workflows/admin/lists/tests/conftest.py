"""The two sites of the admin's tests, and the clerk's browser."""

from workflows.admin.tests.conftest import _pages as _pages
from workflows.admin.tests.conftest import browser as browser
from workflows.admin.tests.conftest import clerk as clerk
from workflows.admin.tests.conftest import site as site
