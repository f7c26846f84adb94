"""Which files a run of the tests spent its time in, at its end."""

import collections

_SHOWN = 30


def pytest_terminal_summary(terminalreporter):
    seconds, tests = collections.Counter(), collections.Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "duration", None) is not None and hasattr(report, "nodeid"):
                file = report.nodeid.partition("::")[0]
                seconds[file] += report.duration
                tests[file] += report.when == "call"
    if len(seconds) > 1:
        terminalreporter.section("seconds by file")
        for file, spent in seconds.most_common(_SHOWN):
            terminalreporter.write_line(f"{spent:7.1f} {tests[file]:5d} tests  {file}")
        terminalreporter.write_line(f"{seconds.total():7.1f} {tests.total():5d} tests  in all")
