"""What no client can bring about: faults of ours, and flows that are not ours to answer."""

from __future__ import annotations

import asyncio

import pytest
from mitmproxy.test import tflow, tutils

from interceptor.proxy.dispatcher import Dispatcher
from interceptor.proxy.mitm.addon import InterceptAddon
from interceptor.recorder.recorder import Recorder
from interceptor.redaction.redactor import Redactor


class FaultyEngine:
    may_call = ()

    def decide(self, *_, **__):
        raise RuntimeError("a bug")


@pytest.fixture
def recorder():
    return Recorder(None, Redactor())


def answered(flow, recorder):
    asyncio.run(InterceptAddon(Dispatcher(FaultyEngine(), recorder), "bypass").request(flow))
    return flow.response


def flow(**further):
    generated = tflow.tflow(req=tutils.treq(method=b"GET", path=b"/products?token=abc"), **further)
    generated.live = True
    return generated


def test_a_fault_of_ours_never_lets_a_request_out(recorder):
    asked = flow()
    assert answered(asked, recorder).status_code == 500
    assert recorder.summary.failures.counts == {"could not deal with GET /products: RuntimeError: a bug": 1}


def test_flows_of_others_are_left_alone(recorder):
    replayed, dead, done, failed = flow(), flow(), flow(resp=True), flow(err=True)
    replayed.is_replay = "request"
    dead.live = False
    before = [each.response for each in (replayed, dead, done, failed)]
    assert [answered(each, recorder) for each in (replayed, dead, done, failed)] == before
    assert recorder.summary.clean
