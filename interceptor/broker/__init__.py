"""The broker, through its real client: the `pact` binary."""

from interceptor.broker.api import ApiAnswer, ask_broker, broker_index
from interceptor.broker.client import call
from interceptor.broker.deploying import (
    Row,
    Verdict,
    VersionChoice,
    can_i_deploy,
    matrix,
    record_deployment,
    record_release,
    record_undeployment,
)
from interceptor.broker.provider_contracts import ProviderContract, publish_provider_contract
from interceptor.broker.publication import Publication
from interceptor.broker.publishing import PactFile, Published, publish, read_pacts
from interceptor.broker.settings import Broker, find_broker
from interceptor.broker.webhooks import Webhook, execute_webhook, save_webhook

__all__ = [
    "ApiAnswer",
    "Broker",
    "PactFile",
    "ProviderContract",
    "Publication",
    "Published",
    "Row",
    "Verdict",
    "VersionChoice",
    "Webhook",
    "ask_broker",
    "broker_index",
    "call",
    "can_i_deploy",
    "execute_webhook",
    "find_broker",
    "matrix",
    "publish",
    "publish_provider_contract",
    "read_pacts",
    "record_deployment",
    "record_release",
    "record_undeployment",
    "save_webhook",
]
