"""The end of a run says what was skipped: one line for each reason."""

import pytest


def test_each_reason_is_told_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from tests.skipping import not_installed

        @pytest.fixture
        def browser():
            pytest.skip(not_installed("Chromium"))

        @pytest.mark.parametrize("page", range(3))
        def test_page(browser, page):
            pass

        @pytest.mark.skipif(True, reason="another machine")
        def test_other():
            pass
        """
    )
    ended = pytester.runpytest_inprocess("-p", "tests.skipping", "-p", "no:cacheprovider")
    ended.assert_outcomes(skipped=4)
    said = [line for line in ended.outlines if " skipped: " in line]
    assert said == ["3 skipped: Chromium is not installed. Run: make test-deps", "1 skipped: another machine"]
