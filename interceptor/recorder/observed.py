"""Records what mocks inside the consumer's processes answered, as if handlers had."""

from __future__ import annotations

from pathlib import Path

from interceptor.recorder.recorder import Recorder
from interceptor.recordings.observed import read_observed
from interceptor.values.decisions import Mocked
from interceptor.values.exchange import Metadata
from interceptor.values.generated import EVERYTHING
from interceptor.values.origins import Owners
from interceptor.values.place import header_places


def note_observed(folder: Path, owners: Owners, recorder: Recorder) -> None:
    """Record what the preloads of a run left in a folder, except for requests that no provider owns.

    It is unknown which values such a mock generates, so all of them count as generated, as with a resolver.
    The states are those that the test had declared when it sent the request.
    """
    observed, lost = read_observed(folder)
    timelines = recorder.declarations.timelines()
    for each in observed:
        if (owned := owners.owner(each.request)) is not None:
            declared = timelines.at(each.moment, each.worker or "")
            metadata = Metadata(
                provider=owned.provider,
                path=owned.path,
                handler=each.library,
                states=declared.states,
                test=declared.test or each.test,
                scope=each.worker,
                generated=(*EVERYTHING, *header_places("response", (name for name, _ in each.response.headers))),
            )
            recorder.note(each.request, Mocked(each.response, metadata), each.response, at=each.at)
    for missing in lost:
        if owners.owner(missing.request) is not None:
            recorder.note_lost(missing.request, missing.why)
