"""The broker, through its real client: the `pact` binary."""

from interceptor.broker.api import ApiAnswer, ask_broker
from interceptor.broker.client import call
from interceptor.broker.deploying import Row, Verdict, can_i_deploy, matrix, record_deployment
from interceptor.broker.differences import Difference, differences
from interceptor.broker.provider_contracts import ProviderContract, publish_provider_contract
from interceptor.broker.publication import Publication
from interceptor.broker.publishing import PactFile, Published, publish, read_pacts
from interceptor.broker.settings import Broker, find_broker
from interceptor.broker.webhooks import Webhook, execute_webhook, save_webhook

__all__ = [
    "ApiAnswer",
    "Broker",
    "Difference",
    "PactFile",
    "ProviderContract",
    "Publication",
    "Published",
    "Row",
    "Verdict",
    "Webhook",
    "ask_broker",
    "call",
    "can_i_deploy",
    "differences",
    "execute_webhook",
    "find_broker",
    "matrix",
    "publish",
    "publish_provider_contract",
    "read_pacts",
    "record_deployment",
    "save_webhook",
]
