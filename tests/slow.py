"""What a fixture makes for slow tests only if one of them is to be run."""


def slow_tests_run(request):
    """Whether a test of the file of `request` that is marked as slow was selected."""
    return any(
        item.path == request.path and item.get_closest_marker("slow")
        for item in request.session.items
    )
