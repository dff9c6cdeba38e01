"""Its place puts this folder on the path, so that every test can import `exchanges`."""

from hypothesis import settings

# The same examples in every run: a gate that fails by chance is not believed when it is right. To look for new ones:
# pytest --hypothesis-profile=search
settings.register_profile("gate", derandomize=True, database=None, deadline=None)
settings.register_profile("search", max_examples=1000, deadline=None)
settings.load_profile("gate")
