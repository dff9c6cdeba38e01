"""Mock handlers for a mitmproxy of your own: `mitmdump -s intercept.py --set interceptor=interceptor.yaml`."""

from interceptor.proxy.mitm.scripts import Intercept

addons = [Intercept()]
