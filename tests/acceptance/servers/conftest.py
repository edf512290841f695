"""Failed assertions outside test files show their values too."""

import pytest

for _name in ("good", "broken", "contended", "uploader"):
    pytest.register_assert_rewrite(f"tests.acceptance.servers.{_name}")
